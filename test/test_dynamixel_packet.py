"""Dynamixel protocol 2.0 as the emulated servos speak it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.sim.emulators.dynamixel_packet import HEADER, PING, READ, Packet, PacketReader, crc16, encode, status

TRICKY = [b"\xff", b"\xfd", b"\x00", HEADER, b"\xff\xff", b"\x55"]
PARAMETERS = st.lists(st.sampled_from(TRICKY) | st.binary(max_size=9))


def packets(parameters: list[bytes]) -> Packet:
    return Packet(3, READ, b"".join(parameters))


def test_the_manual_s_own_packets_are_made() -> None:
    """ROBOTIS e-Manual, Protocol 2.0: ping ID 1, its answer by a model 1030 of firmware 38, read of 4 bytes at 132."""
    assert encode(Packet(1, PING, b"")).hex(" ") == "ff ff fd 00 01 03 00 01 19 4e"
    assert status(1, 0, bytes([6, 4, 38])).hex(" ") == "ff ff fd 00 01 07 00 55 00 06 04 26 65 5d"
    assert encode(Packet(1, READ, bytes([132, 0, 4, 0]))).hex(" ") == "ff ff fd 00 01 07 00 02 84 00 04 00 1d 15"


@given(PARAMETERS)
def test_what_is_encoded_is_decoded(parameters: list[bytes]) -> None:
    packet = packets(parameters)
    data = encode(packet)
    body = data[7:-2]
    assert all(body[at + 3 : at + 4] == b"\xfd" for at in range(len(body)) if body[at:].startswith(HEADER))
    assert PacketReader().feed(data) == [packet]


@given(PARAMETERS, st.binary(max_size=6), st.data())
def test_packets_are_found_in_pieces_and_after_noise(parameters: list[bytes], noise: bytes, cut: st.DataObject) -> None:
    packet, reader = packets(parameters), PacketReader()
    stream = noise.replace(b"\xff", b"\x00") + encode(packet) + encode(packet)
    at = cut.draw(st.integers(0, len(stream)))
    assert reader.feed(stream[:at]) + reader.feed(stream[at:]) == [packet, packet]


@given(PARAMETERS, st.data())
def test_a_changed_bit_is_noticed(parameters: list[bytes], where: st.DataObject) -> None:
    packet = packets(parameters)
    data = bytearray(encode(packet))
    data[where.draw(st.integers(7, len(data) - 1))] ^= 1 << where.draw(st.integers(0, 7))
    assert packet not in PacketReader().feed(bytes(data))


@pytest.mark.parametrize(("data", "crc"), [(b"", 0), (b"\x00\x00", 0), (b"\x01", 0x8005)])
def test_the_crc_begins_at_zero(data: bytes, crc: int) -> None:
    assert crc16(data) == crc
