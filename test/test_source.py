"""What a leader's commands become: a motion that goes on as the leader does, for no longer than it may be silent."""

import numpy as np
import pytest
from motion_fixtures import START_NS, robot

from ros_wam.errors import ChunkRefused
from ros_wam.motion.source import LEADER_TIMEOUT_S, Source
from ros_wam.types import ActionChunk, Command, FloatArray, Mode

UR5 = robot()
HOME = UR5.home_position
STEP = np.array([0.01, 0.0, 0.0, 0.0, 0.0, 0.0, -0.1])


class Led:
    """A source in TELEOP and what it makes of commands."""

    def __init__(self) -> None:
        self.source = Source(UR5)
        self.source.change(Mode.TELEOP, START_NS)

    def command(self, position: FloatArray, stamp_ns: int) -> ActionChunk:
        return self.source.teleoperate(Command(stamp_ns, position), position, START_NS, stamp_ns)


def velocity(chunk: ActionChunk) -> FloatArray:
    return np.asarray((chunk.positions[1] - chunk.positions[0]) / chunk.dt_s)


def test_a_leader_is_followed_as_it_goes_on_and_its_grippers_jump() -> None:
    led = Led()
    first = led.command(HOME, START_NS)
    assert (velocity(first) == 0.0).all()
    second = led.command(HOME + STEP, START_NS + 20_000_000)
    np.testing.assert_allclose(velocity(second), [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_array_equal(second.positions[0], HOME + STEP)
    assert second.end_ns - second.t0_ns == round(LEADER_TIMEOUT_S * 1e9)


def test_no_leader_goes_on_faster_than_the_robot_may() -> None:
    led = Led()
    led.command(HOME, START_NS)
    fast = led.command(HOME + 10.0 * STEP, START_NS + 10_000_000)
    assert velocity(fast)[0] == pytest.approx(UR5.velocity[0])


def test_after_a_pause_or_another_mode_a_leader_begins_at_rest() -> None:
    led = Led()
    led.command(HOME, START_NS)
    late_ns = START_NS + round(LEADER_TIMEOUT_S * 1e9) + 1
    assert (velocity(led.command(HOME + STEP, late_ns)) == 0.0).all()
    led.source.change(Mode.TELEOP, late_ns)
    assert (velocity(led.command(HOME, late_ns + 10_000_000)) == 0.0).all()


def test_a_command_of_another_robot_is_refused_and_changes_nothing() -> None:
    led = Led()
    led.command(HOME, START_NS)
    with pytest.raises(ChunkRefused, match="must be"):
        led.command(np.zeros(3), START_NS + 10_000_000)
    assert velocity(led.command(HOME + STEP, START_NS + 20_000_000))[0] == pytest.approx(0.5)


def test_what_is_said_again_goes_on_as_before() -> None:
    led = Led()
    led.command(HOME, START_NS)
    led.command(HOME + STEP, START_NS + 20_000_000)
    again = led.command(HOME + STEP, START_NS + 20_000_000)
    assert velocity(again)[0] == pytest.approx(0.5)
