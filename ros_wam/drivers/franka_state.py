"""What the driver makes of franky's robot state."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.types import FloatArray


@dataclass(frozen=True, eq=False)
class ArmState:
    """`(7,)` position [rad], velocity [rad/s], effort [N m]; size of the tool's force [N]; mode and errors as told."""

    stamp_ns: int
    received_ns: int
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray
    tool_force_n: float
    mode: str
    errors: str
    """Those of now; of a reflex those that it came from: the others are over once the arm rests."""


def measured(state: Any, now_ns: int, latency_ns: int) -> ArmState:
    """Return a state of franky that is read at `now_ns`, never older than a cycle of 1 ms."""
    mode, errors = state.robot_mode.name, _names(state.current_errors)
    if mode == "Reflex" and not errors:
        errors = _names(state.last_motion_errors)
    return ArmState(
        now_ns - latency_ns,
        now_ns,
        np.array(state.q),
        np.array(state.dq),
        np.array(state.tau_J),
        math.hypot(*state.O_F_ext_hat_K[:3]),
        mode,
        errors,
    )


def _names(errors: Any) -> str:
    return str(errors).strip("[]").replace('"', "")
