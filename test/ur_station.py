"""The emulated UR controller in virtual time, and a client of its RTDE wire."""

import contextlib
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from loopback import own_address

from ros_wam.sim.emulators.plant import KinematicPlant
from ros_wam.sim.emulators.rtde import Frame, FrameReader, Recipe, encode
from ros_wam.sim.emulators.ur import CB3, UrEmulator, UrModel

HOME = np.array([0.0, -1.5708, 1.5708, -1.5708, -1.5708, 0.0])
OUTPUT_TYPES = {
    "timestamp": "DOUBLE",
    "actual_q": "VECTOR6D",
    "actual_TCP_force": "VECTOR6D",
    "runtime_state": "UINT32",
    "safety_status_bits": "UINT32",
    "output_int_register_0": "INT32",
}
TOOL_OUTPUT_TYPES = OUTPUT_TYPES | {
    "actual_TCP_pose": "VECTOR6D",
    "target_TCP_pose": "VECTOR6D",
    "output_int_register_1": "INT32",
    **{f"output_double_register_{n}": "DOUBLE" for n in range(6)},
}
INPUTS = ["input_int_register_0", "input_int_register_1", *(f"input_double_register_{n}" for n in range(14))]
INPUT_TYPES = ["INT32", "INT32", *["DOUBLE"] * 14]
SERVO_J, MOVE_J, SERVO_STOP, STOP_J, WATCHDOG = 11, 1, 16, 34, 35
READY, DONE = 1, 2


class UrStation:
    """An emulator with a kinematic plant, a virtual clock and clients that read only what has arrived."""

    def __init__(self, model: UrModel = CB3) -> None:
        self.address = own_address()
        self.plant = KinematicPlant(HOME)
        self.emulator = UrEmulator(model, self.address, self.plant, 0.085)
        self.emulator.start()
        self.now_ns = 1_000_000_000
        self.clients: list[socket.socket] = []

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s * self.emulator.rate_hz)):
            self.now_ns += round(1e9 / self.emulator.rate_hz)
            self.plant.step(1.0 / self.emulator.rate_hz)
            self.emulator.cycle(self.now_ns)

    def connect(self, port: int) -> socket.socket:
        client = socket.create_connection((self.address, port), 5.0)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is sent has then arrived, on one host
        client.setblocking(False)
        self.clients.append(client)
        self.run(0.016)
        return client

    def ask(self, client: socket.socket, request: bytes) -> bytes:
        """Send and return everything that has come by the time of the answer; empty after the end of the stream."""
        client.sendall(request)
        for _ in range(100):
            self.run(1.0 / self.emulator.rate_hz)
            try:
                return client.recv(1 << 20)
            except BlockingIOError:
                pass
        raise AssertionError(f"no answer to {request!r}")

    def dashboard(self, client: socket.socket, command: str) -> str:
        return self.ask(client, command.encode() + b"\n").decode().strip()

    def play(self) -> None:
        self.connect(30003).sendall(b'def rtde_control():\n  textmsg("loop")\nend\n')
        self.run(0.1)
        assert self.emulator.is_running


class RtdeClient:
    """The least that ur_rtde does."""

    def __init__(self, station: UrStation, outputs: Mapping[str, str] = OUTPUT_TYPES) -> None:
        self.station = station
        self.socket = station.connect(30004)
        self.reader = FrameReader()
        self.frames: list[tuple[int, bytes]] = []
        self.outputs = Recipe(1, [*outputs], [*outputs.values()])
        self.output_types = tuple(outputs.values())
        self.inputs = Recipe(1, INPUTS, INPUT_TYPES)

    def ask(self, kind: Frame, payload: bytes) -> bytes:
        """Return the answer; what came before it goes to `frames`."""
        self.frames = []
        request = encode(kind, payload)
        while kind not in (answered for answered, _ in self.frames):
            self.frames += self.reader.take(self.station.ask(self.socket, request))
            request = b""
        return next(answer for answered, answer in self.frames if answered == kind)

    def set_up(self) -> None:
        rate_hz = self.station.emulator.rate_hz
        names = ",".join(self.outputs.names).encode()
        assert (
            self.ask(Frame.OUTPUT_SETUP, struct.pack(">d", rate_hz) + names)
            == b"\x01" + ",".join(self.output_types).encode()
        )
        assert self.ask(Frame.INPUT_SETUP, ",".join(INPUTS).encode()) == b"\x01" + ",".join(INPUT_TYPES).encode()
        assert self.ask(Frame.START, b"") == b"\x01"

    def write(self, command: int, doubles: Sequence[float] = (), flag: int = 0) -> None:
        values = dict.fromkeys(INPUTS, 0.0) | {"input_int_register_0": command, "input_int_register_1": flag}
        values |= {f"input_double_register_{n}": value for n, value in enumerate(doubles)}
        self.socket.sendall(encode(Frame.DATA, self.inputs.pack(values)))

    def packages(self) -> list[dict[str, float]]:
        """What has come since the last call. Pausing tells that all of it is here."""
        self.ask(Frame.PAUSE, b"")
        packages = [self.outputs.unpack(payload) for kind, payload in self.frames if kind == Frame.DATA]
        self.ask(Frame.START, b"")
        return packages

    def read(self) -> dict[str, float]:
        """The newest package."""
        self.station.run(0.008)
        return self.packages()[-1]

    def register(self) -> float:
        return self.read()["output_int_register_0"]


@contextlib.contextmanager
def ur_station(model: UrModel) -> Iterator[UrStation]:
    """An emulator of `model` that is closed at the end, with all its clients."""
    opened = UrStation(model)
    yield opened
    for client in opened.clients:
        client.close()
    opened.emulator.close()


def ready_client(station: UrStation, outputs: Mapping[str, str] = OUTPUT_TYPES) -> RtdeClient:
    """A client that has agreed on its recipes and is sent states."""
    client = RtdeClient(station, outputs)
    client.set_up()
    return client
