"""The age of the newest state, after pauses of the process too."""

import pytest

from ros_wam.clock import FakeClock
from ros_wam.drivers.state_age import TURN_NS, UNSEEN_NS, StateAge
from ros_wam.motion.supervisor import HEARTBEAT_TIMEOUT_S

MS = 1_000_000


class Link:
    """States come at `arrivals_ns`; the newest is noted when someone asks."""

    def __init__(self, *arrivals_ns: int) -> None:
        self.clock, self.arrivals_ns, self._received_ns = FakeClock(), arrivals_ns, 0
        self.age = StateAge(self.received_ns, self.clock)

    def received_ns(self) -> int:
        now_ns = self.clock.now_ns()
        if any(self._received_ns < arrival_ns <= now_ns for arrival_ns in self.arrivals_ns):
            self._received_ns = now_ns
        return self._received_ns


def test_silence_that_is_watched_is_told_at_once() -> None:
    link = Link()
    for k in range(1, 100):
        link.clock.advance_ns(8 * MS)
        assert link.age.look_ns() == k * 8 * MS
        assert link.clock.now_ns() == k * 8 * MS


@pytest.mark.parametrize("late_ns", [0, 3 * MS, TURN_NS - MS])
def test_after_a_pause_what_comes_in_its_turn_counts(late_ns: int) -> None:
    pause_ns = 4_000 * MS
    link = Link(pause_ns + late_ns)
    link.clock.advance_ns(pause_ns)
    assert link.age.look_ns() <= MS
    assert pause_ns + late_ns <= link.clock.now_ns() <= pause_ns + late_ns + MS


def test_after_a_pause_lasting_silence_is_told_with_its_whole_length_and_waited_for_once() -> None:
    link = Link()
    link.clock.advance_ns(UNSEEN_NS + MS)
    assert link.age.look_ns() == link.clock.now_ns() == UNSEEN_NS + MS + TURN_NS
    link.clock.advance_ns(MS)
    assert link.age.look_ns() == link.clock.now_ns() == UNSEEN_NS + TURN_NS + 2 * MS


def test_a_control_process_that_waits_is_not_taken_for_one_that_hangs() -> None:
    assert 2 * TURN_NS * 1e-9 <= HEARTBEAT_TIMEOUT_S


def test_a_fresh_state_is_not_waited_for() -> None:
    link = Link(3_990 * MS)
    link.received_ns()
    link.clock.advance_ns(3_990 * MS)
    link.received_ns()
    link.clock.advance_ns(10 * MS)
    assert link.age.look_ns() == 10 * MS and link.clock.now_ns() == 4_000 * MS
