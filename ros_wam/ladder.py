"""The failsafe ladder: what each cause means, how long it may last, what it does to the robot and what ends it.

One table for the code, its tests and `docs/failsafe.md`. Of several causes the most severe wins; an unknown cause does
not exist. The form (condition, delay, action; most severe wins) is that of PX4's failsafes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from ros_wam.causes import Action, Cause

SLOW_SHARE = 0.25
"""The share of its speed at which a chunk is followed while a cause slows the robot; our choice, as fast as homing."""

TRIAL_GRACE_S = 1.0
"""How long a cause that is not the policy's own may hold the robot before it spoils the trial."""

TABLE_BEGINS, TABLE_ENDS = "<!-- made by `make docs` -->", "<!-- until here -->"


class Active(NamedTuple):
    """A cause that acts on the robot: since when its condition holds, and what it does."""

    cause: Cause
    since_ns: int
    action: Action


class Recovery(Enum):
    """What ends a cause."""

    ITSELF = "its condition"
    NEW_CHUNK = "a new chunk, or a new command of the leader"
    NEW_MODE = "the next mode that is asked for"
    RECOVER = "an operator recovers the robot"
    NEXT_TRIAL = "the next trial"
    RESTART = "someone mends it and runs `ros-wam eval --resume`"


@dataclass(frozen=True)
class Rung:
    """One row. The `action` is due once `condition` has lasted for `delay_s`, or for `delay_periods` of control.

    If it goes on for `stop_after_s` after that, the robot is stopped. After its condition a cause still acts for
    `release_s`.
    """

    condition: str
    action: Action
    recovery: Recovery
    delay_s: float = 0.0
    delay_periods: int = 0
    stop_after_s: float | None = None
    release_s: float = 0.0

    def delay_ns(self, period_s: float) -> int:
        """How long the condition may last, with control every `period_s`."""
        return round((self.delay_s + self.delay_periods * period_s) * 1e9)

    def action_after(self, lasted_ns: int, period_s: float) -> Action | None:
        """Return what is due once the condition has lasted so long, None within its delay."""
        over_ns = lasted_ns - self.delay_ns(period_s)
        if over_ns < 0:
            return None
        return self.action if self.stop_after_s is None or over_ns < round(self.stop_after_s * 1e9) else Action.STOP

    @property
    def cells(self) -> tuple[str, ...]:
        """What `docs/failsafe.md` says: condition, how long it may last, what it does, what ends it."""
        parts = [f"{self.delay_s * 1e3:g} ms"] * (self.delay_s > 0.0)
        parts += [f"{self.delay_periods} control periods"] * (self.delay_periods > 0)
        action = (
            self.action.name if self.stop_after_s is None else f"{self.action.name}; STOP {self.stop_after_s:g} s later"
        )
        released = f", {self.release_s:g} s later" if self.release_s else ""
        return self.condition, " + ".join(parts) or "at once", action, f"{self.recovery.value}{released}"


