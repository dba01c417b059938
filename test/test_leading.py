"""A device that comes and goes, and an operator's keys, in front of a session."""

from dataclasses import replace

import numpy as np
import pytest
from motion_fixtures import START_NS, robot, site, state_at

from ros_wam.errors import LeaderError
from ros_wam.teleop.device import Button, Jog, Reading
from ros_wam.teleop.keyboard import Keyboard
from ros_wam.teleop.keys import KeyState
from ros_wam.teleop.leading import ENABLE_NS, REOPEN_NS, Leading
from ros_wam.teleop.session import Phase, TeleopSession, TeleopStep
from ros_wam.types import Mode

PERIOD_NS = 10_000_000
UR5 = robot()


class Leader:
    """Where the robot is, unless it is lost; counts how often it was opened."""

    def __init__(self, rig: "Rig") -> None:
        self.rig = rig
        self.lost, self.opened, self.closed, self.takes_ns = "", 0, 0, 0
        self.reading = Reading(0, joints=UR5.home_position)

    def open(self) -> None:
        self.opened += 1
        if self.lost:
            raise LeaderError(self.lost)

    def read(self) -> Reading:
        if self.lost:
            raise LeaderError(self.lost)
        self.rig.time_ns += self.takes_ns
        return replace(self.reading, stamp_ns=self.rig.now_ns())

    def close(self) -> None:
        self.closed += 1


class Rig:
    def __init__(self) -> None:
        self.time_ns = START_NS
        self.leader = Leader(self)
        self.keys = KeyState()
        self.leading = Leading(self.leader, TeleopSession(UR5, site()), lambda: self.keys)

    def now_ns(self) -> int:
        return self.time_ns

    def step(self, steps: int = 1, held: str = "", pressed: str = "", mode: Mode = Mode.TELEOP) -> TeleopStep:
        for k in range(steps):
            self.time_ns += PERIOD_NS
            self.keys = KeyState(frozenset(held.split()), tuple(pressed.split()) if k == 0 else ())
            state = state_at(UR5.home_position, self.time_ns)
            step = self.leading.step(state, mode, self.now_ns)
        return step


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_leader_without_a_button_of_its_own_is_held_by_the_space_bar(rig: Rig) -> None:
    assert rig.step(100).phase is Phase.RELEASED
    assert rig.step(100, "space").phase is Phase.FOLLOWING
    assert rig.step(1).phase is Phase.RELEASED


def test_keys_that_were_read_before_a_device_kept_everything_waiting_hold_nothing(rig: Rig) -> None:
    assert rig.step(100, "space").phase is Phase.FOLLOWING
    rig.leader.takes_ns = 1_000_000_000
    step = rig.step(1, "space")
    assert (step.command, step.enabled, step.phase) == (None, False, Phase.LOST)
    assert step.detail == "the newest state of the leader is 1.00 s old, at most 0.08 s"


def test_a_leader_with_a_button_is_not(rig: Rig) -> None:
    rig.leader.reading = replace(rig.leader.reading, held=False)
    assert rig.step(100, "space").phase is Phase.RELEASED
    rig.leader.reading = replace(rig.leader.reading, held=True)
    assert rig.step(100).phase is Phase.FOLLOWING
    assert rig.step(1, "v").phase is Phase.CLUTCHED


def test_buttons_are_those_of_the_device_and_of_the_keys(rig: Rig) -> None:
    rig.leader.reading = replace(rig.leader.reading, pressed=(Button.START,))
    assert rig.step(pressed="y w .").pressed == (Button.START, Button.SUCCESS, Button.FASTER)


def test_a_leader_that_is_lost_moves_nothing_and_is_opened_again_every_second(rig: Rig) -> None:
    assert rig.step(100, "space").command is not None
    rig.leader.lost = "no answer of id 3"
    step = rig.step(1, "space")
    assert (step.command, step.phase, step.detail) == (None, Phase.LOST, "no answer of id 3")
    assert (rig.leader.opened, rig.leader.closed) == (1, 1)
    rig.step(1, "space")  # it may have been one answer
    assert rig.leader.opened == 2
    assert not rig.step(99, "space").enabled
    assert rig.leader.opened == 2
    rig.step(1, "space")
    assert rig.leader.opened == 3
    rig.leader.lost = ""
    assert rig.step(REOPEN_NS // PERIOD_NS, "space").phase is Phase.ALIGNING
    assert (rig.leader.opened, rig.leading.lost) == (4, "")
    assert rig.step(100, "space").phase is Phase.FOLLOWING


def test_keys_are_buttons_while_the_leader_is_lost_too(rig: Rig) -> None:
    rig.leader.lost = "unplugged"
    assert rig.step(pressed="x").pressed == (Button.DISCARD,)
    assert rig.step().pressed == ()


def test_a_leader_of_another_robot_is_lost_and_not_a_crash(rig: Rig) -> None:
    rig.leader.reading = Reading(0, jogs={"third": Jog(gripper=1.0)}, held=True)
    step = rig.step(pressed="esc")
    assert (step.command, step.phase, step.pressed) == (None, Phase.LOST, (Button.STOP,))
    assert "third" in step.detail


def test_enable_beats_while_the_robot_is_led_and_at_once_when_that_changes(rig: Rig) -> None:
    following = rig.step(100, "space")
    beats = [rig.leading.beat(following, Mode.TELEOP, k * PERIOD_NS) for k in range(9)]
    assert beats == [True, None, None, None, True, None, None, None, True]
    assert 2 * ENABLE_NS <= 80_000_000
    assert rig.leading.beat(rig.step(), Mode.TELEOP, 8 * PERIOD_NS) is False


@pytest.mark.parametrize("mode", [None, Mode.POLICY, Mode.HOMING, Mode.HOLD, Mode.FAULT])
def test_elsewhere_enable_is_not_the_leaders(rig: Rig, mode: Mode | None) -> None:
    following = rig.step(100, "space")
    assert rig.leading.beat(following, Mode.TELEOP, 0) is True
    assert rig.leading.beat(following, mode, 1) is None
    assert rig.leading.beat(following, Mode.TELEOP, 2) is True


def test_a_keyboard_is_its_keys(rig: Rig) -> None:
    rig.leading = Leading(Keyboard(UR5, rig), TeleopSession(UR5, site()), lambda: rig.keys)  # type: ignore[arg-type]
    assert rig.step(5).phase is Phase.RELEASED
    step = rig.step(5, "r")
    assert step.phase is Phase.FOLLOWING
    assert step.command is not None
    assert np.abs(step.command.position - UR5.home_position).max() > 1e-4
    assert rig.leading.selected == "tool"
    assert rig.step(1, "space").phase is Phase.RELEASED
