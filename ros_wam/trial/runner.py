"""The course of one trial, from an untidy scene to a score, as a state machine that is given the time.

resetting → homing → ready → preparing → running → stopping → scored. Each wait ends: in the next state, or in a cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from ros_wam.causes import Cause
from ros_wam.trial.ending import BY_OPERATOR, Ending, ended_by
from ros_wam.trial.outcome import UNMARKED, Outcome, Trial
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.procedure import Procedure
from ros_wam.trial.shown import shown_trial
from ros_wam.trial.station import Station
from ros_wam.types import Stage

SUCCESS_HOLD_S = 0.5  # a cup that touches the coaster and falls off is not on it

# Nothing brings these back but a person.
HOPELESS = frozenset({Cause.CONTROL_PROCESS_DIED, Cause.SIMULATION_FAILED})


class TrialState(Enum):
    """Where a trial is; only one that a person scores is ever marking."""

    RESETTING = "resetting"
    HOMING = "homing"
    READY = "ready"
    PREPARING = "preparing"
    RUNNING = "running"
    STOPPING = "stopping"
    MARKING = "marking"
    SCORED = "scored"


@dataclass(frozen=True)
class Timeouts:
    """The longest each wait may take [s]: as a simulator lays a scene out, and as a station takes to come up."""

    reset_s: float = 30.0
    home_s: float = 30.0
    ready_s: float = 30.0
    record_s: float = 10.0
    stop_s: float = 10.0


class TrialRunner:
    """Runs one trial on a station; call `tick` at 20 Hz or more until `trial` is there.

    The robot is enabled by every tick from homing until it has stopped, and by nothing else. `dropped`: it is not to
    count.
    """

    _too_long: str | None = None  # the failure class of a trial that is

    def __init__(
        self,
        station: Station,
        planned: PlannedTrial,
        bag_dir: Path,
        bag: str,
        timeouts: Timeouts | None = None,
        procedure: Procedure | None = None,
    ) -> None:
        """`bag` is how the results name `bag_dir`: relative to the sitting."""
        self.planned = planned
        self.state: TrialState | None = None
        self.trial: Trial | None = None
        self.dropped = False
        self._station, self._procedure = station, procedure or Procedure()
        self._bag_dir, self._bag = bag_dir, bag
        self._timeouts = timeouts or Timeouts()
        self._entered_ns = self._ended_ns = 0
        self._started_ns: int | None = None
        self._duration_s, self._takeovers, self._taken_over = 0.0, 0, False
        self._success_since_ns: int | None = None
        self._stages: tuple[Stage, ...] = ()
        self._ending: Ending | None = None
        self._may_move = self._prepared = False

    def tick(self, now_ns: int) -> None:
        """Go on by at most one state."""
        if self.state is None:
            self._enter(TrialState.RESETTING, now_ns)
            self._station.reset(self.planned.seed)
            return
        if self.state is TrialState.SCORED:
            return
        if self._enables():
            self._station.enable()
        if self.state in _STEPS and self._ending is None:
            _STEPS[self.state](self, now_ns)
        if self._ending is not None:
            self._wind_up(now_ns, self._ending)

    @property
    def can(self) -> tuple[str, ...]:
        """The verbs of `operator_command` that the trial takes now."""
        if self._ending is not None or self.state is TrialState.SCORED:
            return ()
        if self.state is not TrialState.RUNNING:
            return ("stop",)
        other = "hand_back" if self._taken_over else "take_over"
        return ("stop", "success", "failure", *((other,) if self._procedure.takes_over else ()))

    def command(self, command: Mapping[str, Any], now_ns: int) -> str | None:
        """Do what an `operator_command` says and return None, or why not."""
        verb = str(command.get("verb"))
        if verb not in self.can:
            state = "not begun" if self.state is None else self.state.value
            return (
                f"{verb} is not possible: trial {self.planned.trial_id} is {state}; now: {', '.join(self.can) or '-'}"
            )
        return self._obey(verb, command, now_ns)

    def operator_stop(self) -> bool:
        """Abort the trial: the operator said so. False when it has ended already."""
        if self._procedure.demonstrations and self.state is TrialState.RUNNING:
            return self._end(Ending(Outcome.FAILURE, detail="not marked", failure_class=UNMARKED))
        return self._end(Ending(Outcome.ABORTED, Cause.OPERATOR_STOP, "stopped by the operator"))

    def operator_mark(self, success: bool) -> bool:
        """End a running trial with the operator's verdict, which counts over the scorer's; False when none runs."""
        outcome = Outcome.SUCCESS if success else Outcome.FAILURE
        return self.state is TrialState.RUNNING and self._end(Ending(outcome, detail=BY_OPERATOR))

    @property
    def may_drop(self) -> bool:
        """Whether there is something to drop: from when it is prepared until it is scored."""
        return self._prepared and self.trial is None

    def drop(self) -> bool:
        """End a trial that is not to count; False when there is nothing to drop."""
        if not self.may_drop:
            return False
        self.dropped = True
        self._end(Ending(Outcome.ABORTED, Cause.OPERATOR_STOP, "discarded by the operator"))
        return True

    def progress(self, now_ns: int) -> Mapping[str, Any]:
        """Return what there is to show of the trial now, in JSON types."""
        return {
            "trial_id": self.planned.trial_id,
            "state": None if self.state is None else self.state.value,
            "detail": self._waiting_for(now_ns),
            "elapsed_s": round(self._elapsed_s(now_ns), 3),
            "time_limit_s": self.planned.time_limit_s,
            **shown_trial(self.trial, self._stages),
            "takeovers": self._takeovers,
            "taken_over": self._taken_over,
            "can": list(self.can),
        }

    def _obey(self, verb: str, command: Mapping[str, Any], now_ns: int) -> str | None:
        if verb == "stop":
            self.operator_stop()
        elif verb in ("take_over", "hand_back"):
            self._change_hands(verb == "take_over")
        else:
            self.operator_mark(verb == "success")
        return None

    def _change_hands(self, taken_over: bool) -> None:
        self._taken_over = taken_over
        self._takeovers += taken_over
        (self._station.take_over if taken_over else self._station.hand_back)()

    def _waiting_for(self, now_ns: int) -> str | None:
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

    def _end(self, ending: Ending) -> bool:
        if self._ending is not None:
            return False
        self._ending = ending
        return True

    def _overdue(self, now_ns: int, allowed_s: float, cause: Cause, detail: str) -> None:
        """End the trial when this wait is hopeless or too long; a fault of the station is the better cause."""
        waited_s = (now_ns - self._entered_ns) * 1e-9
        named, seen = self._station.fault() or (cause, detail)
        if waited_s >= allowed_s or named in HOPELESS:
            self._end(Ending(Outcome.ABORTED, named, f"{seen} (waited {waited_s:.3g} s)"))

    def _enables(self) -> bool:
        return self._may_move

    def _goes_on(self) -> bool:
        """Return whether nobody is waited for; asked once per tick."""
        return True

    def _patience_s(self, allowed_s: float) -> float:
        return allowed_s

    def _score(self) -> tuple[tuple[Stage, ...], bool]:
        return self._station.score()

    def _resetting(self, now_ns: int) -> None:
        goes_on = self._goes_on()
        if self._station.reset_done() and goes_on:
            self._enter(TrialState.HOMING, now_ns)
            self._may_move = True
            self._station.home()
        else:
            self._overdue(
                now_ns, self._patience_s(self._timeouts.reset_s), Cause.NOT_READY, "the scene was not laid out"
            )

    def _homing(self, now_ns: int) -> None:
        if self._station.at_home():
            self._enter(TrialState.READY, now_ns)
        else:
            self._overdue(now_ns, self._timeouts.home_s, Cause.NOT_READY, "the robot did not reach home")

    def _ready(self, now_ns: int) -> None:
        missing, goes_on = self._station.not_ready(), self._goes_on()
        if missing is None and goes_on:
            self._enter(TrialState.PREPARING, now_ns)
            self._prepared = True
            self._station.prepare(self.planned, self._bag_dir)
        else:
            missing = missing or "nobody said to start"
            self._overdue(now_ns, self._patience_s(self._timeouts.ready_s), Cause.NOT_READY, missing)

    def _preparing(self, now_ns: int) -> None:
        fault = self._station.fault()
        if fault is not None:
            self._end(Ending(Outcome.ABORTED, *fault))
        elif self._station.recording():
            self._enter(TrialState.RUNNING, now_ns)
            self._started_ns = now_ns
            self._station.start()
        else:
            self._overdue(now_ns, self._timeouts.record_s, Cause.RECORD_FAILED, "the recorder did not confirm")

    def _running(self, now_ns: int) -> None:
        self._stages, success = self._score()
        if not success:
            self._success_since_ns = None
        elif self._success_since_ns is None:
            self._success_since_ns = now_ns
        fault = self._station.fault()
        if fault is not None:
            self._end(ended_by(*fault))
        elif self._success_since_ns is not None:
            if (now_ns - self._success_since_ns) * 1e-9 >= SUCCESS_HOLD_S:
                self._end(Ending(Outcome.SUCCESS))
        elif self._elapsed_s(now_ns) >= self.planned.time_limit_s and self._procedure.limited:
            detail = f"time limit of {self.planned.time_limit_s:g} s"
            self._end(Ending(Outcome.FAILURE, detail=detail, failure_class=self._too_long))

    def _wind_up(self, now_ns: int, ending: Ending) -> None:
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

    def _finish(self, now_ns: int, ending: Ending, fault: tuple[Cause, str] | None) -> None:
        if fault is not None and ending.cause is None:
            ending = replace(ending, cause=fault[0], detail=fault[1])
        trial = ending.trial(self.planned, self._stages, self._duration_s, self._ended_ns)
        trial = replace(trial, takeovers=self._takeovers, bag=self._bag if self._prepared else None)
        self._conclude(trial, now_ns)

    def _conclude(self, trial: Trial, now_ns: int) -> None:
        self.trial = trial
        self._enter(TrialState.SCORED, now_ns)


_STEPS = {
    TrialState.RESETTING: TrialRunner._resetting,
    TrialState.HOMING: TrialRunner._homing,
    TrialState.READY: TrialRunner._ready,
    TrialState.PREPARING: TrialRunner._preparing,
    TrialState.RUNNING: TrialRunner._running,
}
