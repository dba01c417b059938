"""An emulated servo bus under a virtual clock: who answers what, when, and to whom."""

import os
import tempfile
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulated_aloha import make

from ros_wam.errors import SimError
from ros_wam.sim.emulators import dynamixel_packet as wire
from ros_wam.sim.emulators.aloha import AlohaEmulator
from ros_wam.sim.emulators.dynamixel_packet import Packet, PacketReader, encode

STEP_NS = 100_000
POSITION, GOAL = 132, 116


class Line:
    """The left arm's bus as a computer sees it that has opened its port."""

    def __init__(self, folder: Path) -> None:
        self.emulator, self.plants = make(folder)
        self.path = folder / "ttyDXL_follower_left"
        self.now_ns = 0
        self.emulator.start()
        self.port = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.port)
        self.set_baud(termios.B1000000)

    def set_baud(self, rate: int) -> None:
        mode = termios.tcgetattr(self.port)
        mode[4] = mode[5] = rate
        termios.tcsetattr(self.port, termios.TCSANOW, mode)

    def ask(self, number: int, instruction: int, parameters: bytes = b"", duration_s: float = 0.02) -> list[Packet]:
        """Send an instruction and return every answer with the right CRC."""
        os.write(self.port, encode(Packet(number, instruction, parameters)))
        return PacketReader().feed(b"".join(data for _, data in self.run(duration_s)))

    def run(self, duration_s: float) -> list[tuple[int, bytes]]:
        """Let time pass; return what came, and when."""
        came = []
        for _ in range(round(duration_s * 1e9 / STEP_NS)):
            self.now_ns += STEP_NS
            for plant in self.plants.values():
                plant.step(STEP_NS * 1e-9)
            self.emulator.cycle(self.now_ns)
            try:
                came.append((self.now_ns, os.read(self.port, 4096)))
            except BlockingIOError:
                continue
        return came

    def sync_read(self, numbers: list[int]) -> list[int]:
        """Return who answers."""
        answers = self.ask(wire.BROADCAST, wire.SYNC_READ, bytes([POSITION, 0, 4, 0, *numbers]))
        return [answer.number for answer in answers]

    def write(self, number: int, address: int, data: bytes) -> list[int]:
        """Return the errors that were answered."""
        answers = self.ask(number, wire.WRITE, bytes([address, 0]) + data)
        return [answer.parameters[0] for answer in answers]


@pytest.fixture
def line() -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        opened = Line(Path(folder))
        yield opened
        os.close(opened.port)
        opened.emulator.close()
        opened.emulator.close()
        assert not list(Path(folder).iterdir())


def test_every_servo_tells_its_model(line: Line) -> None:
    models = {answer.number: int.from_bytes(answer.parameters[1:3], "little") for answer in line.ask(0xFE, wire.PING)}
    assert models == {**dict.fromkeys(range(1, 8), 1120), 8: 1020, 9: 1020}
    assert line.ask(10, wire.PING) == []


def test_positions_are_the_joints(line: Line) -> None:
    for number, joint in ((1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 4), (8, 5)):
        (answer,) = line.ask(number, wire.READ, bytes([POSITION, 0, 4, 0]))
        position = line.plants["left"].position()[joint]
        ticks = int.from_bytes(answer.parameters[1:], "little", signed=True)
        assert (ticks - 2048) / 4096 * 6.2831853 == pytest.approx(position, abs=8e-4)


def test_a_sync_read_takes_the_time_of_its_bytes(line: Line) -> None:
    os.write(line.port, encode(Packet(0xFE, wire.SYNC_READ, bytes([126, 0, 10, 0, *range(1, 10)]))))
    asked_ns = line.now_ns
    came = line.run(0.02)
    assert len(b"".join(data for _, data in came)) == 9 * 21
    assert came[-1][0] - asked_ns == pytest.approx((9 * 21 + 23) * 10_000, abs=2 * STEP_NS)
    assert came[0][0] - asked_ns == pytest.approx((21 + 23) * 10_000, abs=2 * STEP_NS)


def test_a_silent_servo_mutes_all_after_it(line: Line) -> None:
    assert line.sync_read([1, 2, 4, 9]) == [1, 2, 4, 9]
    line.emulator.inject("silent_servo")
    assert line.sync_read([1, 2, 4, 9]) == [1, 2]
    assert line.sync_read([9]) == [9]
    line.emulator.clear()
    assert line.sync_read([1, 2, 4, 9]) == [1, 2, 4, 9]


def test_fast_sync_read_is_one_answer(line: Line) -> None:
    (answer,) = line.ask(0xFE, wire.FAST_SYNC_READ, bytes([0, 0, 2, 0, 1, 9]))
    first, second = answer.parameters[:4], answer.parameters[6:]
    assert first == bytes([0, 1]) + (1120).to_bytes(2, "little")
    assert second == bytes([0, 9]) + (1020).to_bytes(2, "little")


