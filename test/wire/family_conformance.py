"""What every family of policy servers keeps: a sitting in lockstep against its reference server, over its real wire."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from sim_run import TASKS, sim_run

from ros_wam import fields
from ros_wam.clock import StationClock
from ros_wam.doctor import asking
from ros_wam.doctor.policy_examination import examine_policy
from ros_wam.embodiment import load_embodiment
from ros_wam.policy.client import make_client
from ros_wam.policy.profile import Profile, Timeouts, load_profile
from ros_wam.record.bag_reader import BagReader
from ros_wam.share import share_dir
from ros_wam.sim.lockstep_sitting import TRIAL_PERIOD_NS
from ros_wam.sim.lockstep_station import LockstepStation
from ros_wam.trial.bag_trace import measure_bag
from ros_wam.trial.plan import make_plan
from ros_wam.trial.results import Results
from ros_wam.trial.runner import TrialState
from ros_wam.trial.sitting import describe_sitting
from ros_wam.trial.sitting_runner import SittingRunner
from ros_wam.types import FloatArray

SETTLING_S = 0.9  # from an episode's start to the first row, and from the last row to rest
LONGEST_S = 2.5
LATENCY_MS = 50.0
FAIL_AFTER_S = 0.3
TIMEOUTS = Timeouts(connect_s=3.0, first_call_s=3.0, call_s=3.0)
MOVED_RAD = 0.01


class ReferenceServer(Protocol):
    """A server of one family, written from the description of its wire; it holds still unless told otherwise."""

    requests: list[Any]
    resets: int
    fail_next: bool
    """The next request for actions ends in this family's own error."""
    widen: bool
    """Actions get one column too many."""

    @property
    def url(self) -> str: ...


@dataclass(frozen=True)
class TrialSeen:
    """One trial: trial.json, what `policy_status` said of each inference, and how far an arm joint moved [rad]."""

    trial: dict[str, Any]
    inferences: list[dict[str, str]]
    requests: list[Any]
    resets: int
    moved_rad: float


