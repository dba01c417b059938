"""Which key means what: one table, that the help, the page and a pedal's settings speak of."""

from types import MappingProxyType

import numpy as np

from ros_wam.teleop.device import Button
from ros_wam.types import FloatArray

HOLD, CLUTCH, NEXT_ARM, NEXT_SPACE = "space", "v", "tab", "m"
VERBS = MappingProxyType(
    {
        "enter": Button.START,
        "esc": Button.STOP,
        "y": Button.SUCCESS,
        "n": Button.FAILURE,
        "x": Button.DISCARD,
        "b": Button.RERECORD,
        "t": Button.TAKE_OVER,
        "g": Button.HAND_BACK,
    }
)
SPEEDS = MappingProxyType({".": Button.FASTER, ",": Button.SLOWER})
BUTTONS = MappingProxyType({**VERBS, **SPEEDS})
GRIPPER = MappingProxyType({"o": 1.0, "c": -1.0})
JOINT_SIGNS = MappingProxyType({"+": 1.0, "=": 1.0, "-": -1.0, "_": -1.0})


def _twist(axis: int, sign: float) -> FloatArray:
    twist = np.zeros(6)
    twist[axis] = sign
    return twist


TWISTS = MappingProxyType(
    {
        "w": _twist(0, 1.0),
        "s": _twist(0, -1.0),
        "a": _twist(1, 1.0),
        "d": _twist(1, -1.0),
        "r": _twist(2, 1.0),
        "f": _twist(2, -1.0),
        "j": _twist(3, -1.0),
        "l": _twist(3, 1.0),
        "i": _twist(4, 1.0),
        "k": _twist(4, -1.0),
        "q": _twist(5, 1.0),
        "e": _twist(5, -1.0),
    }
)
"""`(6,)` direction of each: linear and angular, in axes that point away from the arm's base, left and up."""
OPERATOR_HELP = (
    ("enter", "start: the scene is laid out"),
    ("y n", "it succeeded, it failed"),
    ("x", "discard it"),
    ("b", "do the last one again"),
    ("t g", "take over, hand back"),
    (". ,", "faster, slower"),
    ("esc", "stop"),
)
LEADER_HELP = (("space", "hold to move, or its trigger"), ("v", "clutch: move the leader alone"))
KEYBOARD_HELP = (
    ("w s", "hold: tool away, and back"),
    ("a d", "left, right"),
    ("r f", "up, down"),
    ("j l", "tilt left, right"),
    ("i k", "tilt away, and back"),
    ("q e", "turn left, right"),
    ("o c", "hold: open, close gripper"),
    ("m", "tool or joints"),
    ("1 … 9", "joint to turn"),
    ("+ −", "hold: turn it"),
    ("tab", "the other arm"),
)
NAMES = frozenset(
    {HOLD, CLUTCH, NEXT_ARM, NEXT_SPACE, *BUTTONS, *GRIPPER, *JOINT_SIGNS, *TWISTS, *map(str, range(1, 10))}
)


def key_help(device: str) -> tuple[tuple[str, str], ...]:
    """Return the keys, and what they do, while `device` teleoperates."""
    return (KEYBOARD_HELP if device == "keyboard" else LEADER_HELP) + OPERATOR_HELP
