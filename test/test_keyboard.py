"""The keyboard as a device: which keys jog what, of which arm."""

from pathlib import Path

import numpy as np
import pytest
from device_conformance import DeviceConformance, DeviceRig
from motion_fixtures import robot, site

from ros_wam.clock import FakeClock
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.teleop import make_device
from ros_wam.teleop.device import Reading
from ros_wam.teleop.keyboard import ANGULAR_RAD_S, GRIPPER_1_S, JOINT_RAD_S, LINEAR_M_S, Keyboard
from ros_wam.teleop.keyboard import make_device as make
from ros_wam.teleop.keys import KeyState


class TestKeyboard(DeviceConformance):
    @pytest.fixture
    def rig(self) -> DeviceRig:
        clock, embodiment = FakeClock(1_000_000_000), robot()
        return DeviceRig(Keyboard(embodiment, clock), embodiment, clock, {})


def read(keyboard: Keyboard, held: str = "", pressed: str = "") -> Reading:
    keyboard.take(KeyState(frozenset(held.split()), tuple(pressed.split())))
    return keyboard.read()


def opened(name: str = "ur5") -> Keyboard:
    keyboard = Keyboard(robot(name), FakeClock())
    keyboard.open()
    return keyboard


def only_arm(reading: Reading) -> str:
    (arm,) = reading.jogs
    return arm


def test_held_keys_move_the_tool_in_all_directions_at_once() -> None:
    reading = read(opened(), "w r e")  # the base of a UR looks the other way
    jog = reading.jogs[only_arm(reading)]
    assert reading.held
    assert jog.twist is not None
    assert jog.twist.tolist() == [-LINEAR_M_S, 0, LINEAR_M_S, 0, 0, -ANGULAR_RAD_S]
    assert jog.joint_velocity is None


@pytest.mark.parametrize("name", ["ur5", "ur5e", "franka", "arx5", "aloha"])
def test_away_and_left_are_those_of_who_stands_behind_the_arm(name: str) -> None:
    embodiment, keyboard = robot(name), opened(name)
    for arm in embodiment.arms:
        tool = Kinematics(embodiment).tool_pose(embodiment.home_position, arm)[:3, 3]
        forward = tool * [1, 1, 0] / np.linalg.norm(tool[:2])
        left = np.cross([0, 0, 1], forward)
        for keys, axis, along in (("w", forward, slice(0, 3)), ("a", left, slice(0, 3)), ("l", forward, slice(3, 6))):
            twist = read(keyboard, keys).jogs[arm].twist
            assert twist is not None
            assert np.linalg.norm(twist) in (LINEAR_M_S, ANGULAR_RAD_S)
            assert twist[along] @ axis / np.linalg.norm(twist) > np.cos(np.pi / 4)
        read(keyboard, pressed="tab")


def test_opposite_keys_cancel_and_other_keys_hold_nothing() -> None:
    reading = read(opened(), "w s")
    twist = reading.jogs[only_arm(reading)].twist
    assert twist is not None
    assert not twist.any()
    for held in ("", "space", "v", "1", "+", "tab", "enter"):
        assert not read(opened(), held).held
        assert not read(opened(), held).jogs


@pytest.mark.parametrize(("held", "rate"), [("o", GRIPPER_1_S), ("c", -GRIPPER_1_S), ("o w", GRIPPER_1_S)])
def test_the_gripper_opens_and_closes_while_its_key_is_held(held: str, rate: float) -> None:
    reading = read(opened(), held)
    assert reading.held
    assert reading.jogs[only_arm(reading)].gripper == rate


def test_joints_are_selected_by_number_and_turned_by_signs() -> None:
    keyboard = opened()
    read(keyboard, pressed="m 3")
    assert keyboard.selected == "joint3"
    for held, sign in (("+", 1), ("=", 1), ("-", -1), ("_", -1), ("+ =", 1)):
        reading = read(keyboard, held)
        velocity = reading.jogs[only_arm(reading)].joint_velocity
        assert velocity is not None
        assert velocity.tolist() == [0, 0, sign * JOINT_RAD_S, 0, 0, 0]
    assert not read(keyboard, "w").held
    read(keyboard, pressed="9")
    assert keyboard.selected == "joint3"
    read(keyboard, pressed="m")
    assert keyboard.selected == "tool"
    assert not read(keyboard, "+").held


def test_a_number_means_nothing_while_the_tool_is_moved() -> None:
    keyboard = opened()
    read(keyboard, pressed="5")
    read(keyboard, pressed="m")
    assert keyboard.selected == "joint1"


def test_the_other_arm_is_one_key_away() -> None:
    keyboard = opened("aloha")
    assert keyboard.selected == "tool of left"
    assert only_arm(read(keyboard, "w")) == "left"
    assert only_arm(read(keyboard, "w", "tab")) == "right"
    assert keyboard.selected == "tool of right"
    read(keyboard, pressed="m 2")
    assert keyboard.selected == "right_joint2"
    assert only_arm(read(keyboard, "-", "tab")) == "left"


def test_what_was_held_before_it_was_opened_is_not() -> None:
    keyboard = opened()
    read(keyboard, "w")
    keyboard.close()
    keyboard.open()
    assert not keyboard.read().held


def test_it_has_no_settings(tmp_path: Path) -> None:
    assert isinstance(make_device("keyboard", site(), robot(), tmp_path, FakeClock()), Keyboard)
    with pytest.raises(ConfigError, match="leader keys: unknown key speed; a keyboard has no settings"):
        make("keys", {"speed": 1.0}, robot(), tmp_path, FakeClock())