def test_bulk_read_and_write(line: Line) -> None:
    line.ask(0xFE, wire.BULK_WRITE, bytes([1, 65, 0, 1, 0, 1]) + bytes([6, 98, 0, 1, 0, 9]))
    answers = line.ask(0xFE, wire.BULK_READ, bytes([1, 65, 0, 1, 0]) + bytes([6, 98, 0, 1, 0]))
    assert [(answer.number, answer.parameters[1]) for answer in answers] == [(1, 1), (6, 9)]


def test_a_shadow_obeys_and_does_not_answer(line: Line) -> None:
    assert line.write(2, 64, b"\x01") == [0]
    assert line.emulator.arms[0].servos[3].has_torque
    line.ask(0xFE, wire.SYNC_WRITE, bytes([64, 0, 1, 0, 2, 0]))
    assert not line.emulator.arms[0].servos[3].has_torque


def test_a_shadow_s_eeprom_is_not_written_by_its_secondary_id(line: Line) -> None:
    servos = line.emulator.arms[0].servos
    assert line.write(2, 11, b"\x04") == [0]
    assert servos[2].table["operating_mode"] == 4 and servos[3].table["operating_mode"] == 3
    line.ask(0xFE, wire.SYNC_WRITE, bytes([11, 0, 1, 0, 2, 5]))
    assert servos[2].table["operating_mode"] == 5 and servos[3].table["operating_mode"] == 3
    assert line.write(3, 11, b"\x04") == [0] and servos[3].table["operating_mode"] == 4


def test_two_servos_of_a_joint_that_are_at_odds_hold_it_between_them(line: Line) -> None:
    start = line.plants["left"].position()[2]
    for number, goal in ((4, start), (5, start + 0.2)):
        assert line.write(number, GOAL, (2048 + round(goal * 4096 / 6.2831853)).to_bytes(4, "little")) == [0]
    assert line.write(4, 64, b"\x01") == [0]
    line.run(0.3)
    assert line.plants["left"].position()[2] == pytest.approx(start + 0.1, abs=2e-3)


def test_goals_move_the_arm_and_make_targets_of_both(line: Line) -> None:
    goal = line.plants["left"].position()[0] + 0.2
    ticks = (2048 + round(goal * 4096 / 6.2831853)).to_bytes(4, "little")
    assert line.write(1, GOAL, ticks) == [0] and line.write(1, 64, b"\x01") == [0]
    line.run(0.5)
    assert line.plants["left"].position()[0] == pytest.approx(goal, abs=1e-3)
    assert line.emulator.received_targets() == ()  # the other arm has not been sent anywhere


@pytest.mark.parametrize("fault", ["freeze", "bad_crc", "slow"])
def test_a_bus_with_a_fault_gives_no_good_answer_in_time(line: Line, fault: str) -> None:
    line.emulator.inject(fault)
    assert line.ask(1, wire.PING) == []
    line.emulator.clear()
    line.run(0.1)
    assert [answer.number for answer in line.ask(1, wire.PING)] == [1]


def test_a_slow_bus_answers_all_that_it_was_asked(line: Line) -> None:
    line.emulator.inject("slow")
    assert line.sync_read([1, 2]) == [] and line.sync_read([6, 7]) == []
    late = PacketReader().feed(b"".join(data for _, data in line.run(0.1)))
    assert [answer.number for answer in late] == [1, 2, 6, 7]


def test_an_unplugged_port_is_gone_and_comes_back(line: Line) -> None:
    line.emulator.inject("drop")
    assert not line.path.exists()
    with pytest.raises(OSError, match="Input/output error"):
        os.write(line.port, b"x")
    line.emulator.cycle(line.now_ns + STEP_NS)
    line.emulator.clear()
    assert line.path.exists()


def test_another_baud_rate_is_not_understood(line: Line) -> None:
    line.set_baud(termios.B57600)
    assert line.ask(1, wire.PING) == []


def test_what_is_in_the_way_of_a_port_is_told() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ttyDXL_follower_left").write_text("")
        emulator, _ = make(Path(folder))
        with pytest.raises(SimError, match="ttyDXL_follower_left: File exists"):
            emulator.start()
        (Path(folder) / "ttyDXL_follower_left").unlink()
        (Path(folder) / "ttyDXL_follower_left").symlink_to("/dev/null")  # an emulator that was killed
        emulator.start()
        emulator.close()


def test_unknown_faults_are_told(line: Line) -> None:
    with pytest.raises(SimError, match="overload"):
        line.emulator.inject("protective_stop")


def test_every_fault_can_be_injected(line: Line) -> None:
    for fault in AlohaEmulator.faults:
        line.emulator.inject(fault)
    line.run(0.01)
    line.emulator.clear()
