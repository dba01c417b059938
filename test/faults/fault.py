"""What a fault is: how it is brought about, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from faults.evidence import Evidence

from ros_wam.causes import Cause, RefusalReason
from ros_wam.motion.trajectory import SETTLE_S
from ros_wam.topics import RECORDED_STATE_RATE_HZ


class End(Enum):
    """What the robot comes to."""

    MOVES_ON = "moves on"
    PAUSES = "rests, then moves on"
    TELEOP = "TELEOP"
    HOLD = "HOLD"
    FAULT = "FAULT"
    SILENT = "at rest, then silent"


@dataclass(frozen=True)
class Within:
    """How soon the end state is there, from `since_ns` on; both are read from the record."""

    text: str
    bound_ns: Callable[[Evidence], int]
    since_text: str = "the fault"
    since_ns: Callable[[Evidence], int] = lambda evidence: evidence.injected_ns


@dataclass(frozen=True)
class Fault:
    """One row of the table.

    `inject` is given the world that the trial runs in. `within` is None where there is nothing to wait for. `cause` is
    what trial.json must name, or else `or_cause`; None where the trial counts. `refused` is why answers must have been
    refused, and `told` what a trial that counts must list as a departure; `scored` is whether there is a trial.json,
    `fatal` whether the sitting ends with it.
    """

    name: str
    injected: str
    inject: Callable[[Any], None]
    end: End
    within: Within | None = None
    cause: Cause | None = None
    or_cause: Cause | None = None
    refused: RefusalReason | None = None
    told: Cause | None = None
    scored: bool = True
    fatal: bool = False

    @property
    def causes(self) -> tuple[str, ...]:
        """Under which names trial.json may tell of it; none where the trial counts."""
        return tuple(cause.value for cause in (self.cause, self.or_cause) if cause is not None)

    @property
    def failure(self) -> str | None:
        """What the policy has brought about when a trial that counts ends with a robot that is stopped."""
        return self.told.value if self.told is not None and self.end is End.FAULT else None


def seconds(bound_s: float) -> Within:
    """Within `bound_s` of the injection."""
    return Within(f"{bound_s * 1e3:g} ms" if bound_s < 1.0 else f"{bound_s:g} s", lambda evidence: round(bound_s * 1e9))


def chunk() -> Within:
    """Within the length of the chunk that was followed when the fault came."""
    return Within("one chunk", lambda evidence: evidence.chunk_ns)


def chunk_and_settling() -> Within:
    """When that chunk was followed to rest at its last row."""

    def bound_ns(evidence: Evidence) -> int:
        settled_ns = evidence.chunk_end_ns + round((SETTLE_S + evidence.robot.period_s) * 1e9)
        return settled_ns - evidence.injected_ns

    return Within(f"its chunk + {SETTLE_S * 1e3:g} ms", bound_ns)


def one_period() -> Within:
    """Within one control period of the injection."""
    return Within("one control period", lambda evidence: round(evidence.robot.period_s * 1e9))


def periods(count: int) -> Within:
    """Within `count` control periods of the last new state, and what the tick that noticed it was late by.

    Of the states of a fast robot only every second or fourth is recorded: the last may have been one of the others.
    """

    def bound_ns(evidence: Evidence) -> int:
        unrecorded = max(1, round(evidence.robot.control_rate_hz / RECORDED_STATE_RATE_HZ)) - 1
        return round((count + unrecorded) * evidence.robot.period_s * 1e9) + evidence.late_ns

    return Within(
        f"{count} control periods",
        bound_ns,
        "the last new state",
        lambda evidence: evidence.last_stamp_ns("joint_states"),
    )


def after_last_command(bound_s: float) -> Within:
    """Within `bound_s` of a leader device's last command, and what the tick that noticed it was late by."""
    return replace(
        _of_a_tick(bound_s),
        since_text="its last command",
        since_ns=lambda evidence: evidence.last_stamp_ns("teleop_command"),
    )


def after_last_beat(bound_s: float) -> Within:
    """Within `bound_s` of the last beat of the enable heartbeat, and what the tick that noticed it was late by."""
    return replace(_of_a_tick(bound_s), since_text="the last beat", since_ns=lambda evidence: evidence.last_beat_ns())


def _of_a_tick(bound_s: float) -> Within:
    return replace(seconds(bound_s), bound_ns=lambda evidence: round(bound_s * 1e9) + evidence.late_ns)
