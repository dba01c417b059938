"""The RTDE interface of an emulated controller (TCP 30004): recipes, start and pause, packages both ways."""

import logging
import struct
from collections.abc import Callable, Mapping, Sequence

from ros_wam.errors import SimError
from ros_wam.sim.emulators.rtde import Frame, FrameReader, Recipe, Value, encode, read_names, setup_reply
from ros_wam.sim.emulators.tcp import Connection, Receive

RTDE_PORT = 30004
_PROTOCOL_VERSION = 2
_log = logging.getLogger(__name__)


class RtdeServer:
    """Serves any number of clients. `inputs` holds what they wrote last. `frozen`: it hears nothing until it is not."""

    def __init__(
        self,
        version: tuple[int, int, int, int],
        rate_hz: float,
        outputs: dict[str, str],
        inputs: dict[str, str],
        noted: Callable[[], None],
    ) -> None:
        """`outputs` and `inputs` map the names of the variables to their RTDE types; `noted` follows each package."""
        self.version, self.rate_hz = version, rate_hz
        self.output_types, self.input_types = outputs, inputs
        self.inputs: dict[str, Value] = {name: (0.0,) * 6 if "VECTOR" in t else 0 for name, t in inputs.items()}
        self.frozen = False
        self.noted = noted
        self._sessions: list[_Session] = []

    def accept(self, connection: Connection) -> Receive:
        """Begin a session; returns what receives its bytes."""
        self._sessions = [session for session in self._sessions if not session.connection.closed]
        session = _Session(self, connection)
        self._sessions.append(session)
        return session.receive

    def publish(self, outputs: Mapping[str, Value]) -> None:
        """Send one package to every client that started, at the rate it asked for."""
        for session in self._sessions:
            session.publish(outputs)

    @property
    def asked(self) -> set[str]:
        """The names of the variables that connected clients listen to."""
        return {name for session in self._sessions if not session.connection.closed for name in session.listened}

    def taken(self, name: str, asker: "_Session") -> bool:
        """Return whether another connected client writes `name` already."""
        return any(
            name in recipe.names
            for session in self._sessions
            if session is not asker and not session.connection.closed
            for recipe in session.input_recipes.values()
        )


class _Session:
    """One RTDE client."""

    def __init__(self, server: RtdeServer, connection: Connection) -> None:
        self.connection = connection
        self.input_recipes: dict[int, Recipe] = {}
        self._server = server
        self._reader = FrameReader()
        self._output: Recipe | None = None
        self._started = False
        self._unread = b""
        self._every, self._cycle = 1, 0
        self._answer = {
            Frame.PROTOCOL_VERSION: self._protocol_version,
            Frame.CONTROLLER_VERSION: self._controller_version,
            Frame.OUTPUT_SETUP: self._output_setup,
            Frame.INPUT_SETUP: self._input_setup,
            Frame.START: self._start,
            Frame.PAUSE: self._pause,
        }

    def receive(self, data: bytes) -> None:
        """Serve the frames in `data`; hang up on what is not RTDE."""
        self._unread += data
        if self._server.frozen:
            return
        data, self._unread = self._unread, b""
        try:
            for kind, payload in self._reader.take(data):
                if kind == Frame.DATA:
                    self._take_inputs(payload)
                elif kind in self._answer:
                    self.connection.send(encode(Frame(kind), self._answer[Frame(kind)](payload)))
                else:
                    raise SimError(f"RTDE frame type {kind} is not known")
        except (SimError, IndexError) as error:
            _log.warning("RTDE client hung up on: %s", error)
            self.connection.close()

    def publish(self, outputs: Mapping[str, Value]) -> None:
        if self._unread:
            self.receive(b"")
        if not self._started or self._output is None or self.connection.closed:
            return
        self._cycle += 1
        if self._cycle % self._every == 0:
            self.connection.send(encode(Frame.DATA, self._output.pack(outputs)))

    @property
    def listened(self) -> Sequence[str]:
        """The names of the variables that it listens to."""
        return () if self._output is None else self._output.names

    def _take_inputs(self, payload: bytes) -> None:
        recipe = self.input_recipes.get(payload[0])
        if recipe is None:
            raise SimError(f"RTDE package of recipe {payload[0]}, which was not set up")
        self._server.inputs.update(recipe.unpack(payload))
        self._server.noted()

    def _protocol_version(self, payload: bytes) -> bytes:
        return bytes([payload == _PROTOCOL_VERSION.to_bytes(2, "big")])

    def _controller_version(self, _: bytes) -> bytes:
        return b"".join(part.to_bytes(4, "big") for part in self._server.version)

    def _output_setup(self, payload: bytes) -> bytes:
        frequency, names = _read_frequency(payload), read_names(payload[8:])
        types = [self._server.output_types.get(name, "NOT_FOUND") for name in names]
        if "NOT_FOUND" in types:
            return setup_reply(0, types)
        self._every = max(1, round(self._server.rate_hz / frequency)) if frequency > 0 else 1
        self._output = Recipe(1, names, types)
        return setup_reply(1, types)

    def _input_setup(self, payload: bytes) -> bytes:
        names = read_names(payload)
        types = [self._server.input_types.get(name, "NOT_FOUND") for name in names]
        if "NOT_FOUND" in types:
            return setup_reply(0, types)
        in_use = [self._server.taken(name, self) for name in names]
        if any(in_use):
            return setup_reply(0, ["IN_USE" if used else kind for used, kind in zip(in_use, types, strict=True)])
        number = len(self.input_recipes) + 1
        self.input_recipes[number] = Recipe(number, names, types)
        return setup_reply(number, types)

    def _start(self, _: bytes) -> bytes:
        self._started = self._output is not None
        return bytes([self._started])

    def _pause(self, _: bytes) -> bytes:
        self._started = False
        return b"\x01"


def _read_frequency(payload: bytes) -> float:
    if len(payload) < 8:
        raise SimError(f"RTDE output set-up has {len(payload)} bytes, must have at least 8")
    return float(struct.unpack_from(">d", payload)[0])
