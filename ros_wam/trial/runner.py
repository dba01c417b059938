"""The course of one trial, from an untidy scene to a score, as a state machine that is given the time.

resetting → homing → ready → preparing → running → stopping → scored. Each wait ends: in the next state, or in a cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from ros_wam.causes import Cause
from ros_wam.ladder import LADDER
from ros_wam.trial.departures import Departure
from ros_wam.trial.outcome import POLICYS_OWN, Outcome, Trial, score_of
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.station import Station
from ros_wam.types import Stage

SUCCESS_HOLD_S = 0.5  # a cup that touches the coaster and falls off is not on it

# Nothing brings these back but a person.
HOPELESS = frozenset({Cause.CONTROL_PROCESS_DIED, Cause.SIMULATION_FAILED})


class TrialState(Enum):
    """Where a trial is."""

    RESETTING = "resetting"
    HOMING = "homing"
    READY = "ready"
    PREPARING = "preparing"
    RUNNING = "running"
    STOPPING = "stopping"
    SCORED = "scored"


@dataclass(frozen=True)
class Timeouts:
    """The longest each wait may take [s]: as a simulator lays a scene out, and as a station takes to come up."""

    reset_s: float = 30.0
    home_s: float = 30.0
    ready_s: float = 30.0
    record_s: float = 10.0
    stop_s: float = 10.0


@dataclass(frozen=True)
class _Ending:
    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    failure_class: str | None = None


class TrialRunner:
    """Runs one trial on a station; call `tick` at 20 Hz or more until `trial` is there.

    The robot is enabled by every tick from homing until it has stopped, and by nothing else.
    """

    def __init__(
        self, station: Station, planned: PlannedTrial, bag_dir: Path, bag: str, timeouts: Timeouts | None = None
    ) -> None:
        """`bag` is how the results name `bag_dir`: relative to the sitting."""
        self.planned = planned
        self.state: TrialState | None = None
        self.trial: Trial | None = None
        self._station = station
        self._bag_dir, self._bag = bag_dir, bag
        self._timeouts = timeouts or Timeouts()
        self._entered_ns = self._ended_ns = 0
        self._started_ns: int | None = None
        self._duration_s = 0.0
        self._success_since_ns: int | None = None
        self._stages: tuple[Stage, ...] = ()
        self._ending: _Ending | None = None
        self._may_move = self._prepared = False

    def tick(self, now_ns: int) -> None:
        """Go on by at most one state."""
        if self.state is None:
            self._enter(TrialState.RESETTING, now_ns)
            self._station.reset(self.planned.seed)
            return
        if self.state is TrialState.SCORED:
            return
        if self._may_move:
            self._station.enable()
        if self.state in _STEPS and self._ending is None:
            _STEPS[self.state](self, now_ns)
        if self._ending is not None:
            self._wind_up(now_ns, self._ending)

    def operator_stop(self) -> bool:
        """Abort the trial: the operator said so. False when it has ended already."""
        return self._end(_Ending(Outcome.ABORTED, Cause.OPERATOR_STOP, "stopped by the operator"))

    def operator_mark(self, success: bool) -> bool:
        """End a running trial with the operator's verdict, which counts over the scorer's; False when none runs."""
        outcome = Outcome.SUCCESS if success else Outcome.FAILURE
        return self.state is TrialState.RUNNING and self._end(_Ending(outcome, detail="marked by the operator"))

    def progress(self, now_ns: int) -> Mapping[str, Any]:
        """Return what there is to show of the trial now, in JSON types."""
        trial = self.trial
        return {
            "trial_id": self.planned.trial_id,
            "state": None if self.state is None else self.state.value,
            "detail": self._waiting_for(),
            "elapsed_s": round(self._elapsed_s(now_ns), 3),
            "time_limit_s": self.planned.time_limit_s,
            "stages": [{"name": s.name, "points": s.points, "max_points": s.max_points} for s in self._stages],
            "score": round(score_of(self._stages, False), 4) if trial is None else trial.score,
            "outcome": None if trial is None else trial.outcome.value,
            "valid": None if trial is None else trial.valid,
            "cause": None if trial is None or trial.cause is None else trial.cause.value,
            "comment": "" if trial is None else trial.comment,
            "duration_s": None if trial is None else trial.duration_s,
        }

    def _waiting_for(self) -> str | None:
        if self.state is TrialState.RESETTING:
            return "the scene to be laid out"
        if self.state is TrialState.HOMING:
            return "the robot to reach home"
        return self._station.not_ready() if self.state is TrialState.READY else None

    def _elapsed_s(self, now_ns: int) -> float:
        running = self.state is TrialState.RUNNING and self._started_ns is not None
        return (now_ns - (self._started_ns or 0)) * 1e-9 if running else self._duration_s

    def _enter(self, state: TrialState, now_ns: int) -> None:
        self.state = state
        self._entered_ns = now_ns

    def _end(self, ending: _Ending) -> bool:
        if self._ending is not None:
            return False
        self._ending = ending
        return True

    def _overdue(self, now_ns: int, allowed_s: float, cause: Cause, detail: str) -> None:
        """End the trial when this wait is hopeless or too long; a fault of the station is the better cause."""
        waited_s = (now_ns - self._entered_ns) * 1e-9
        named, seen = self._station.fault() or (cause, detail)
        if waited_s >= allowed_s or named in HOPELESS:
            self._end(_Ending(Outcome.ABORTED, named, f"{seen} (waited {waited_s:.3g} s)"))

    def _resetting(self, now_ns: int) -> None:
        if self._station.reset_done():
            self._enter(TrialState.HOMING, now_ns)
            self._may_move = True
            self._station.home()
        else:
            self._overdue(now_ns, self._timeouts.reset_s, Cause.NOT_READY, "the scene was not laid out")

    def _homing(self, now_ns: int) -> None:
        if self._station.at_home():
            self._enter(TrialState.READY, now_ns)
        else:
            self._overdue(now_ns, self._timeouts.home_s, Cause.NOT_READY, "the robot did not reach home")

    def _ready(self, now_ns: int) -> None:
        missing = self._station.not_ready()
        if missing is None:
            self._enter(TrialState.PREPARING, now_ns)
            self._prepared = True
            self._station.prepare(self.planned, self._bag_dir)
        else:
            self._overdue(now_ns, self._timeouts.ready_s, Cause.NOT_READY, missing)

    def _preparing(self, now_ns: int) -> None:
        fault = self._station.fault()
        if fault is not None:
            self._end(_Ending(Outcome.ABORTED, *fault))
        elif self._station.recording():
            self._enter(TrialState.RUNNING, now_ns)
            self._started_ns = now_ns
            self._station.start()
        else:
            self._overdue(now_ns, self._timeouts.record_s, Cause.RECORD_FAILED, "the recorder did not confirm")

    def _running(self, now_ns: int) -> None:
        self._stages, success = self._station.score()
        if not success:
            self._success_since_ns = None
        elif self._success_since_ns is None:
            self._success_since_ns = now_ns
        fault = self._station.fault()
        if fault is not None:
            self._end(_ended_by(*fault))
        elif self._success_since_ns is not None:
            if (now_ns - self._success_since_ns) * 1e-9 >= SUCCESS_HOLD_S:
                self._end(_Ending(Outcome.SUCCESS))
        elif self._elapsed_s(now_ns) >= self.planned.time_limit_s:
            self._end(_Ending(Outcome.FAILURE, detail=f"time limit of {self.planned.time_limit_s:g} s"))

    def _wind_up(self, now_ns: int, ending: _Ending) -> None:
        """Stop everything, and score once it has stopped."""
        if self.state is not TrialState.STOPPING:
            self._duration_s, self._ended_ns = self._elapsed_s(now_ns), now_ns
            self._station.stop()
            self._enter(TrialState.STOPPING, now_ns)
        elif self._station.stopped():
            fault = self._station.fault()
            lost = fault is not None and fault[0] is Cause.RECORD_FAILED  # the rest came too late to matter
            self._finish(now_ns, ending, fault if lost else None)
        elif (now_ns - self._entered_ns) * 1e-9 >= self._timeouts.stop_s:
            fault = self._station.fault() or (Cause.RECORD_FAILED, "the robot does not hold or the bag is not closed")
            self._finish(now_ns, ending, fault)

    def _finish(self, now_ns: int, ending: _Ending, fault: tuple[Cause, str] | None) -> None:
        p = self.planned
        if fault is not None and ending.cause is None:
            ending = replace(ending, cause=fault[0], detail=fault[1])
        self.trial = Trial(
            trial_id=p.trial_id,
            task=p.task,
            robot=p.robot,
            policy=p.policy,
            seed=p.seed,
            outcome=ending.outcome,
            score=score_of(self._stages, ending.outcome is Outcome.SUCCESS),
            stages=self._stages,
            valid=ending.cause is None,
            cause=ending.cause,
            failure_class=ending.failure_class,
            comment=ending.detail,
            duration_s=self._duration_s,
            departures=None if ending.cause is None else (_departure(ending.cause, self._ended_ns),),
            bag=self._bag if self._prepared else None,
        )
        self._enter(TrialState.SCORED, now_ns)


def _ended_by(cause: Cause, detail: str) -> _Ending:
    """Return the end of a running trial: what the policy brought about itself is its failure, all else spoils it."""
    if cause in POLICYS_OWN:
        return _Ending(Outcome.FAILURE, detail=detail, failure_class=cause.value)
    return _Ending(Outcome.ABORTED, cause, detail)


def _departure(cause: Cause, ended_ns: int) -> Departure:
    return Departure(cause, LADDER[cause].action, ended_ns, 0.0)


_STEPS = {
    TrialState.RESETTING: TrialRunner._resetting,
    TrialState.HOMING: TrialRunner._homing,
    TrialState.READY: TrialRunner._ready,
    TrialState.PREPARING: TrialRunner._preparing,
    TrialState.RUNNING: TrialRunner._running,
}
