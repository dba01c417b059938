"""What the driver makes of a line whose adapter passes everything on too late, with the real dynamixel_sdk."""

import os
import select
import threading
import time
import tty
from collections import deque
from collections.abc import Iterator

import pytest

from ros_wam.clock import StationClock
from ros_wam.drivers.dynamixel_port import DynamixelPort
from ros_wam.drivers.dynamixel_servos import NUMBERS, PRESENT_POSITION
from ros_wam.drivers.dynamixel_state import BEGIN, SIZE
from ros_wam.sim.emulators.dynamixel_packet import PacketReader, status

pytest.importorskip("dynamixel_sdk")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]


class LateLine:
    """Servos whose position is when they were asked [ms]; their answers come `late_s` later, all and in order."""

    def __init__(self) -> None:
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        self.path, self.clock = os.ttyname(self._near), StationClock()
        self.late_s, self.is_open = 0.0, True
        self._begin_ns = self.clock.now_ns()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.is_open = False
        self._thread.join()
        os.close(self._far)
        os.close(self._near)

    def now_ms(self) -> int:
        return (self.clock.now_ns() - self._begin_ns) // 1_000_000

    def _serve(self) -> None:
        reader, due = PacketReader(), deque[tuple[float, bytes]]()
        while self.is_open:
            if select.select([self._far], [], [], 5e-4)[0]:
                for packet in reader.feed(os.read(self._far, 4096)):
                    size = int.from_bytes(packet.parameters[2:4], "little")
                    begin = int.from_bytes(packet.parameters[:2], "little")
                    data = bytes(PRESENT_POSITION.address - begin) + self.now_ms().to_bytes(4, "little") + bytes(size)
                    answer = b"".join(status(number, 0, data[:size]) for number in packet.parameters[4:])
                    due.append((time.monotonic() + 0.002 + self.late_s, answer))
            while due and due[0][0] <= time.monotonic():
                os.write(self._far, due.popleft()[1])


@pytest.fixture
def line() -> Iterator[LateLine]:
    made = LateLine()
    yield made
    made.close()


@pytest.mark.parametrize("is_hurried", [False, True])
@pytest.mark.parametrize("late_s", [0.07, 0.1, 0.13, 0.18])
def test_no_answer_is_taken_for_one_to_a_later_question(line: LateLine, late_s: float, is_hurried: bool) -> None:
    port = DynamixelPort(line.path, line.clock)

    def is_read() -> bool:
        asked_ms = line.now_ms()
        answers = port.read(NUMBERS, BEGIN, SIZE, is_hurried=is_hurried)
        assert answers.missing is not None or PRESENT_POSITION.of(answers[1], BEGIN) >= asked_ms
        return answers.missing is None

    line.late_s = late_s
    for _ in range(40 if is_hurried else 8):
        is_read()
    line.late_s = 0.0
    assert any(is_read() for _ in range(100))
    port.close()