LADDER = {
    # the control process watches these
    Cause.TICK_LATE: Rung("a control tick begins a period late or more", Action.WARN, Recovery.ITSELF, release_s=1.0),
    Cause.LAGGING: Rung(
        "a joint that follows a chunk is more than half of `tracking_rad` from where it was sent",
        Action.SLOW,
        Recovery.ITSELF,
        stop_after_s=1.0,  # at a quarter of the speed a joint that can move has caught up by then
        release_s=0.2,
    ),
    Cause.NEAR_LIMIT: Rung(
        "a joint or a tool moves towards a limit that is nearer than the station's margin",
        Action.SLOW,
        Recovery.ITSELF,
        release_s=0.2,
    ),
    Cause.SOURCE_STALE: Rung("no chunk is being followed", Action.HOLD, Recovery.NEW_CHUNK),
    Cause.LEADER_LOST: Rung("no command of the leader device in TELEOP", Action.HOLD, Recovery.NEW_CHUNK, delay_s=0.08),
    Cause.ENABLE_LOST: Rung("no beat of the enable heartbeat", Action.HOLD, Recovery.ITSELF, delay_s=0.08),
    Cause.WORKSPACE: Rung("a tool could no longer stop inside the workspace", Action.HOLD, Recovery.NEW_CHUNK),
    Cause.CONTACT_FORCE: Rung(
        "the force at a tool is above `tool_force_n`", Action.HOLD, Recovery.NEW_CHUNK, delay_s=0.02, stop_after_s=0.5
    ),
    # the first tick after four periods: within five of the last state
    Cause.STATE_STALE: Rung(
        "the measured state does not advance", Action.HOLD, Recovery.ITSELF, delay_periods=4, stop_after_s=1.0
    ),
    Cause.NO_WAY_HOME: Rung("the straight way home is not free", Action.HOLD, Recovery.NEW_MODE),
    Cause.COMMAND_INVALID: Rung("a command is not finite or of the wrong shape", Action.STOP, Recovery.RECOVER),
    Cause.NOT_FOLLOWING: Rung(
        "a joint is more than `tracking_rad` from where it was sent", Action.STOP, Recovery.RECOVER
    ),
    Cause.PROTECTIVE_STOP: Rung("the controller has stopped the robot", Action.STOP, Recovery.RECOVER),
    Cause.DRIVER_LOST: Rung("the vendor library reports an error, or no connection", Action.STOP, Recovery.RECOVER),
    # `robot_node` watches this
    Cause.CONTROL_PROCESS_DIED: Rung(
        "the control process has ended, or is silent", Action.STOP, Recovery.RECOVER, delay_s=0.1
    ),
    # these concern a trial: it is stopped, and the robot holds
    Cause.CAMERA_STALE: Rung("a view gives no fresh frame", Action.HOLD, Recovery.NEXT_TRIAL, delay_s=1.5),
    Cause.CAMERA_SKEWED: Rung("views are too far apart in time", Action.HOLD, Recovery.NEXT_TRIAL, delay_s=1.5),
    Cause.POLICY_UNREACHABLE: Rung("no connection to the policy server", Action.HOLD, Recovery.NEXT_TRIAL),
    Cause.POLICY_TIMEOUT: Rung("no answer within the profile's timeout", Action.HOLD, Recovery.NEXT_TRIAL),
    Cause.POLICY_ANSWER_INVALID: Rung("an answer that cannot be decoded", Action.HOLD, Recovery.NEXT_TRIAL),
    Cause.POLICY_MISMATCH: Rung("the server is not what the profile says", Action.HOLD, Recovery.RESTART),
    Cause.RECORD_FAILED: Rung("the recorder cannot write", Action.HOLD, Recovery.RESTART),
    Cause.SIMULATION_FAILED: Rung("the simulator has ended", Action.STOP, Recovery.RESTART),
    Cause.PROCESS_DIED: Rung("another process of the station has ended", Action.HOLD, Recovery.NEXT_TRIAL),
    Cause.NOT_READY: Rung("the station does not become ready", Action.HOLD, Recovery.RESTART),
    Cause.OPERATOR_STOP: Rung("the operator stops the trial", Action.HOLD, Recovery.NEXT_TRIAL),
}


def most_severe(causes: Iterable[Cause]) -> Cause | None:
    """Return the cause that decides, the first of several that are equally severe; None for none."""
    return max(causes, key=lambda cause: LADDER[cause].action, default=None)


def with_table(page: str) -> str:
    """Return the text of `docs/failsafe.md` with its table as the ladder is now."""
    rows: list[tuple[str, ...]] = [("cause", "condition", "may last", "action", "ends with"), ("---",) * 5]
    rows += [(f"`{cause.value}`", *rung.cells) for cause, rung in LADDER.items()]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    before, after = page[: page.index(TABLE_BEGINS)], page[page.index(TABLE_ENDS) :]
    return f"{before}{TABLE_BEGINS}\n\n{table}\n{after}"
