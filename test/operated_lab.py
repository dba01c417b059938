"""A sitting that a person operates, in virtual time, and that person."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fake_station import TICK_NS, FakeStation
from test_score_sheet import TASK
from test_trial_results import SITTING

from ros_wam.trial.metrics import Metrics
from ros_wam.trial.outcome import Trial
from ros_wam.trial.plan import make_plan
from ros_wam.trial.procedure import Kind, Procedure
from ros_wam.trial.results import Results, read_trials
from ros_wam.trial.runner import TrialState
from ros_wam.trial.sitting_runner import SittingRunner

PLAN = make_plan(robot="ur5", task="t", policy="p", prompt="do it", time_limit_s=20.0, trials=3, seed=0)
OPERATED = Procedure(TASK, operated=True, device=True)
DEMONSTRATED = Procedure(TASK, Kind.DEMONSTRATIONS, operated=True, device=True)


class Lab:
    """A sitting in `folder`, and an operator at it; a second Lab of the same folder resumes it."""

    def __init__(self, folder: Path, procedure: Procedure = DEMONSTRATED) -> None:
        self.folder, self.station = folder, FakeStation()
        self.station.delay_ns["reset"] = 0
        self.judged: list[str] = []
        sitting = replace(SITTING, trials=len(PLAN), kind=procedure.kind.value)
        self.sitting = SittingRunner(
            self.station,
            PLAN,
            Results(folder, sitting),
            measure=lambda bag_dir: Metrics(dropped={}),
            judge=self._judge,
            procedure=procedure,
        )
        self.shown: Mapping[str, Any] = {}

    def _judge(self, bag_dir: Path, trial: Trial) -> Mapping[str, Any]:
        assert bag_dir == self.folder / "trials" / trial.trial_id / "bag"
        assert (bag_dir.parent / "trial.json").exists(), "it is on the disk before it is judged"
        self.judged.append(trial.trial_id)
        return {"verdict": "good"}

    def until(self, state: TrialState, trial_id: str | None = None) -> "Lab":
        for _ in range(3000):
            runner = self.sitting.runner
            if runner is not None and runner.state is state and trial_id in (None, runner.planned.trial_id):
                return self
            self.tick()
        raise AssertionError(f"never {state}: {self.shown}")

    def tick(self) -> None:
        self.shown = self.sitting.tick(self.station.now_ns)
        self.station.now_ns += TICK_NS

    def press(self, verb: str, **more: Any) -> "Lab":
        assert self.refused(verb, **more) is None
        return self

    def refused(self, verb: str, **more: Any) -> str | None:
        return self.sitting.command({"verb": verb, **more}, self.station.now_ns)

    def run(self, trial_id: str | None = None) -> "Lab":
        self.until(TrialState.RESETTING, trial_id).press("start")
        self.until(TrialState.READY).tick()
        self.press("start").until(TrialState.RUNNING)
        runner = self.sitting.runner
        assert runner is not None
        bag = self.folder / "trials" / runner.planned.trial_id / "bag"
        bag.mkdir(parents=True)
        (bag / "bag_0.mcap").write_text(f"bag at {self.station.now_ns}")
        return self

    def make(self, verb: str = "success") -> "Lab":
        self.run().press(verb)
        before = len(self.judged)
        while len(self.judged) == before:
            self.tick()
        return self

    def end(self) -> "Lab":
        """Say that all is recorded, once the sitting closes."""
        self.tick()
        assert self.shown["state"] == "closing" and not self.sitting.finished
        self.press("seal").tick()
        assert self.sitting.finished and self.shown == {}
        return self

    def folders(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "trials").iterdir())

    def kept(self) -> list[tuple[str, str]]:
        return [(trial.trial_id, trial.outcome.value) for trial in read_trials(self.folder)]
