"""Robot files: joints in one order, limits present and within what the vendor allows."""

import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_wam.embodiment import Workspace, load_embodiment
from ros_wam.errors import ConfigError

ROBOTS = sorted((Path(__file__).resolve().parents[1] / "robots").glob("*.yaml"))
UR5 = next(path for path in ROBOTS if path.stem == "ur5")

each_robot = pytest.mark.parametrize("path", ROBOTS, ids=lambda path: path.stem)


@each_robot
def test_every_limit_is_finite(path: Path) -> None:
    robot = load_embodiment(path)
    arm = ~robot.is_gripper
    assert np.isfinite([robot.lower[arm], robot.upper[arm], robot.velocity[arm]]).all()
    assert np.isfinite([robot.acceleration[arm], robot.jerk[arm]]).all()


@each_robot
def test_joints_are_listed_once_with_grippers_after_their_arm(path: Path) -> None:
    robot = load_embodiment(path)
    assert robot.joint_names == tuple(name for arm in robot.arms.values() for name in (*arm.joints, arm.gripper))
    assert len(set(robot.joint_names)) == len(robot.joint_names) >= len(robot.arms) * 7
    assert robot.is_gripper.tolist() == [name in robot.grippers for name in robot.joint_names]
    assert (robot.lower[robot.is_gripper] == 0.0).all() and (robot.upper[robot.is_gripper] == 1.0).all()


@pytest.mark.parametrize(("key", "file"), [("driver", "kuka.py"), ("model", "kuka.xml")])
def test_a_file_that_is_not_there_is_told_with_the_robot_file(tmp_path: Path, key: str, file: str) -> None:
    robot = tmp_path / "ur5.yaml"
    shutil.copy(UR5.with_suffix(".xml"), tmp_path)
    robot.write_text(re.sub(rf"^{key}: \S+", f"{key}: {file}", UR5.read_text(), flags=re.MULTILINE))
    with pytest.raises(ConfigError, match=re.escape(f"{robot}: {key}: no such file: {tmp_path / file}")):
        load_embodiment(robot)


@each_robot
def test_the_model_is_beside_the_file(path: Path) -> None:
    assert load_embodiment(path).model == path.with_suffix(".xml")
    assert path.with_suffix(".xml").is_file()


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"velocity_rad_s: 2.0", "velocity_rad_s: .nan", "velocity_rad_s: nan must be finite"),
        (r"velocity_rad_s: 2.0", "velocity_rad_s: 0.0", "limits of joint1 are empty or not finite"),
        (r"\[joint1, joint2", "[joint2", "do not name the same joints"),
        (r"\[joint1, joint2", "[joint1, joint1, joint2", "do not name the same joints"),
        (r"max_m: \[[-0-9.]+", "max_m: [-0.80", "workspace of arm is empty or not finite"),
        (r"control_rate_hz: \S+", "control_rate_hz: 0.0", "control_rate_hz 0.0 must be finite and greater than 0"),
        (r"control_rate_hz: \S+", "control_rate_hz: -125.0", "control_rate_hz -125.0 must be finite"),
        (r"speed_1_s: [0-9.]+", "speed_1_s: -1.0", "gripper: speed_1_s -1.0 must be finite"),
        (r"stroke_m: [0-9.]+", "stroke_m: 0.0", "gripper: stroke_m 0.0 must be finite"),
        (r"payload_kg: \S+", "payload_kg: -1.0", "payload_kg -1.0 must be finite"),
        (r"gripper: 1.0\}", "gripper: 1.0, jiont1: 3.0}", "home names .* jiont1; must name joint1"),
        (r", gripper: 1.0\}", "}", "home names .* joint6; must name joint1"),
        (r"gripper: 1.0\}", "gripper: .nan}", "home: gripper: nan must be finite"),
        (r"start_distance_rad: .*", "", "missing key start_distance_rad"),
        (r"tool_force_n: .*", "", "missing key tool_force_n"),
        (r"tool_force_n: [0-9.]+", "tool_force_n: 0.0", "arm: tool_force_n 0.0 must be finite and greater than 0"),
        (r"tracking_rad: [0-9.]+", "tracking_rad: .inf", "tracking_rad: inf must be finite"),
        (r"home: \{joint1: [-0-9.]+", "home: {joint1: 9.0", "is outside the position limits"),
    ],
)
def test_a_robot_file_without_safe_limits_is_refused(
    tmp_path: Path, pattern: str, replacement: str, words: str
) -> None:
    text, count = re.subn(pattern, replacement, UR5.read_text(), count=1)
    assert count == 1
    (tmp_path / "robot.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_embodiment(tmp_path / "robot.yaml")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_limit_that_is_no_number_is_refused_wherever_it_comes_from(number: float) -> None:
    robot = load_embodiment(UR5)
    arm, joint, gripper = robot.arms["arm"], robot.joints["joint1"], robot.grippers["gripper"]
    box = Workspace((number, -0.55, 0.005), arm.workspace.max_m)
    for changes in (
        {"control_rate_hz": number},
        {"payload_kg": number},
        {"tracking_rad": number},
        {"arms": {"arm": replace(arm, workspace=box)}},
        {"arms": {"arm": replace(arm, tool_force_n=number)}},
        {"joints": {**robot.joints, "joint1": replace(joint, velocity_rad_s=number)}},
        {"grippers": {"gripper": replace(gripper, force_n=number)}},
        {"home": {**robot.home, "gripper": number}},
    ):
        with pytest.raises(ConfigError, match=r"finite|outside"):
            replace(robot, **changes)  # type: ignore[arg-type]