class FamilyConformance:
    """Inherit it with `profile` (its name in config/policies), `robot` and `make_server`; `error` is what the family's
    own failure says, `resets` whether its server is told of an episode.
    """

    profile: str
    robot: str
    error: str
    resets = False

    def make_server(self) -> AbstractContextManager[Any]:
        raise NotImplementedError

    def adapted(self, profile: Profile) -> Profile:
        """Return the profile with what a lab has to fill in."""
        return profile

    @pytest.fixture
    def sitting(self, tmp_path: Path) -> Iterator["FamilySitting"]:
        with self.make_server() as server:
            profile = self.adapted(load_profile(share_dir() / f"config/policies/{self.profile}.yaml"))
            sitting = FamilySitting(profile, self.robot, server, tmp_path)
            yield sitting
            sitting.close()

    @pytest.mark.slow
    @pytest.mark.virtual
    def test_a_sitting_with_a_failure_and_a_wrong_answer(self, sitting: "FamilySitting") -> None:
        server = sitting.server
        first = sitting.run()
        failed = sitting.run(fail=True)
        assert (failed.trial["valid"], failed.trial["cause"]) == (False, "policy_answer_invalid")
        assert self.error in failed.trial["comment"]
        assert failed.moved_rad < MOVED_RAD
        server.widen = True
        wide = sitting.run()
        server.widen = False
        last = sitting.run()
        for seen in (first, last):
            assert seen.trial["valid"], seen.trial["comment"]
            assert len(seen.inferences) >= 2
            assert [step["refused_detail"] for step in seen.inferences if step["refused"]] == []
            assert seen.moved_rad < MOVED_RAD
            assert seen.resets == int(self.resets)
        assert {step["refused"] for step in wide.inferences} == {"wrong_shape"}
        assert (wide.trial["outcome"], wide.trial["failure_class"]) == ("failure", "refused:wrong_shape")
        assert wide.moved_rad < MOVED_RAD

    @pytest.mark.slow
    @pytest.mark.virtual
    def test_policy_check_finds_no_fault(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(asking, "WARM_CALLS", 2)
        monkeypatch.setattr(asking, "PERIOD_NS", 0)
        robot = load_embodiment(share_dir() / f"robots/{self.robot}.yaml")
        with self.make_server() as server:
            profile = self.adapted(load_profile(share_dir() / f"config/policies/{self.profile}.yaml"))
            found = examine_policy(replace(profile, url=server.url, timeouts=TIMEOUTS), robot, StationClock())
        assert [check for check in found.checks if not check.ok] == []
        assert len(found.timing_ms) == 3


class FamilySitting:
    """Trials of one policy on one robot, each in its own time limit; `server` answers what the test says.

    Without a `time_limit_s` a trial lasts until the policy has been asked twice.
    """

    def __init__(
        self, profile: Profile, robot: str, server: ReferenceServer, folder: Path, time_limit_s: float | None = None
    ) -> None:
        task = TASKS[robot]
        run = sim_run(robot, folder, task=share_dir() / f"config/tasks/{task}.yaml", policy=None)
        embodiment = run.embodiment()
        fitted = replace(profile, url=server.url, timeouts=TIMEOUTS).for_robot(embodiment)
        self.server = server
        self._arm = ~embodiment.is_gripper
        self._client = make_client(fitted, embodiment, StationClock())
        self._station = LockstepStation(run, embodiment, fitted, self._client, latency_ms=LATENCY_MS)
        names = {"robot": robot, "task": task, "policy": profile.name, "prompt": "tidy up"}
        self._results = Results(
            folder / "sitting", describe_sitting(folder / "sitting", **names, sim=True, trials=9, seed=1)
        )
        plan = make_plan(**names, time_limit_s=time_limit_s or _two_looks_s(fitted), trials=9, seed=1)
        self._runner = SittingRunner(self._station, plan, self._results, measure=measure_bag)
        self._tick_ns = self._station.now_ns()

    def run(self, fail: bool = False) -> TrialSeen:
        """Run the next trial; `fail`: the server fails a while after its start."""
        asked, resets = len(self.server.requests), self.server.resets
        while self._runner.runner is None or self._runner.runner.state is not TrialState.RUNNING:
            self._advance()
        runner = self._runner.runner
        start_ns, before = self._station.now_ns(), self._position()
        while runner.trial is None:
            if fail and self._station.now_ns() - start_ns > FAIL_AFTER_S * 1e9:
                self.server.fail_next, fail = True, False
            self._advance()
        folder = self._results.folder / "trials" / runner.planned.trial_id
        trial = json.loads((folder / "trial.json").read_text())
        moved = float(np.abs(self._position() - before)[self._arm].max())
        return TrialSeen(
            trial, _inferences(folder / "bag"), self.server.requests[asked:], self.server.resets - resets, moved
        )

    def close(self) -> None:
        """End client and station."""
        self._station.close()
        self._client.close()

    def _position(self) -> FloatArray:
        return self._station._robot.world.joint_position().copy()

    def _advance(self) -> None:
        if self._station.now_ns() >= self._tick_ns:
            self._runner.tick(self._station.now_ns())
            self._tick_ns += TRIAL_PERIOD_NS
        self._station.advance()


def _two_looks_s(profile: Profile) -> float:
    """Return how long it takes until a policy has been asked twice."""
    rows = profile.execution.horizon or profile.action.horizon
    return LONGEST_S if rows is None else min(rows * profile.dt_s + SETTLING_S, LONGEST_S)


def _inferences(bag_dir: Path) -> list[dict[str, str]]:
    with BagReader(bag_dir) as bag:
        statuses = [fields.read_diagnostics(message.message)[1][0] for message in bag.messages(["policy_status"])]
    return [dict(status.values) for status in statuses if "inference" in status.values]
