"""An emulated Franka Hand: its server, version 3 (TCP 1338), and its state by UDP at 100 Hz.

Layouts: libfranka-common, research_interface/gripper/types.h. Moves and grasps are answered when they have ended.
"""

import logging
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ros_wam.errors import SimError
from ros_wam.sim.emulators.plant import Plant
from ros_wam.sim.emulators.tcp import Connection, Receive

HAND_PORT = 1338
HAND_VERSION = 3
STATE_EVERY = 10
"""Cycles of 1 ms between two states; the real hand is about as slow."""
MOVE_FORCE_N = 70.0
"""What a move pushes with: the hand's continuous force (Franka Hand data sheet)."""
TIMEOUT_CYCLES = 4000
START_CYCLES = 30
"""How long a request lasts at least, before the fingers move."""
_HEADER = struct.Struct("<HII")
_STATE = struct.Struct("<Idd?H")
_CONNECT, _HOMING, _GRASP, _MOVE, _STOP = range(5)
_OK, _FAIL, _UNSUCCESSFUL, _ABORTED = range(4)
_REST_1_S, _ARRIVED_M = 0.01, 0.001
_log = logging.getLogger(__name__)


@dataclass
class _Task:
    """A motion that its client waits for. `grasp` `(least, most)`: the widths [m] of what counts as grasped."""

    command: int
    number: int
    width_m: float
    grasp: tuple[float, float] | None
    unwinding: int = 0
    """Cycles before a move may be told as unsuccessful: the plant's setpoint may have to come back from a grasp's."""
    cycles: int = 0


class FrankaHand:
    """One hand and its newest client. `frozen`: it hears and tells nothing until it is not.

    `refuses`: motions fail, as those of a hand that was not homed.
    """

    def __init__(self, address: str, plant: Plant, stroke_m: float) -> None:
        self.frozen = self.refuses = False
        self._address, self._plant, self._stroke_m = address, plant, stroke_m
        self._connection: Connection | None = None
        self._client: tuple[str, int] | None = None
        self._task: _Task | None = None
        self._is_grasped = False
        self._unread = b""
        self._cycles, self._messages = 0, 0

    def accept(self, connection: Connection) -> Receive:
        """Begin a session; returns what receives its bytes."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._client, self._task, self._unread = connection, None, None, b""

        def receive(data: bytes) -> None:
            self._unread += data

        return receive

    def cycle(self, udp: socket.socket | None) -> None:
        """Carry on for 1 ms; states leave by `udp`."""
        self._cycles += 1
        if self.frozen or self._connection is None or self._connection.closed:
            return
        try:
            for command, number, payload in self._requests():
                self._carry_out(command, number, payload)
        except (SimError, struct.error) as error:
            _log.warning("hand's client hung up on: %s", error)
            self._connection.close()
        self._look()
        if self._client is not None and udp is not None and self._cycles % STATE_EVERY == 0:
            self._messages += 1
            width = self._plant.gripper_position() * self._stroke_m
            udp.sendto(_STATE.pack(self._messages, width, self._stroke_m, self._is_grasped, 30), self._client)

    def _requests(self) -> Iterator[tuple[int, int, bytes]]:
        while len(self._unread) >= _HEADER.size:
            command, number, size = _HEADER.unpack_from(self._unread)
            if not _HEADER.size <= size <= 128:
                raise SimError(f"request {command} has {size} bytes, must have {_HEADER.size} to 128")
            if len(self._unread) < size:
                return
            payload, self._unread = self._unread[_HEADER.size : size], self._unread[size:]
            yield command, number, payload

    def _carry_out(self, command: int, number: int, payload: bytes) -> None:
        if command == _CONNECT:
            version, port = struct.unpack("<HH", payload)
            self._client = (self._connection.peer_address, port) if self._connection is not None else None
            self._reply(command, number, _OK if version == HAND_VERSION else _FAIL, struct.pack("<H", HAND_VERSION))
        elif command == _HOMING:
            self._begin(_Task(command, number, self._stroke_m, None), 0.05, MOVE_FORCE_N)
        elif command == _MOVE:
            width_m, speed_m_s = struct.unpack("<2d", payload)
            self._begin(_Task(command, number, width_m, None), speed_m_s, MOVE_FORCE_N)
        elif command == _GRASP:
            width_m, inner_m, outer_m, speed_m_s, force_n = struct.unpack("<5d", payload)
            task = _Task(command, number, width_m, (width_m - inner_m, width_m + outer_m))
            self._begin(task, speed_m_s, force_n, goal_m=0.0)
        elif command == _STOP:
            self._abort()
            self._plant.set_gripper_target(self._plant.gripper_position(), 1.0, MOVE_FORCE_N)
            self._reply(command, number, _OK)
        else:
            raise SimError(f"request {command} is not known")

    def _begin(self, task: _Task, speed_m_s: float, force_n: float, goal_m: float | None = None) -> None:
        self._abort()
        self._is_grasped = False
        if self.refuses or not 0.0 <= task.width_m <= self._stroke_m + _ARRIVED_M or speed_m_s <= 0.0:
            self._reply(task.command, task.number, _FAIL)
            return
        self._task = task
        task.unwinding = START_CYCLES + round(1000.0 * self._stroke_m / speed_m_s)
        goal_m = task.width_m if goal_m is None else goal_m
        self._plant.set_gripper_target(goal_m / self._stroke_m, speed_m_s / self._stroke_m, force_n)

    def _look(self) -> None:
        """End the task once the fingers rest."""
        task = self._task
        if task is None:
            return
        task.cycles += 1
        resting = abs(self._plant.gripper_velocity()) < _REST_1_S and task.cycles > START_CYCLES
        if not resting and task.cycles < TIMEOUT_CYCLES:
            return
        width_m = self._plant.gripper_position() * self._stroke_m
        if task.grasp is None:
            done = abs(width_m - task.width_m) < _ARRIVED_M
            if not done and task.cycles < min(task.unwinding, TIMEOUT_CYCLES):
                return
        else:
            least, most = task.grasp
            done = self._is_grasped = least <= width_m <= most
        self._task = None
        self._reply(task.command, task.number, _OK if done else _UNSUCCESSFUL)

    def _abort(self) -> None:
        if self._task is not None:
            self._reply(self._task.command, self._task.number, _ABORTED)
            self._task = None

    def _reply(self, command: int, number: int, status: int, more: bytes = b"") -> None:
        if self._connection is not None:
            payload = struct.pack("<H", status) + more
            self._connection.send(_HEADER.pack(command, number, _HEADER.size + len(payload)) + payload)
