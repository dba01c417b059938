"""What the motors of an ARX arm say on their bus, heard beside the vendor's library, which does not notice silence."""

import errno
import socket
import struct
from collections.abc import Collection, Mapping

from ros_wam.can_socket import can_socket
from ros_wam.clock import Clock
from ros_wam.errors import DriverError, DriverUnreachable

ANSWER_TIMEOUT_NS, POLL_NS = 200_000_000, 1_000_000
"""How long to wait for what every motor says within 5 ms, and how often to look."""
LOST_NS = 500_000_000
"""Silence of a motor that ends the link: it may have lost its power, and only the library's start enables it again."""
GAP_NS = 25_000_000
"""Frames that may have waited longer than this are no evidence that anyone lives."""
_FRESH_NS = 6_000_000
"""How long to wait for others then: more than two rounds of the library."""
_FRAME = struct.Struct("=IB3x8s")  # struct can_frame
_ENABLE, _CLEAR = bytes([0xFF] * 7 + [0xFC]), bytes([0xFF] * 7 + [0xFB])
_CLEARINGS = 3
_EC_REPLY = 1  # the first three bits of what an EC motor says; in what is said to it they are 0
_ENABLED = 1
_DAMIAO_FAULTS = {
    0: "off",
    8: "over-voltage",
    9: "under-voltage",
    10: "over-current",
    11: "its power stage is too hot",
    12: "its coil is too hot",
    13: "communication lost",
    14: "overload",
}
"""The upper half of the first byte that a Damiao motor says (DM-J4310-2EC V1.2 manual); 1 is enabled and well."""


def open_can(interface: str) -> socket.socket:
    """Return a socket on a CAN interface; raises DriverUnreachable."""
    try:
        return can_socket(interface)
    except OSError as error:
        raise DriverUnreachable(
            f"no CAN interface {interface}: {error.strerror}; bring it up with: "
            f"ip link set {interface} up type can bitrate 1000000"
        ) from error


