"""Robot files: joints in one order, limits present and within what the vendor allows."""

import re
from pathlib import Path

import numpy as np
import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError

ROBOTS = sorted((Path(__file__).resolve().parents[1] / "robots").glob("*.yaml"))
# Hard ceilings no robot file may exceed: joint velocity as the vendor states it [rad/s].
VENDOR_VELOCITY = {"ur5": 3.1416, "ur5e": 3.1416}

each_robot = pytest.mark.parametrize("path", ROBOTS, ids=lambda path: path.stem)


@each_robot
def test_every_limit_is_finite_and_within_the_vendors(path: Path) -> None:
    robot = load_embodiment(path)
    arm = ~robot.is_gripper
    assert np.isfinite([robot.lower[arm], robot.upper[arm], robot.acceleration[arm], robot.jerk[arm]]).all()
    assert (robot.velocity[arm] <= VENDOR_VELOCITY[robot.name]).all()
    assert (np.abs(robot.upper[arm]) <= 6.2832).all()


@each_robot
def test_joints_are_listed_once_with_grippers_after_their_arm(path: Path) -> None:
    robot = load_embodiment(path)
    assert robot.joint_names == ("joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "gripper")
    assert robot.is_gripper.tolist() == [False] * 6 + [True]
    assert robot.lower[-1] == 0.0 and robot.upper[-1] == 1.0


@each_robot
def test_the_model_is_beside_the_file(path: Path) -> None:
    assert load_embodiment(path).model == path.with_suffix(".xml")
    assert path.with_suffix(".xml").is_file()


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"velocity_rad_s: 2.0", "velocity_rad_s: .nan", "limits of joint1 are empty or not finite"),
        (r"velocity_rad_s: 2.0", "velocity_rad_s: 0.0", "limits of joint1 are empty or not finite"),
        (r"\[joint1, joint2", "[joint2", "do not name the same joints"),
        (r"\[joint1, joint2", "[joint1, joint1, joint2", "do not name the same joints"),
        (r"min_m: \[[-0-9.]+", "min_m: [.nan", "workspace of arm is empty or not finite"),
        (r"min_m: \[[-0-9.]+", "min_m: [-.inf", "workspace of arm is empty or not finite"),
        (r"max_m: \[[-0-9.]+", "max_m: [-0.80", "workspace of arm is empty or not finite"),
        (r"max_m: \[[-0-9.]+", "max_m: [.inf", "workspace of arm is empty or not finite"),
        (r"control_rate_hz: \S+", "control_rate_hz: 0.0", "control_rate_hz 0.0 must be finite and greater than 0"),
        (r"control_rate_hz: \S+", "control_rate_hz: -125.0", "control_rate_hz -125.0 must be finite"),
        (r"control_rate_hz: \S+", "control_rate_hz: .nan", "control_rate_hz nan must be finite"),
        (r"control_rate_hz: \S+", "control_rate_hz: .inf", "control_rate_hz inf must be finite"),
        (r"speed_1_s: [0-9.]+", "speed_1_s: .nan", "gripper: speed_1_s nan must be finite and greater than 0"),
        (r"speed_1_s: [0-9.]+", "speed_1_s: -1.0", "gripper: speed_1_s -1.0 must be finite"),
        (r"force_n: [0-9.]+", "force_n: .inf", "gripper: force_n inf must be finite"),
        (r"stroke_m: [0-9.]+", "stroke_m: 0.0", "gripper: stroke_m 0.0 must be finite"),
        (r"payload_kg: \S+", "payload_kg: .nan", "payload_kg nan must be finite and at least 0"),
        (r"payload_kg: \S+", "payload_kg: -1.0", "payload_kg -1.0 must be finite"),
        (r"gripper: 1.0\}", "gripper: 1.0, jiont1: 3.0}", "home names .* jiont1; must name joint1"),
        (r", gripper: 1.0\}", "}", "home names .* joint6; must name joint1"),
        (r"gripper: 1.0\}", "gripper: .nan}", "is outside the position limits"),
        (r"start_distance_rad: .*", "", "missing key start_distance_rad"),
        (r"tracking_rad: [0-9.]+", "tracking_rad: .inf", "tracking_rad inf must be finite"),
        (r"home: \{joint1: [-0-9.]+", "home: {joint1: 9.0", "is outside the position limits"),
    ],
)
def test_a_robot_file_without_safe_limits_is_refused(
    tmp_path: Path, pattern: str, replacement: str, words: str
) -> None:
    text, count = re.subn(pattern, replacement, ROBOTS[0].read_text(), count=1)
    assert count == 1
    (tmp_path / "robot.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_embodiment(tmp_path / "robot.yaml")
