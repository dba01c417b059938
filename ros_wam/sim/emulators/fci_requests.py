"""The TCP side of an emulated FCI controller: who is connected, what is asked for, how a motion ended."""

import logging
import struct
from typing import Protocol

from ros_wam.errors import SimError
from ros_wam.sim.emulators.fci import (
    JOINT_IMPEDANCE,
    NOT_POSSIBLE,
    SAFETY,
    SETTERS,
    SUCCESS,
    MoveStatus,
    Request,
    RequestReader,
    RobotMode,
    requested_motion,
    response,
)
from ros_wam.sim.emulators.fci_model import urdf
from ros_wam.sim.emulators.tcp import Connection, Receive

_CONNECT = struct.Struct("<HH")
_INCOMPATIBLE = 1
_log = logging.getLogger(__name__)


class Controller(Protocol):
    """What the requests act on."""

    @property
    def mode(self) -> RobotMode: ...

    @property
    def is_at_rest(self) -> bool: ...

    def begin_motion(self) -> None: ...

    def preempt(self) -> None: ...

    def abort(self) -> None:
        """Do what follows when the client goes."""
        ...

    def recover(self) -> bool:
        """Begin a recovery, whose end `FciRequests.end_recovery` is told; return whether it is possible."""
        ...


class FciRequests:
    """Serves the newest client. `frozen`: it hears and answers nothing until it is not; requests wait."""

    def __init__(self, controller: Controller, version: int) -> None:
        self.client: tuple[str, int] | None = None
        """Where the state goes by UDP; None while nobody is connected."""
        self.settings: dict[Request, bytes] = {}
        """What each setter was given last, as it came."""
        self.user_stopped = NOT_POSSIBLE
        """What setters answer in user stop, or SETTER_SAFETY, as they do while a safety rule of Desk acts."""
        self._controller, self._version = controller, version
        self._connection: Connection | None = None
        self._move: int | None = None
        self._recovery: int | None = None
        self._unread: list[tuple[Connection, RequestReader, bytes]] = []
        self._is_frozen = False

    @property
    def frozen(self) -> bool:
        return self._is_frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._is_frozen = frozen
        if not frozen:
            waiting, self._unread = self._unread, []
            for connection, reader, data in waiting:
                self._take(connection, reader, data)

    def accept(self, connection: Connection) -> Receive:
        """Begin a session; returns what receives its bytes."""
        reader = RequestReader()

        def receive(data: bytes) -> None:
            if self._is_frozen:
                self._unread.append((connection, reader, data))
            else:
                self._take(connection, reader, data)

        return receive

    def look(self) -> None:
        """Notice that the client has gone."""
        if self._connection is not None and self._connection.closed:
            self._connection = self.client = self._recovery = None
            self._controller.abort()

    def end_motion(self, status: MoveStatus) -> None:
        """Tell the client how its motion ended."""
        if self._move is not None and self._connection is not None:
            self._connection.send(response(Request.MOVE, self._move, bytes([status])))
        self._move = None

    def end_recovery(self) -> None:
        """Tell the client that its recovery is done."""
        if self._recovery is not None and self._connection is not None:
            self._connection.send(response(Request.AUTOMATIC_ERROR_RECOVERY, self._recovery, bytes([SUCCESS])))
        self._recovery = None

    def _take(self, connection: Connection, reader: RequestReader, data: bytes) -> None:
        try:
            for command, number, payload in reader.take(data):
                answer = self._answer(connection, command, number, payload)
                if answer:
                    connection.send(response(command, number, answer))
                if command == Request.STOP_MOVE:
                    self._controller.preempt()
        except SimError as error:
            _log.warning("FCI client hung up on: %s", error)
            connection.close()

    def _answer(self, connection: Connection, command: int, number: int, payload: bytes) -> bytes:
        """Return what the answer holds after its header; nothing where it comes later."""
        if command == Request.CONNECT:
            return self._connect(connection, payload)
        if connection is not self._connection:
            raise SimError(f"request {command} before CONNECT, or after another client's")
        if command == Request.MOVE:
            return bytes([self._begin(number, payload)])
        if command == Request.GET_ROBOT_MODEL:
            return bytes([SUCCESS]) + urdf().encode()
        if command == Request.AUTOMATIC_ERROR_RECOVERY:
            return self._recover(number)
        if command in SETTERS:
            return self._set(Request(command), payload)
        if command == Request.STOP_MOVE:
            return bytes([SUCCESS])
        raise SimError(f"request {command} is not known")

    def _connect(self, connection: Connection, payload: bytes) -> bytes:
        version, port = _CONNECT.unpack(payload)
        if version != self._version:
            return bytes([_INCOMPATIBLE]) + self._version.to_bytes(2, "little")
        if self._connection is not None:
            self._connection.close()
            self.look()
        self._connection, self.client = connection, (connection.peer_address, port)
        return bytes([SUCCESS]) + self._version.to_bytes(2, "little")

    def _set(self, command: Request, payload: bytes) -> bytes:
        mode = self._controller.mode
        if mode != RobotMode.IDLE:
            return bytes([self.user_stopped if mode == RobotMode.USER_STOPPED else NOT_POSSIBLE])
        self.settings[command] = payload
        return bytes([SUCCESS])

    def _recover(self, number: int) -> bytes:
        mode = self._controller.mode
        if mode == RobotMode.USER_STOPPED:
            return bytes([SAFETY])
        if mode == RobotMode.REFLEX and self._controller.recover():
            self._recovery = number
            return b""
        return bytes([SUCCESS if mode == RobotMode.IDLE else NOT_POSSIBLE])

    def _begin(self, number: int, payload: bytes) -> MoveStatus:
        mode = self._controller.mode
        if mode in (RobotMode.USER_STOPPED, RobotMode.REFLEX, RobotMode.AUTOMATIC_ERROR_RECOVERY):
            return MoveStatus.REJECTED_BY_SAFETY if mode == RobotMode.USER_STOPPED else MoveStatus.NOT_POSSIBLE
        if mode == RobotMode.MOVE or not self._controller.is_at_rest:
            return MoveStatus.NOT_POSSIBLE
        if requested_motion(payload) != (JOINT_IMPEDANCE, 0):
            return MoveStatus.INVALID_ARGUMENT
        self._move = number
        self._controller.begin_motion()
        return MoveStatus.STARTED
