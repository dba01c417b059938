"""A client of the emulated FCI for tests in virtual time: it speaks the wire as libfranka does, one cycle at a time."""

import contextlib
import socket
import struct

import numpy as np
from loopback import own_address

from ros_wam.clock import FakeClock
from ros_wam.sim.emulators.fci import FCI_PORT, FCI_VERSION, STATE, Request
from ros_wam.sim.emulators.franka import FrankaEmulator
from ros_wam.sim.emulators.plant import KinematicPlant

HOME = np.array([0.0, -0.2716, 0.0, -2.3356, 0.0, 2.0640, 0.7854])
STROKE_M = 0.08
TIMEOUT_S = 5.0
_DEVIATIONS = (10.0, 3.12, 6.28) * 2


class FciClient:
    """An emulator with a kinematic plant, and one connection to its arm."""

    def __init__(self, version: int = FCI_VERSION) -> None:
        self.clock, self.plant, self.address = FakeClock(), KinematicPlant(HOME), own_address()
        self.emulator = FrankaEmulator(self.address, self.plant, STROKE_M, self.clock, version)
        self.emulator.start()
        self.tcp = socket.create_connection((self.address, FCI_PORT), TIMEOUT_S)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("", 0))
        self.udp.setblocking(False)
        self.received = 0
        self._numbers = 0
        self._newest = np.zeros(1, STATE)[0]
        self._robot = ("", 0)
        self.cycle()

    def close(self) -> None:
        self.emulator.close()
        self.tcp.close()
        self.udp.close()

    def cycle(self, count: int = 1) -> None:
        """Let cycles of 1 ms pass without an answer to their states."""
        for _ in range(count):
            self.clock.advance_ns(1_000_000)
            self.plant.step(1e-3)
            self.emulator.cycle(self.clock.now_ns())

    def send(self, request: int, payload: bytes = b"") -> int:
        """Make a request, let it be heard, and return its number."""
        self._numbers += 1
        self.tcp.sendall(struct.pack("<III", request, self._numbers, 12 + len(payload)) + payload)
        self.cycle()
        return self._numbers

    def answer(self, number: int) -> bytes:
        """Return what the next answer holds after its header; it must be to the request `number`."""
        _, answered, size = struct.unpack("<III", self._exactly(12))
        assert answered == number
        return self._exactly(size - 12)

    def ask(self, request: int, payload: bytes = b"") -> bytes:
        """Make a request and return what its answer holds after the header."""
        return self.answer(self.send(request, payload))

    def connect(self, version: int = FCI_VERSION) -> bytes:
        return self.ask(Request.CONNECT, struct.pack("<HH", version, self.udp.getsockname()[1]))

    def move(self, generator: int = 0) -> int:
        """Ask for a motion and return the number of the request."""
        return self.send(Request.MOVE, struct.pack("<II6d?7d", 0, generator, *_DEVIATIONS, False, *[0.0] * 7))

    def state(self) -> np.void:
        """Return the newest state."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, self._robot = self.udp.recvfrom(4096)
                self._newest = np.frombuffer(data, STATE)[0]
                self.received += 1
        return self._newest

    def command(self, position: np.ndarray, finished: bool = False, late: int = 0) -> None:
        """Answer the newest state, or one that is `late` cycles older, and let a cycle pass."""
        number = int(self.state()["message_id"]) - late
        values = [*position, *[0.0] * 31]
        data = struct.pack("<Q38d??7d?", number, *values, False, finished, *[0.0] * 7, False)
        self.udp.sendto(data, self._robot)
        self.cycle()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.tcp.recv(size - len(data))
            assert more, "the emulator hung up"
            data += more
        return data
