"""Dynamixel protocol 2.0 as a servo speaks it: header, length, byte stuffing, CRC (ROBOTIS e-Manual, Protocol 2.0)."""

import struct
from dataclasses import dataclass

HEADER = b"\xff\xff\xfd"
BROADCAST, STATUS = 0xFE, 0x55
PING, READ, WRITE, REBOOT = 0x01, 0x02, 0x03, 0x08
SYNC_READ, SYNC_WRITE, FAST_SYNC_READ, BULK_READ, BULK_WRITE = 0x82, 0x83, 0x8A, 0x92, 0x93
_POLYNOMIAL = 0x8005
_LONGEST = 1024  # what the SDK sends at most


def _table_entry(byte: int) -> int:
    value = byte << 8
    for _ in range(8):
        value = (value << 1) ^ _POLYNOMIAL if value & 0x8000 else value << 1
    return value & 0xFFFF


_CRC = [_table_entry(byte) for byte in range(256)]


@dataclass(frozen=True)
class Packet:
    """Instruction and parameters for one servo, or for all."""

    number: int
    instruction: int
    parameters: bytes


def crc16(data: bytes) -> int:
    """Return the CRC of `data`: polynomial 0x8005, initial value 0."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ _CRC[(value >> 8) ^ byte]
    return value


def encode(packet: Packet) -> bytes:
    """Return the bytes of a packet."""
    body = (bytes([packet.instruction]) + packet.parameters).replace(HEADER, HEADER + b"\xfd")
    data = HEADER + struct.pack("<BBH", 0, packet.number, len(body) + 2) + body
    return data + struct.pack("<H", crc16(data))


def status(number: int, error: int, data: bytes = b"") -> bytes:
    """Return the bytes of a servo's answer."""
    return encode(Packet(number, STATUS, bytes([error]) + data))


def fast_status(answers: list[tuple[int, int, bytes]], length: int) -> list[bytes]:
    """Return the parts of one answer to a fast sync read, by servo: `(id, error, data)` of those that answer.

    `length` is how many were asked: the first servo tells the length for all. Nothing in it is stuffed, and each part
    ends with the CRC of all bytes before.
    """
    size = len(answers[0][2])
    data = HEADER + struct.pack("<BBHB", 0, BROADCAST, length * (size + 4) + 1, STATUS)
    parts, begin = [], 0
    for number, error, value in answers:
        data += bytes([error, number]) + value
        data += struct.pack("<H", crc16(data))
        parts.append(data[begin:])
        begin = len(data)
    return parts


class PacketReader:
    """Finds packets in a stream of bytes; what is no packet, or has a wrong CRC, is left out."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> list[Packet]:
        """Take bytes and return the packets that are complete."""
        self._data += data
        packets = []
        while (begin := self._data.find(HEADER)) >= 0:
            self._data = self._data[begin:]
            if len(self._data) < 7:
                break
            end = 7 + int.from_bytes(self._data[5:7], "little")
            if self._data[3] != 0 or not 10 <= end <= _LONGEST:
                self._data = self._data[3:]
                continue
            if len(self._data) < end:
                break
            packet = _decode(self._data[:end])
            self._data = self._data[end if packet is not None else 3 :]
            if packet is not None:
                packets.append(packet)
        return packets


def _decode(data: bytes) -> Packet | None:
    if crc16(data[:-2]) != int.from_bytes(data[-2:], "little"):
        return None
    body = data[7:-2].replace(HEADER + b"\xfd", HEADER)
    return Packet(data[4], body[0], body[1:])
