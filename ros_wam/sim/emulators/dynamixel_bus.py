"""An emulated Dynamixel bus: servos on one half-duplex line that answer as late as the line's speed lets them."""

import termios
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ros_wam.sim.emulators import dynamixel_packet as wire
from ros_wam.sim.emulators.dynamixel_packet import Packet, PacketReader
from ros_wam.sim.emulators.dynamixel_port import DynamixelPort
from ros_wam.sim.emulators.dynamixel_servo import DynamixelServo
from ros_wam.sim.emulators.dynamixel_table import ACCESS, DATA_LENGTH, DATA_RANGE, EEPROM_END, INSTRUCTION

BAUD = 1_000_000
BYTE_NS = 10 * 1_000_000_000 // BAUD
"""A start bit, eight bits and a stop bit."""
DELAY_UNIT_NS = 2_000
SLOW_NS = 60_000_000
"""How much later an adapter passes on what its bus says while it is `slow`."""


class DynamixelBus:
    """Serves the instructions that come over its port. `frozen`: nothing passes; `corrupt`: no answer has a right CRC.

    `sense` is called before the servos are read, `drive` after they were written.
    """

    def __init__(
        self, path: Path, servos: Sequence[DynamixelServo], sense: Callable[[], None], drive: Callable[[], None]
    ) -> None:
        self.port = DynamixelPort(path)
        self.frozen = self.corrupt = self.slow = False
        self.reads = 0
        """How many instructions to read several servos have come."""
        self._servos, self._sense, self._drive = servos, sense, drive
        self._reader = PacketReader()
        self._answers: deque[tuple[int, bytes]] = deque()
        self._passed: deque[tuple[int, bytes]] = deque()
        self._now_ns = self._free_ns = 0

    def cycle(self, now_ns: int) -> None:
        """Take what came, and give what is due."""
        self._now_ns = now_ns
        data = self.port.read()
        if data and not self.frozen and self.port.has_baud_rate(termios.B1000000):
            for packet in self._reader.feed(data):
                self._free_ns = now_ns + len(data) * BYTE_NS
                self._answers.clear()  # who speaks while others answer is understood, and they are not
                self._serve(packet)
        while self._answers and self._answers[0][0] <= now_ns:
            due_ns, answer = self._answers.popleft()
            self._passed.append((due_ns + (SLOW_NS if self.slow else 0), answer))
        while self._passed and self._passed[0][0] <= now_ns:  # these nobody can speak over any more
            answer = self._passed.popleft()[1]
            if not self.frozen:
                self.port.write(answer)

    def _serve(self, packet: Packet) -> None:
        match packet.instruction:
            case wire.SYNC_READ | wire.FAST_SYNC_READ | wire.BULK_READ:
                self._read_many(packet)
            case wire.SYNC_WRITE | wire.BULK_WRITE:
                for number, address, data in _writes(packet):
                    self._write(number, address, data)
                self._drive()
            case _:
                for servo in self._hearing([packet.number]):
                    answer = self._answer(servo, packet)
                    if packet.number == servo.number or (packet.number, packet.instruction) == (
                        wire.BROADCAST,
                        wire.PING,
                    ):
                        self._reply(servo, wire.status(servo.number, *answer))
                self._drive()

    def _hearing(self, numbers: Iterable[int]) -> list[DynamixelServo]:
        """Return the servos that are addressed, by ID or secondary ID, and note that they were."""
        wanted = set(numbers)
        found = []
        for servo in self._servos:
            addressed = wire.BROADCAST in wanted or servo.number in wanted or servo.table["secondary_id"] in wanted
            if addressed and servo.can_hear(self._now_ns):
                servo.hear(self._now_ns)
                found.append(servo)
        return found

    def _answer(self, servo: DynamixelServo, packet: Packet) -> tuple[int, bytes]:
        """Carry out an instruction for one servo; return error and data of its answer."""
        parameters = packet.parameters
        if packet.instruction == wire.PING:
            table = servo.table
            return servo.alert, table["model"].to_bytes(2, "little") + bytes([table["firmware"]])
        if packet.instruction == wire.REBOOT:
            servo.reboot(self._now_ns)
            return 0, b""
        if packet.instruction == wire.WRITE and len(parameters) > 2:
            self._sense()
            address = int.from_bytes(parameters[:2], "little")
            error = ACCESS if _is_kept(servo, packet.number, address) else servo.write(address, parameters[2:])
            return error | servo.alert, b""
        if packet.instruction == wire.READ:
            if len(parameters) != 4:
                return DATA_LENGTH | servo.alert, b""
            self._sense()
            data = servo.table.read(*_pair(parameters))
            return servo.alert if data is not None else DATA_RANGE | servo.alert, data or b""
        return INSTRUCTION | servo.alert, b""

    def _write(self, number: int, address: int, data: bytes) -> None:
        for servo in self._hearing([number]):
            if not _is_kept(servo, number, address):
                servo.write(address, data)

    def _read_many(self, packet: Packet) -> None:
        """Answer one after the other: each waits for the one before, so that a silent one mutes all after it."""
        asked = _reads(packet)
        self.reads += 1
        self._sense()
        hearing = {servo.number: servo for servo in self._hearing(number for number, _, _ in asked)}
        answers: list[tuple[int, int, bytes]] = []
        for number, address, size in asked:
            servo = hearing.get(number)
            data = None if servo is None else servo.table.read(address, size)
            if servo is None or data is None:
                break
            answers.append((number, servo.alert, data))
        if packet.instruction == wire.FAST_SYNC_READ:
            parts = wire.fast_status(answers, len(asked)) if answers else []
        else:
            parts = [wire.status(number, error, data) for number, error, data in answers]
        for (number, _, _), part in zip(answers, parts, strict=True):
            self._reply(hearing[number], part)

    def _reply(self, servo: DynamixelServo, answer: bytes) -> None:
        """Put an answer on the line when those before it have passed."""
        if self.corrupt:
            answer = answer[:-1] + bytes([answer[-1] ^ 0xFF])
        self._free_ns += servo.table["return_delay"] * DELAY_UNIT_NS + len(answer) * BYTE_NS
        self._answers.append((self._free_ns, answer))


def _is_kept(servo: DynamixelServo, number: int, address: int) -> bool:
    """Return whether a write to `number` leaves the servo as it is: its EEPROM is not written by its secondary ID."""
    return address < EEPROM_END and number not in (servo.number, wire.BROADCAST)


def _pair(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")


def _reads(packet: Packet) -> list[tuple[int, int, int]]:
    """Return `(id, address, size)` of everything that is to be read."""
    data = packet.parameters
    if packet.instruction == wire.BULK_READ:
        return [(data[k], *_pair(data[k + 1 :])) for k in range(0, len(data) - 4, 5)]
    return [(number, *_pair(data)) for number in data[4:]]


def _writes(packet: Packet) -> list[tuple[int, int, bytes]]:
    """Return `(id, address, data)` of everything that is to be written."""
    data, found = packet.parameters, []
    if packet.instruction == wire.SYNC_WRITE:
        address, size = _pair(data)
        return [(data[k], address, data[k + 1 : k + 1 + size]) for k in range(4, len(data) - size, size + 1)]
    while len(data) >= 5:
        address, size = _pair(data[1:])
        found.append((data[0], address, data[5 : 5 + size]))
        data = data[5 + size :]
    return found
