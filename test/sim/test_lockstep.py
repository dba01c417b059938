"""Sittings under a virtual clock: they succeed, repeat exactly, and owe nothing to the simulator's state."""

import json
import signal
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_wam.bringup import Run, bringup
from ros_wam.errors import ConfigError, PolicyError
from ros_wam.record.bag_reader import BagReader
from ros_wam.request import Request
from ros_wam.sim import lockstep
from ros_wam.sim.lockstep import run_sitting
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.world import Snapshot
from ros_wam.supervisor import Supervisor
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.provenance import traced_share

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.virtual]


def request_for(folder: Path, robot: str = "ur5", trials: int = 1, **options: Any) -> Request:
    options = {"policy": "baseline", "task": "move_objects_into_box", "seed": 1, **options}
    return Request(robot=robot, sim=True, trials=trials, record_dir=folder, **options)


def sit(folder: Path, robot: str, trials: int, **options: Any) -> list[dict[str, Any]]:
    sitting = run_sitting(request_for(folder, robot, trials, **options), lambda line: None)
    trials_run: list[dict[str, Any]] = json.loads((sitting / "results.json").read_text())["trials"]
    return trials_run


def test_the_same_seed_gives_the_same_trials(tmp_path: Path) -> None:
    first = sit(tmp_path / "first", "ur5", 2)
    assert [trial["outcome"] for trial in first] == ["success", "success"]
    assert first == sit(tmp_path / "second", "ur5", 2)


def test_every_trial_leaves_a_bag_with_every_tick(tmp_path: Path) -> None:
    (trial,) = sit(tmp_path, "ur5e", 1)
    assert trial["outcome"] == "success"
    (sitting,) = tmp_path.iterdir()
    with BagReader(sitting / trial["bag"]) as bag:
        assert bag.counts["setpoints"] > 0
        assert bag.counts["wrist/image/compressed"] == bag.counts["global/image/compressed"] > 0
    assert trial["dropped"]["setpoints"] == 0
    assert traced_share(read_trace(sitting / trial["bag"])) == 1.0, "every target has its inference and its pictures"
    assert "peak of the limit" in (sitting / "report.html").read_text()


@pytest.mark.parametrize(
    ("robot", "task"),
    [("franka", "press_three_buttons"), ("franka", "move_objects_into_box"), ("arx5", "turn_on_light_switch")],
)
def test_the_other_robots_do_their_tasks(tmp_path: Path, robot: str, task: str) -> None:
    (trial,) = sit(tmp_path, robot, 1, task=task)
    assert trial["outcome"] == "success"
    assert trial["score"] == 1.0


def test_a_slow_policy_stops_and_goes_but_succeeds(tmp_path: Path) -> None:
    task = tmp_path / "mine.yaml"  # a task is known by the name in its file, not by the file's
    task.write_bytes((ROOT / "config/tasks/move_objects_into_box.yaml").read_bytes())
    (trial,) = sit(tmp_path / "runs", "ur5", 1, inference_latency_ms=300.0, task=str(task))
    assert trial["outcome"] == "success"
    assert trial["inference_ms"]["p50"] == pytest.approx(300.0)


def test_a_blind_policy_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def blank(self: Renderer, snapshot: Snapshot, view: str) -> Any:
        return np.zeros((240, 320, 3), np.uint8)

    monkeypatch.setattr(Renderer, "render", blank)
    shipped = (ROOT / "config/tasks/move_objects_into_box.yaml").read_text()
    (task := tmp_path / "mine.yaml").write_text(shipped.replace("time_limit_s: 90.0", "time_limit_s: 30.0"))
    (trial,) = sit(tmp_path / "runs", "ur5", 1, task=str(task))
    assert 30.0 <= trial["duration_s"] < 31.0, "twice as long as it takes who sees"
    assert (trial["outcome"], trial["score"], trial["valid"]) == ("failure", 0.0, True)


def test_a_latency_that_would_time_out_is_refused_as_in_real_time(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="an inference latency of 60000 ms would time out"):
        run_sitting(request_for(tmp_path, inference_latency_ms=60_000.0), lambda line: None)


@pytest.fixture
def supervisors(monkeypatch: pytest.MonkeyPatch) -> list[Supervisor]:
    """The supervisors of the sittings that are run."""
    seen: list[Supervisor] = []

    def make(run: Run, log_dir: Path) -> Supervisor:
        seen.append(Supervisor(run, log_dir))
        return seen[-1]

    monkeypatch.setattr(lockstep, "Supervisor", make)
    return seen


def test_a_server_that_dies_spoils_its_trial_and_ends_the_sitting(
    tmp_path: Path, supervisors: list[Supervisor]
) -> None:
    def kill(line: str) -> None:
        if json.loads(line)["state"] == "running" and supervisors[0].runs("policy_server"):
            supervisors[0].signal("policy_server", signal.SIGKILL)
            supervisors[0].exit_status("policy_server")

    with pytest.raises(PolicyError, match="the policy server ended: "):
        run_sitting(request_for(tmp_path, trials=3), kill)
    (sitting,) = tmp_path.iterdir()
    (trial,) = json.loads((sitting / "results.json").read_text())["trials"]
    assert (trial["outcome"], trial["valid"], trial["cause"]) == ("aborted", False, "policy_unreachable")


def test_a_server_that_cannot_start_is_told_and_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bring_up(request: Request, parts: Collection[str]) -> Run:
        stack = bringup(request, parts)
        wrong = (replace(node, args=("no_such_policy", *node.args[1:])) for node in stack.nodes)
        return replace(stack, nodes=tuple(wrong))

    monkeypatch.setattr(lockstep, "bringup", bring_up)
    with pytest.raises(PolicyError, match=r"the policy server ended: .*no_such_policy"):
        run_sitting(request_for(tmp_path), lambda line: None)
