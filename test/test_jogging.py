"""A tool, a joint or a gripper that is jogged, and where it can go no further."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from motion_fixtures import SETTINGS, robot, site
from session_rig import HOME, KINEMATICS, UR5, SessionRig

from ros_wam.calibration import Fixture
from ros_wam.teleop.device import Jog
from ros_wam.teleop.session import Phase, TeleopSession


def everywhere() -> Any:
    return replace(UR5.arms["arm"].workspace, min_m=(-3.0,) * 3, max_m=(3.0,) * 3)


def jogging(twist: tuple[float, ...] = (), **jog: Any) -> SessionRig:
    rig = SessionRig()
    rig.jogs = {"arm": Jog(np.array(twist) if twist else None, **jog)}
    return rig


def test_a_jogged_tool_goes_straight_as_fast_as_it_is_told_times_the_speed() -> None:
    rig = jogging((0.1, 0.0, -0.05, 0.0, 0.0, 0.0))
    before = KINEMATICS.tool_pose(HOME)
    assert rig.step().phase is Phase.FOLLOWING  # a jog needs no alignment
    rig.step(50)
    after = KINEMATICS.tool_pose(rig.position)
    np.testing.assert_allclose(after[:3, 3] - before[:3, 3], [0.05, 0.0, -0.025], atol=1.5e-3)
    np.testing.assert_allclose(after[:3, :3], before[:3, :3], atol=3e-4)


def test_a_jogged_tool_turns_about_its_bases_axes() -> None:
    rig = jogging((0.0, 0.0, 0.0, 0.0, 0.0, 0.4))
    before = KINEMATICS.tool_pose(HOME)
    rig.step(51)
    after = KINEMATICS.tool_pose(rig.position)
    np.testing.assert_allclose(after[:3, 3], before[:3, 3], atol=1e-4)
    c, s = np.cos(0.2), np.sin(0.2)
    np.testing.assert_allclose(after[:3, :3], np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ before[:3, :3], atol=6e-3)


def test_a_joint_jog_and_the_gripper() -> None:
    rig = jogging(joint_velocity=np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]), gripper=-0.5)
    rig.step(51)
    assert rig.position[5] - HOME[5] == pytest.approx(0.5, abs=1e-3)
    assert rig.position[6] == pytest.approx(0.5, abs=0.02)
    before = rig.position
    rig.jogs = {"arm": Jog()}
    rig.step(20)
    np.testing.assert_array_equal(rig.position, before)


def test_a_jog_stops_where_it_cannot_go_on_and_says_why() -> None:
    rig = jogging((0.0, 0.0, -0.2, 0.0, 0.0, 0.0))
    step = rig.step(400)
    edge_m = UR5.arms["arm"].workspace.min_m[2] + SETTINGS.workspace_margin_m
    assert KINEMATICS.tool_position(rig.position)[2] == pytest.approx(edge_m + 0.004, abs=3e-3)
    assert step.detail.startswith("tool would be at [-0.4")
    assert "the workspace is" in step.detail and "row" not in step.detail
    rig.jogs = {"arm": Jog(np.array([0.0, 0.0, 0.2, 0.0, 0.0, 0.0]))}
    assert rig.step(10).detail == ""  # and back is free


def test_a_jog_that_nothing_reaches_stays() -> None:
    wide = replace(UR5, arms={"arm": replace(UR5.arms["arm"], workspace=everywhere())})
    rig = jogging((-0.3, 0.0, 0.0, 0.0, 0.0, 0.0))
    rig.session = TeleopSession(wide, rig.station)
    details = [rig.step().detail for _ in range(170)]
    assert "" in details
    assert details[-1].startswith(("the tool of arm cannot go on to [-0.", "the tool of arm is led past a singularity"))
    reached = rig.position
    rig.step(5)
    np.testing.assert_allclose(rig.position, reached, atol=1e-2)


def test_an_obstacle_is_not_led_into_and_is_named() -> None:
    rig = jogging((0.0, 0.0, -0.2, 0.0, 0.0, 0.0))
    rig.station = replace(site(), fixtures={"shelf": Fixture((-0.7, -0.2, 0.0), (-0.2, 0.2, 0.15))})
    rig.session = TeleopSession(UR5, rig.station)
    step = rig.step(300)
    assert "shelf" in step.detail and "in each other" in step.detail
    assert KINEMATICS.tool_position(rig.position)[2] > 0.14


def test_of_two_arms_the_one_whose_way_is_free_goes_on() -> None:
    aloha = robot("aloha")
    rig = SessionRig(aloha, replace(site(), fixtures={"table": Fixture((-0.84, -0.62, -0.04), (0.16, 0.62, 0.0))}))
    down = Jog(np.array([0.0, 0.0, -0.1, 0.0, 0.0, 0.0]))
    rig.jogs = {"left": down, "right": Jog()}
    rig.step(300)
    stuck = rig.position[:6].copy()
    rig.jogs = {"left": down, "right": Jog(np.array([0.0, 0.0, 0.1, 0.0, 0.0, 0.0]), gripper=-1.0)}
    step = rig.step(25)
    assert step.detail.startswith("left_tool would be at")
    np.testing.assert_array_equal(rig.position[:6], stuck)
    assert np.abs(rig.position[7:13] - aloha.home_position[7:13]).max() > 0.01
    assert rig.position[13] < 0.7
