"""A trial that a person runs, in virtual time, and that person."""

from pathlib import Path
from typing import Any

from fake_station import TICK_NS, FakeStation
from test_score_sheet import TASK

from ros_wam.trial.operated import OperatedRunner
from ros_wam.trial.outcome import Trial
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.procedure import Kind, Procedure
from ros_wam.trial.runner import TrialState

PLANNED = PlannedTrial("001", TASK.name, "ur5", "p", TASK.prompt, seed=7, time_limit_s=20.0)
OPERATED = Procedure(TASK, operated=True, device=True)
DEMONSTRATED = Procedure(TASK, Kind.DEMONSTRATIONS, operated=True, device=True)


class Table:
    """A runner, its station, and an operator who presses at once."""

    def __init__(self, procedure: Procedure = OPERATED) -> None:
        self.station = FakeStation()
        self.station.delay_ns["place"] = 0  # what a simulator would say counts for nothing
        self.runner = OperatedRunner(self.station, PLANNED, Path("bag"), "trials/001/bag", None, procedure)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 1e9 / TICK_NS)):
            self.runner.tick(self.station.now_ns)
            self.station.now_ns += TICK_NS

    def until(self, state: TrialState, seconds: float = 60.0) -> None:
        for _ in range(round(seconds * 1e9 / TICK_NS)):
            if self.runner.state is state:
                return
            self.wait(TICK_NS * 1e-9)
        raise AssertionError(f"still {self.runner.state}")

    def press(self, verb: str, **more: Any) -> None:
        assert self.runner.command({"verb": verb, **more}, self.station.now_ns) is None

    def refused(self, verb: str, **more: Any) -> str:
        said = self.runner.command({"verb": verb, **more}, self.station.now_ns)
        assert said is not None
        return said

    def start(self) -> "Table":
        self.until(TrialState.RESETTING)
        self.wait(1.0)
        self.press("start")
        self.until(TrialState.READY)
        self.wait(1.0)
        self.press("start")
        self.until(TrialState.RUNNING)
        return self

    def seal(self) -> Trial:
        self.until(TrialState.MARKING)
        self.press("seal")
        assert self.runner.trial is not None and self.runner.state is TrialState.SCORED
        return self.runner.trial