class MotorBus:
    """Notes when each motor on a CAN interface answered, and whether it says that it is well. Not thread-safe.

    Damiao motors answer under identifier 0 and put their number into the first byte, beside what they are; EC motors
    answer under their own number, which they are commanded by as well, with an error in the last five bits of that byte
    (arx5-sdk @79240ef, libhardware).
    """

    def __init__(
        self, link: socket.socket, interface: str, motors: Mapping[int, str], ec: Collection[int], clock: Clock
    ) -> None:
        """`link` is on `interface`. `motors`: what each is called, by its number; `ec`: which are EC motors."""
        link.setblocking(False)
        self._socket, self._interface, self._ec, self._clock = link, interface, ec, clock
        self.names = motors
        self._listened_ns = self._since_ns = clock.now_ns()
        self.heard_ns = dict.fromkeys(motors, self._listened_ns)
        """When each motor was last heard; at first, when listening began."""
        self.faults: dict[str, str] = {}
        """What each motor that is not well said last. Such a one answers, tells where it is, and exerts nothing."""
        self.commanded_ns = self._listened_ns
        """When the library last said something to a motor."""

    def listen(self) -> None:
        """Take note of what was said since the last call; raises DriverError if the interface is gone.

        Waits for 6 ms if that call is too long ago for what waits to tell anything.
        """
        now_ns = self._clock.now_ns()
        if now_ns - self._listened_ns > GAP_NS:
            self._since_ns = now_ns
            self._drain()
            until_ns = now_ns + _FRESH_NS
            while self._clock.now_ns() < until_ns:
                self._clock.sleep_until_ns(self._clock.now_ns() + POLL_NS)
                self._note(self._drain())
        self._note(self._drain())

    def await_answers(self, numbers: Collection[int]) -> None:
        """Wait until each of these motors was heard from now on; raises DriverUnreachable, DriverError."""
        begin_ns = self._clock.now_ns()
        self.listen()
        while True:
            self._clock.sleep_until_ns(self._clock.now_ns() + POLL_NS)
            self.listen()
            silent = [number for number in numbers if self.heard_ns[number] <= begin_ns]
            if not silent:
                return
            if self._clock.now_ns() > begin_ns + ANSWER_TIMEOUT_NS:
                names = ", ".join(self.names[number] for number in sorted(silent))
                raise DriverUnreachable(
                    f"on {self._interface} no answer of {names}; is the arm powered and the CAN cable in?"
                )

    def silent(self, limit_ns: int) -> dict[str, int]:
        """Return the motors that were not heard for longer than `limit_ns`, and for how long [ns]."""
        now_ns = self._clock.now_ns()
        ages = {self.names[number]: now_ns - heard_ns for number, heard_ns in self.heard_ns.items()}
        return {name: age_ns for name, age_ns in ages.items() if age_ns > limit_ns}

    def listened(self, limit_ns: int) -> bool:
        """Return whether someone listened all the time for longer than `limit_ns`: silence before tells nothing."""
        return self._clock.now_ns() - self._since_ns > limit_ns

    def enable(self, numbers: Collection[int]) -> None:
        """Enable Damiao motors, as the library does when it starts, and clear what those that are not well complain of.

        What a motor was told last it goes on with. Raises DriverUnreachable, DriverError.
        """
        self._order(numbers, _ENABLE)
        for _ in range(_CLEARINGS):
            unwell = [number for number in numbers if self.names[number] in self.faults]
            if not unwell:
                return
            self._order(unwell, _CLEAR)
            self._order(unwell, _ENABLE)
        if self.faults:
            raise DriverUnreachable(f"on {self._interface} {self.fault_words()}; it does not stay on, hold the arm")

    def close(self) -> None:
        """Stop listening. Repeatable."""
        self._socket.close()

    def fault_words(self) -> str:
        """Return what is wrong with the motors that are not well."""
        return ", ".join(f"{name}: {fault}" for name, fault in self.faults.items())

    def _order(self, numbers: Collection[int], order: bytes) -> None:
        for number in numbers:
            try:
                self._socket.send(_FRAME.pack(number, len(order), order))
            except BlockingIOError:
                pass  # its answer is missed
            except OSError as error:
                detail = "no motor acknowledges" if error.errno == errno.ENOBUFS else error.strerror
                raise DriverUnreachable(f"{self._interface} takes no frame: {detail}") from error
        self.await_answers(numbers)

    def _drain(self) -> list[bytes]:
        frames: list[bytes] = []
        while True:
            try:
                data = self._socket.recv(_FRAME.size)
            except BlockingIOError:
                return frames
            except OSError as error:
                raise DriverError(f"{self._interface} is gone: {error.strerror}") from error
            if len(data) != _FRAME.size:
                raise DriverError(f"{self._interface} is gone")
            frames.append(data)

    def _note(self, frames: list[bytes]) -> None:
        now_ns = self._listened_ns = self._clock.now_ns()
        for frame in frames:
            identifier, _, content = _FRAME.unpack(frame)
            if identifier == 0:
                status, number = divmod(content[0], 16)
                fault = None if status == _ENABLED else _DAMIAO_FAULTS.get(status, f"status {status}")
            elif identifier in self._ec and content[0] >> 5 == _EC_REPLY:
                error, number = content[0] & 0x1F, identifier
                fault = f"error {error}" if error else None
            else:
                self.commanded_ns = now_ns
                continue
            if number not in self.heard_ns:
                continue
            self.heard_ns[number] = now_ns
            self.faults.pop(self.names[number], None)
            if fault is not None:
                self.faults[self.names[number]] = fault


def loss(bus: MotorBus, clock: Clock) -> str | None:
    """Listen; return why the link is lost, None while it is not."""
    try:
        bus.listen()
    except DriverError as error:
        return str(error)
    if bus.faults:
        return f"switched off by itself, hold the arm: {bus.fault_words()}"
    if not bus.listened(LOST_NS):
        return None
    if clock.now_ns() - bus.commanded_ns > LOST_NS:
        return (
            f"no frame of arx5_interface reached the motors for {LOST_NS / 1e6:.0f} ms: is the arm powered and the CAN "
            "cable in? If so, the library has stopped; its own words are in the log"
        )
    silent = bus.silent(LOST_NS)
    return no_answer(silent, LOST_NS) if silent else None


def no_answer(silent: Mapping[str, int], limit_ns: int) -> str:
    """Return the words for motors that were not heard for longer than `limit_ns`, as of `MotorBus.silent`."""
    ages = ", ".join(f"{name} for {age_ns / 1e6:.0f} ms" for name, age_ns in silent.items())
    return f"no answer of {ages}, allowed {limit_ns / 1e6:.0f}"
