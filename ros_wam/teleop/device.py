"""What every device that teleoperates is: open it, read it, close it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from ros_wam.types import FloatArray


class Button(Enum):
    """What an operator presses; the values are the verbs of `operator_command`."""

    START = "start"
    STOP = "stop"
    SUCCESS = "success"
    FAILURE = "failure"
    DISCARD = "discard"
    RERECORD = "rerecord"
    TAKE_OVER = "take_over"
    HAND_BACK = "hand_back"
    FASTER = "faster"
    SLOWER = "slower"


@dataclass(frozen=True, eq=False)
class Jog:
    """One arm moved by hand: `twist` `(6,)` linear [m/s] and angular [rad/s] velocity of its tool in its base frame, or
    `joint_velocity` `(joints,)` [rad/s] of its joints; `gripper` [1/s], above 0 opens."""

    twist: FloatArray | None = None
    joint_velocity: FloatArray | None = None
    gripper: float = 0.0


@dataclass(frozen=True, eq=False)
class Reading:
    """What a device says at `stamp_ns`, of one of two kinds: `joints`, or `jogs` by arm.

    `joints` `(n,)`: where a leader arm is, as the robot's joints [rad, grippers 0–1]. `held`: whether its hold-to-run
    button is pressed, None where it has none, and the operator's keys say so. `pressed`: since the last reading.
    """

    stamp_ns: int
    joints: FloatArray | None = None
    jogs: Mapping[str, Jog] = field(default_factory=dict)
    held: bool | None = None
    clutch: bool = False
    pressed: tuple[Button, ...] = ()


class Device(Protocol):
    """A leader arm, a keyboard, a SpaceMouse. Owned by one thread; `open` and `read` raise LeaderError."""

    def open(self) -> None:
        """Connect, and check that the device is what the station file says."""
        ...

    def read(self) -> Reading:
        """Return what the device says now, within 50 ms; raises LeaderError when it is gone or silent."""
        ...

    def close(self) -> None:
        """Release the device; may be called twice and does not raise."""
        ...
