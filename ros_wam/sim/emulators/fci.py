"""The wire of Franka's control interface, version 10: TCP commands, the robot's state and the joint command by UDP.

Layouts: libfranka-common, research_interface/robot/{service_types,rbk_types}.h. Little-endian and packed.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import numpy as np

from ros_wam.errors import SimError
from ros_wam.types import FloatArray

FCI_PORT = 1337
FCI_VERSION = 10
RATE_HZ = 1000.0
ERRORS = 41
_HEADER = struct.Struct("<III")
_MOVE = struct.Struct("<II")
_COMMAND = struct.Struct("<Q7d7d16d6d2d??7d?")
_LARGEST_REQUEST = 4096  # bytes; the largest that libfranka sends has 428


class Request(IntEnum):
    """What a client asks for by TCP."""

    CONNECT = 0
    MOVE = 1
    STOP_MOVE = 2
    SET_COLLISION_BEHAVIOR = 3
    SET_JOINT_IMPEDANCE = 4
    SET_CARTESIAN_IMPEDANCE = 5
    SET_GUIDING_MODE = 6
    SET_EE_TO_K = 7
    SET_NE_TO_EE = 8
    SET_LOAD = 9
    AUTOMATIC_ERROR_RECOVERY = 10
    GET_ROBOT_MODEL = 11


SETTERS = range(Request.SET_COLLISION_BEHAVIOR, Request.SET_LOAD + 1)


class MoveStatus(IntEnum):
    """The answers to MOVE: it started, and later how it ended."""

    SUCCESS = 0
    STARTED = 1
    PREEMPTED = 2
    PREEMPTED_BY_SAFETY = 3
    REJECTED_BY_SAFETY = 4
    NOT_POSSIBLE = 5
    INVALID_ARGUMENT = 7
    REFLEX = 8
    EMERGENCY = 9
    ABORTED = 11


SUCCESS, NOT_POSSIBLE, SAFETY, SETTER_SAFETY = 0, 1, 2, 3
"""The answers to everything but MOVE; for what SAFETY means here setters say 3, and libfranka then names no mode."""


class RobotMode(IntEnum):
    """What the robot is doing, as its state tells it."""

    OTHER = 0
    IDLE = 1
    MOVE = 2
    GUIDING = 3
    REFLEX = 4
    USER_STOPPED = 5
    AUTOMATIC_ERROR_RECOVERY = 6


class Error(IntEnum):
    """The bits of `errors` and `reflex_reason` that the emulator sets (research_interface/robot/error.h)."""

    JOINT_REFLEX = 6
    CARTESIAN_REFLEX = 7
    POSITION_LIMITS = 12
    VELOCITY_LIMITS = 13
    VELOCITY_DISCONTINUITY = 14
    ACCELERATION_DISCONTINUITY = 15
    COMMUNICATION_CONSTRAINTS = 25


JOINT_POSITION_MOTION, NO_MOTION = 1, 0
"""Motion generators, as the state tells them; MOVE asks for the former by 0."""
JOINT_IMPEDANCE, OTHER_CONTROLLER = 0, 3

_POSES = ("O_T_EE", "O_T_EE_d", "F_T_EE", "EE_T_K", "F_T_NE", "NE_T_EE")
STATE = np.dtype(
    [("message_id", "<u8")]
    + [(name, "<f4", 16) for name in _POSES]
    + [("m_ee", "<f4"), ("I_ee", "<f4", 9), ("F_x_Cee", "<f4", 3)]
    + [("m_load", "<f4"), ("I_load", "<f4", 9), ("F_x_Cload", "<f4", 3)]
    + [("elbow", "<f4", 2), ("elbow_d", "<f4", 2)]
    + [(name, "<f4", 7) for name in ("tau_J", "tau_J_d", "dtau_J", "q", "q_d", "dq", "dq_d", "ddq_d")]
    + [("joint_contact", "<f4", 7), ("cartesian_contact", "<f4", 6)]
    + [("joint_collision", "<f4", 7), ("cartesian_collision", "<f4", 6), ("tau_ext_hat_filtered", "<f4", 7)]
    + [(name, "<f4", 6) for name in ("O_F_ext_hat_K", "K_F_ext_hat_K", "O_dP_EE_d")]
    + [("O_ddP_O", "<f4", 3), ("elbow_c", "<f4", 2), ("delbow_c", "<f4", 2), ("ddelbow_c", "<f4", 2)]
    + [("O_T_EE_c", "<f4", 16), ("O_dP_EE_c", "<f4", 6), ("O_ddP_EE_c", "<f4", 6)]
    + [("theta", "<f4", 7), ("dtheta", "<f4", 7), ("accelerometer_top", "<f4", 18), ("accelerometer_bottom", "<f4", 18)]
    + [("motion_generator_mode", "u1"), ("controller_mode", "u1")]
    + [("errors", "u1", ERRORS), ("reflex_reason", "u1", ERRORS)]
    + [("robot_mode", "u1"), ("control_command_success_rate", "<f4")]
)
"""RobotState: 1377 bytes. Poses are column by column [m]."""
_HAND_C, _HAND_S = 0.70710678, -0.70710678  # the hand is turned by -45 deg about the flange's z
HAND_POSE = (_HAND_C, _HAND_S, 0, 0, -_HAND_S, _HAND_C, 0, 0, 0, 0, 1, 0, 0, 0, 0.1034, 1)
"""F_T_EE as Desk sets it for the Franka Hand, column by column [m]."""


def blank_state() -> Any:
    """Return a state of an idle robot with a Franka Hand; poses in the base frame are left at identity."""
    state = np.zeros((), STATE)
    for name in (*_POSES, "O_T_EE_c"):
        state[name] = np.eye(4).reshape(16)
    state["F_T_EE"] = state["F_T_NE"] = HAND_POSE
    state["m_ee"] = 0.73  # as Desk sets it for the hand, which weighs 0.713 kg
    state["controller_mode"], state["robot_mode"] = OTHER_CONTROLLER, RobotMode.IDLE
    return state


def response(command: int, number: int, payload: bytes) -> bytes:
    """Return the answer to a request; `payload` begins with the status."""
    return _HEADER.pack(command, number, _HEADER.size + len(payload)) + payload


def requested_motion(payload: bytes) -> tuple[int, int]:
    """Return the controller and the generator that MOVE asks for; raises SimError."""
    if len(payload) < _MOVE.size:
        raise SimError(f"MOVE has {len(payload)} bytes, must have at least {_MOVE.size}")
    controller, generator = _MOVE.unpack_from(payload)
    return controller, generator


def joint_command(data: bytes) -> tuple[int, FloatArray, bool] | None:
    """Return which state a RobotCommand answers, `(7,)` q_c [rad], whether the motion ends; None if it is none."""
    if len(data) != _COMMAND.size:
        return None
    values = _COMMAND.unpack(data)
    return values[0], np.array(values[1:8]), bool(values[40])


class RequestReader:
    """Cuts a TCP stream into requests."""

    def __init__(self) -> None:
        self._unread = b""

    def take(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Return command, number and payload of each whole request; raises SimError on what is no request."""
        self._unread += data
        while len(self._unread) >= _HEADER.size:
            command, number, size = _HEADER.unpack_from(self._unread)
            if not _HEADER.size <= size <= _LARGEST_REQUEST:
                raise SimError(f"request {command} has {size} bytes, must have {_HEADER.size} to {_LARGEST_REQUEST}")
            if len(self._unread) < size:
                return
            payload, self._unread = self._unread[_HEADER.size : size], self._unread[size:]
            yield command, number, payload
