"""A trial that a person lays out, starts and scores.

`start` is waited for twice: once the scene is laid out, and again once the robot is ready. What keeps the robot from
home is told, and `start` waited for again. What has stopped is marked until it is sealed; a demonstration that ended
with its verdict is sealed at once.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ros_wam.causes import Cause
from ros_wam.errors import TrialError
from ros_wam.trial.marking import Marking
from ros_wam.trial.outcome import UNMARKED, Trial
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.procedure import Procedure
from ros_wam.trial.runner import HOPELESS, Timeouts, TrialRunner, TrialState
from ros_wam.trial.score_sheet import MARKS, empty_sheet
from ros_wam.trial.shown import shown_trial
from ros_wam.trial.station import Station
from ros_wam.types import Stage


class OperatedRunner(TrialRunner):
    """Where a person is waited for, no wait is too long. `marking` is what was made of a trial that has ended."""

    _too_long = "timeout"

    def __init__(
        self,
        station: Station,
        planned: PlannedTrial,
        bag_dir: Path,
        bag: str,
        timeouts: Timeouts | None,
        procedure: Procedure,
    ) -> None:
        """See TrialRunner; `procedure` says by which task it is scored."""
        super().__init__(station, planned, bag_dir, bag, timeouts, procedure)
        self.marking: Marking | None = None
        self._sheet = empty_sheet(procedure.task)
        self._stages = self._sheet.stages
        self._told_to_start = False
        self._trouble = ""

    def resume(self, marking: Marking) -> None:
        """Go on marking a trial that was cut off in it."""
        self.state, self.marking, self._sheet, self._prepared = TrialState.MARKING, marking, marking.sheet, True
        self._duration_s, self._takeovers = marking.ended.duration_s or 0.0, marking.ended.takeovers

    def tick(self, now_ns: int) -> None:
        """Go on by at most one state, which marking never does by itself."""
        if self.state is not TrialState.MARKING:
            super().tick(now_ns)

    @property
    def can(self) -> tuple[str, ...]:
        """See TrialRunner."""
        if self.state is TrialState.MARKING and self.marking is not None:
            verdicts = ("success", "failure") if self.marking.may_judge else ()
            return (*verdicts, *MARKS, "seal", *(("start",) if self._procedure.demonstrations else ()))
        can = super().can
        if can and self.state is TrialState.RUNNING:
            return (*can, *MARKS)
        return ("start", *can) if can and self._waits() else can

    def operator_mark(self, success: bool) -> bool:
        """See TrialRunner; the verdict may be given, and changed, while the trial is marked."""
        if self.marking is None or self.state is not TrialState.MARKING:
            return super().operator_mark(success)
        self.marking = replace(self.marking, success=success)
        if self._procedure.demonstrations:
            self._seal()
        return True

    def drop(self) -> bool:
        """See TrialRunner."""
        if self.state is not TrialState.MARKING:
            return super().drop()
        self.dropped = True
        self._seal()
        return True

    def progress(self, now_ns: int) -> Mapping[str, Any]:
        """See TrialRunner."""
        if self.trial is None and self.marking is not None:
            return {**super().progress(now_ns), **shown_trial(self.marking.trial, ()), "comment": self._sheet.comment}
        told = {"failure_class": self._sheet.failure_class, "comment": self._sheet.comment}
        return {**super().progress(now_ns), **(told if self.trial is None else {})}

    def _obey(self, verb: str, command: Mapping[str, Any], now_ns: int) -> str | None:
        if verb == "seal" or (verb == "start" and self.state is TrialState.MARKING):
            self._seal()
        elif verb == "start":
            self._told_to_start = True
        elif verb in MARKS:
            return self._mark(command, now_ns)
        else:
            return super()._obey(verb, command, now_ns)
        return None

    def _mark(self, command: Mapping[str, Any], now_ns: int) -> str | None:
        try:
            self._sheet = self._sheet.told(command, now_ns)
        except TrialError as error:
            return str(error)
        self._stages = self._sheet.stages
        if self.marking is not None:
            self.marking = replace(self.marking, sheet=self._sheet)
        return None

    def _seal(self) -> None:
        if self.marking is not None:
            self.trial, self.state = self.marking.trial, TrialState.SCORED

    def _waiting_for(self, now_ns: int) -> str | None:
        limit_s = self.planned.time_limit_s
        if self.state is TrialState.MARKING:
            return "marks, and the seal"
        if self.state is TrialState.RUNNING:
            late = self._elapsed_s(now_ns) >= limit_s
            return self._sheet.spent or (f"longer than the task's {limit_s:g} s" if late else None)
        waiting = super()._waiting_for(now_ns)
        if self.state is TrialState.RESETTING and self._trouble:
            return f"{waiting}: {self._trouble}"
        return "the start" if waiting is None and self.state is TrialState.READY else waiting

    def _waits(self) -> bool:
        if self.state is TrialState.RESETTING:
            return self._station.reset_done()
        return self.state is TrialState.READY and self._station.not_ready() is None

    def _goes_on(self) -> bool:
        told, self._told_to_start = self._told_to_start, False
        return told

    def _patience_s(self, allowed_s: float) -> float:
        return math.inf

    def _enables(self) -> bool:
        return super()._enables() and self.state is not TrialState.READY

    def _score(self) -> tuple[tuple[Stage, ...], bool]:
        return self._sheet.stages, False

    def _conclude(self, trial: Trial, now_ns: int) -> None:
        if not self._prepared and trial.cause is not Cause.OPERATOR_STOP and trial.cause not in HOPELESS:
            self.state, self._ending, self._may_move, self._trouble = None, None, False, trial.comment
            return
        self.marking = Marking(trial, self._sheet)
        self._enter(TrialState.MARKING, now_ns)
        judged = self._procedure.demonstrations and trial.failure_class != UNMARKED
        if self.dropped or judged or self._started_ns is None:
            self._seal()
