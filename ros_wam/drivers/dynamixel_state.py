"""The measured state of a ViperX-300 S, of what its servos answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ros_wam.drivers import dynamixel_servos as dxl
from ros_wam.drivers.dynamixel_servos import JOINTS, SERVOS
from ros_wam.types import FloatArray

BEGIN, SIZE = dxl.PRESENT_CURRENT.address, 10
"""The registers that are read for a state: current, velocity, position."""


@dataclass(frozen=True)
class ServoState:
    """`(7,)`, the gripper last: angle [rad], rate [rad/s], torque [N m] of all its servos at `stamp_ns`."""

    stamp_ns: int
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray


def state_of(answers: Mapping[int, bytes], stamp_ns: int) -> ServoState:
    """Return the state that every servo's registers from `BEGIN` on tell; a shadow's torque is its leader's too."""
    torque_nm = {
        servo.number: dxl.PRESENT_CURRENT.of(answers[servo.number], BEGIN) * dxl.CURRENT_A * servo.torque_nm_per_a
        for servo in SERVOS
    }
    for servo in SERVOS:
        if servo.shadow_of in torque_nm:
            torque_nm[servo.shadow_of] += torque_nm[servo.number]
    data = [answers[servo.number] for servo in JOINTS]
    return ServoState(
        stamp_ns,
        np.array([dxl.radians(dxl.PRESENT_POSITION.of(value, BEGIN)) for value in data]),
        np.array([dxl.PRESENT_VELOCITY.of(value, BEGIN) * dxl.SPEED_RAD_S for value in data]),
        np.array([torque_nm[servo.number] for servo in JOINTS]),
    )
