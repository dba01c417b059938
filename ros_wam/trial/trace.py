"""What a bag tells of one trial, on one time axis."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from ros_wam.causes import Cause, Limit
from ros_wam.fields import MODES, SetpointProvenance
from ros_wam.ladder import Active
from ros_wam.types import FloatArray, Mode

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Inference:
    """One answer of the policy server: when the policy's node told of it, and how long it took.

    `chunk_id` is None where no chunk came of it, and `refused` then the reason. `view_stamps_ns`: when each picture was
    captured that it saw. `hops_ms`: how long each hop took, as far as it was measured.
    """

    stamp_ns: int
    latency_ms: float
    inference_id: int = -1
    chunk_id: int | None = None
    refused: str = ""
    detail: str = ""
    view_stamps_ns: Mapping[str, int] = field(default_factory=dict)
    hops_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """One `safety_status`: the robot's mode, what acts on it, and the largest force at its tools since the last [N].

    `refusals` counts, by reason, what control has refused since it began.
    """

    stamp_ns: int
    mode: Mode | None
    cause: Cause | None
    detail: str = ""
    active: tuple[Active, ...] = ()
    tool_force_n: tuple[float, ...] = ()
    refusals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Trace:
    """Every control tick of a recorded episode, oldest first, and what came beside them.

    `measured`, `target`, `desired` and `sent` are `(N, n)` [rad, grippers 0–1], NaN where there was nothing; `origin`
    says of the same `N` rows where they came from. The policy had the robot from `start_ns` to `end_ns`. `failures`:
    when the policy's side failed, and why. Per topic, `heard` counts the messages between those two, `gaps` those that
    are missing there.
    """

    joint_names: tuple[str, ...]
    measured: FloatArray
    target: FloatArray
    desired: FloatArray
    sent: FloatArray
    origin: SetpointProvenance
    start_ns: int
    end_ns: int
    inferences: tuple[Inference, ...] = ()
    statuses: tuple[Said, ...] = ()
    failures: tuple[tuple[int, Cause], ...] = ()
    heard: Mapping[str, int] = field(default_factory=dict)
    gaps: Mapping[str, int] = field(default_factory=dict)

    def while_running(self) -> "Trace":
        """Return the ticks, and what was said, while the policy had the robot."""
        inside = np.flatnonzero((self.stamp_ns >= self.start_ns) & (self.stamp_ns <= self.end_ns))
        origin = {column.name: getattr(self.origin, column.name)[inside] for column in fields(self.origin)}
        return replace(
            self,
            measured=self.measured[inside],
            target=self.target[inside],
            desired=self.desired[inside],
            sent=self.sent[inside],
            origin=SetpointProvenance(**origin),
            inferences=tuple(i for i in self.inferences if self.start_ns <= i.stamp_ns <= self.end_ns),
            statuses=tuple(said for said in self.statuses if self.start_ns <= said.stamp_ns <= self.end_ns),
            failures=tuple(failure for failure in self.failures if self.start_ns <= failure[0] <= self.end_ns),
        )

    @property
    def stamp_ns(self) -> IntArray:
        """`(N,)`: when each tick was."""
        return self.origin.stamp_ns

    @property
    def times_s(self) -> FloatArray:
        """`(N,)` time since the start [s]."""
        return np.asarray((self.stamp_ns - self.start_ns) * 1e-9, dtype=np.float64)

    @property
    def idle(self) -> NDArray[np.bool_]:
        """`(N,)`: where there was nothing to follow."""
        return np.asarray(np.isnan(self.target).all(axis=1), dtype=np.bool_)

    @property
    def limited(self) -> NDArray[np.bool_]:
        """`(N,)`: where the safety gate changed a command. Holding is not counted."""
        return np.asarray(self.origin.limits & ~int(Limit.HOLD), dtype=np.bool_)

    @property
    def held(self) -> NDArray[np.bool_]:
        """`(N,)`: where the safety gate was closed and gave something else than what was asked for."""
        return np.asarray(self.origin.limits & int(Limit.HOLD), dtype=np.bool_)

    def in_mode(self, mode: Mode) -> NDArray[np.bool_]:
        """Return `(N,)`: where the robot was in `mode`."""
        return np.asarray(self.origin.source == MODES.index(mode), dtype=np.bool_)
