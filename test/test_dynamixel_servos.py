"""What the ALOHA driver knows of its servos, without its vendor library."""

import math
from typing import Any

import pytest
from emulated_aloha import JAWS
from emulator_process import ROOT
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.clock import FakeClock
from ros_wam.drivers.aloha import open_driver
from ros_wam.drivers.dynamixel_servos import JOINTS, SERVOS, hardware_error_text, radians
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError

ALOHA = load_embodiment(ROOT / "robots/aloha.yaml")
PORTS = {"left": "/dev/l", "right": "/dev/r"}


def test_seven_of_nine_servos_are_commanded_and_the_gripper_is_the_last() -> None:
    assert [servo.number for servo in JOINTS] == [1, 2, 4, 6, 7, 8, 9]
    assert [servo.number for servo in SERVOS] == list(range(1, 10))


@given(st.floats(-3.0, 3.0))
def test_ticks_are_the_nearest(angle: float) -> None:
    assert radians(JOINTS[0].ticks(angle)) == pytest.approx(angle, abs=math.tau / 4096 / 2 + 1e-12)


def test_no_servo_is_sent_beyond_its_own_limits() -> None:
    for servo in SERVOS:
        assert servo.ticks(-4.0) == servo.least and servo.ticks(4.0) == servo.greatest


def test_no_joint_s_limits_are_wider_than_its_servo_s() -> None:
    for arm in ALOHA.arms.values():
        for joint, servo in zip(arm.joints, JOINTS, strict=False):
            low, high = ALOHA.joints[joint].position_rad
            assert radians(servo.least) <= low and high <= radians(servo.greatest)


def test_a_hardware_error_is_told_in_words() -> None:
    assert hardware_error_text(1 << 5) == "overload"
    assert hardware_error_text(1 << 2 | 1) == "input voltage, overheating"
    assert hardware_error_text(1 << 1) == "hardware error 0x02"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ports": {"left": "/dev/l"}}, "ports names left; must name left, right"),
        ({"grippers": {"left": JAWS["left"]}}, "grippers names left"),
        ({"grippers": {**JAWS, "right": {"open_rad": 1.0, "closed_rad": 1.05}}}, "must differ by 0.1 rad"),
        ({"grippers": {**JAWS, "right": {"open_rad": 1.0}}}, "missing key closed_rad"),
        ({"port": "/dev/l"}, "unknown key port"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_opened(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        open_driver(ALOHA, {"ports": PORTS, "grippers": JAWS, **change}, FakeClock())


def test_a_robot_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="arms of 6 joints"):
        open_driver(load_embodiment(ROOT / "robots/franka.yaml"), {"ports": PORTS, "grippers": JAWS}, FakeClock())
