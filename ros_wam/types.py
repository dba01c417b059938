"""The values that travel along the line. Immutable; arrays are checked against a spec and made read-only.

Joint arrays are in the order of `Embodiment.joint_names` (grippers included, 0 closed … 1 open; all else radians).
Times are integer nanoseconds of station time, and say when the thing was true.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ros_wam.causes import Cause, Limit
from ros_wam.specs import ArraySpec

FloatArray = NDArray[np.float64]


class Mode(Enum):
    """Who moves the robot; one source at a time."""

    HOLD = "HOLD"
    POLICY = "POLICY"
    TELEOP = "TELEOP"
    HOMING = "HOMING"
    FAULT = "FAULT"


_spec = functools.cache(ArraySpec)  # a few shapes, checked hundreds of times a second


def _freeze(instance: object, spec: ArraySpec) -> None:
    object.__setattr__(instance, spec.name, spec.validate(getattr(instance, spec.name)))


@dataclass(frozen=True, eq=False)
class DepthImage:
    """HxW uint16 distances along the camera's axis [mm], 0 where there is none; `camera_matrix` `(3, 3)` [px]."""

    distance_mm: NDArray[np.uint16]
    camera_matrix: FloatArray

    def __post_init__(self) -> None:
        _freeze(self, _spec("distance_mm", (None, None), np.uint16))
        _freeze(self, _spec("camera_matrix", (3, 3)))


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """One picture: HxWx3 uint8 RGB, `stamp_ns` at capture; `depth` of the same pixels, None where there is none."""

    view: str
    stamp_ns: int
    image: NDArray[np.uint8]
    depth: DepthImage | None = None

    def __post_init__(self) -> None:
        _freeze(self, _spec("image", (None, None, 3), np.uint8))


@dataclass(frozen=True, eq=False)
class JointState:
    """What the driver measured: `(n,)` position [rad], velocity [rad/s], effort [N m]; grippers 0–1, 1/s, N.

    A gripper's effort is the force of one pad, positive when opening: what is held is pressed with a negative one.

    `tool_force_n` `(arms,)`: size of the force that each tool meets [N]; empty where the robot reports none.
    """

    stamp_ns: int
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray
    tool_force_n: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        _freeze(self, _spec("position", (None,)))
        _freeze(self, _spec("velocity", self.position.shape))
        _freeze(self, _spec("effort", self.position.shape))
        _freeze(self, _spec("tool_force_n", (None,)))


@dataclass(frozen=True, eq=False)
class Commitment:
    """What the robot goes on doing while the policy infers: `positions` `(T, n)` [rad, grippers 0–1] from the
    observation's stamp on, a row of the policy apart, of which `delay_rows` are executed before its answer comes.
    """

    positions: FloatArray
    delay_rows: int

    def __post_init__(self) -> None:
        _freeze(self, _spec("positions", (None, None)))


@dataclass(frozen=True, eq=False)
class Observation:
    """One time-aligned input to the policy. `stamp_ns` is the oldest frame's; the joint state is interpolated to it.

    `commitment` is None while nothing is being followed. `history`: earlier frames of the episode, by view and how many
    rows of the policy before, below 0; those are absent that are from before it began. `executed`: what the views
    showed while the last chunk was executed, for policies that are told; empty where none was.
    """

    stamp_ns: int
    frames: Mapping[str, CameraFrame]
    joint_state: JointState
    prompt: str
    commitment: Commitment | None = None
    history: Mapping[tuple[str, int], CameraFrame] = field(default_factory=dict)
    executed: tuple[Mapping[str, CameraFrame], ...] = ()


@dataclass(frozen=True, eq=False)
class ActionChunk:
    """Timed joint targets: row k of `positions` `(T, n)` [rad, grippers 0–1] is for `t0_ns + k * dt_s`.

    `reanchored`: the robot had rested since the observation, and row 0 was moved to the chunk's arrival.
    """

    inference_id: int
    chunk_id: int
    observation_stamp_ns: int
    t0_ns: int
    dt_s: float
    positions: FloatArray
    reanchored: bool = False

    def __post_init__(self) -> None:
        _freeze(self, _spec("positions", (None, None)))

    @property
    def end_ns(self) -> int:
        """When the last row is due."""
        return self.t0_ns + round((len(self.positions) - 1) * self.dt_s * 1e9)


@dataclass(frozen=True)
class Provenance:
    """Where a target came from; all -1 when nothing is being followed."""

    observation_stamp_ns: int = -1
    inference_id: int = -1
    chunk_id: int = -1
    index: int = -1
    reanchored: bool = False


@dataclass(frozen=True, eq=False)
class Target:
    """The chunk's trajectory at one instant: `(n,)` position [rad], velocity [rad/s]."""

    position: FloatArray
    velocity: FloatArray
    provenance: Provenance

    def __post_init__(self) -> None:
        _freeze(self, _spec("position", (None,)))
        _freeze(self, _spec("velocity", self.position.shape))


@dataclass(frozen=True, eq=False)
class Command:
    """What to send to the driver: `(n,)` joint positions [rad, grippers 0–1]; the gate has yet to refuse NaN."""

    stamp_ns: int
    position: FloatArray

    def __post_init__(self) -> None:
        _freeze(self, _spec("position", (None,), finite=False))


@dataclass(frozen=True)
class Intervention:
    """One change the safety gate made: which limit, which joint, asked and given [rad, rad/s or rad/s²].

    For WORKSPACE `joint` is the arm, and the values are those of its tool on the axis that is farthest outside [m].
    """

    limit: Limit
    joint: str
    asked: float
    given: float


@dataclass(frozen=True, eq=False)
class SafetyVerdict:
    """The gate's answer: the only command that may be sent, and what it changed and why. `cause` is None when open."""

    command: Command
    cause: Cause | None
    interventions: tuple[Intervention, ...] = ()


@dataclass(frozen=True, eq=False)
class StepRecord:
    """One control tick, as recorded. `target` is None when no chunk covers this instant.

    `late_ns`: how long after its deadline the tick began.
    """

    sequence: int
    stamp_ns: int
    mode: Mode
    state: JointState | None
    target: Target | None
    desired: Command
    verdict: SafetyVerdict
    sent: Command
    late_ns: int = 0


@dataclass(frozen=True)
class Stage:
    """One scored stage of a task."""

    name: str
    points: float
    max_points: float
    retries: int = 0
    stamp_ns: int | None = None


@dataclass(frozen=True)
class Reply:
    """A policy server's answer: `actions` `(T, action_dim)` as the server gave them, and its own timing if it said.

    `timing_ms` is what the call took, part by part. `begins_episode`: it is the first since the server was told of an
    episode, as it is again where the connection was lost in the middle of one.
    """

    actions: FloatArray
    server_infer_ms: float | None = None
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    begins_episode: bool = False
