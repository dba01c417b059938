"""How much of a leader's way may be taken: limits, margins, obstacles, and one arm without the other."""

from dataclasses import replace

import numpy as np
from motion_fixtures import SETTINGS, robot, site

from ros_wam.calibration import Fixture
from ros_wam.kinematics import Kinematics
from ros_wam.teleop.way import Way

UR5, ALOHA = robot(), robot("aloha")
HOME = UR5.home_position


def lowered(by_m: float) -> np.ndarray:
    kinematics = Kinematics(UR5)
    pose = kinematics.tool_pose(HOME)
    pose[2, 3] -= by_m
    return kinematics.solve(pose, HOME)


def test_a_free_way_is_taken_whole() -> None:
    taken, why = Way(UR5, site()).take(HOME, lowered(0.1))
    assert why == ""
    np.testing.assert_array_equal(taken, lowered(0.1))


def test_the_workspace_ends_a_margin_earlier_than_the_robot_files() -> None:
    way, tool_m = Way(UR5, site()), Kinematics(UR5).tool_position(HOME)[2]
    edge_m = UR5.arms["arm"].workspace.min_m[2] + SETTINGS.workspace_margin_m
    near, beyond = lowered(tool_m - edge_m - 0.001), lowered(tool_m - edge_m + 0.001)
    assert way.take(HOME, near)[1] == ""
    taken, why = way.take(HOME, beyond)
    np.testing.assert_array_equal(taken, HOME)
    assert why.startswith("tool would be at [-0.4") and "row" not in why
    assert way.take(beyond, near)[1] == ""  # who is outside may come back


def test_an_obstacle_stops_the_arm_and_not_its_gripper() -> None:
    way = Way(UR5, replace(site(), fixtures={"shelf": Fixture((-0.7, -0.2, 0.0), (-0.2, 0.2, 0.2))}))
    wanted = lowered(0.2)
    wanted[6] = 0.5
    taken, why = way.take(HOME, wanted)
    assert "shelf" in why
    np.testing.assert_array_equal(taken[:6], HOME[:6])
    assert taken[6] == 0.5


def test_of_two_arms_the_other_goes_on() -> None:
    wanted = ALOHA.home_position.copy()
    wanted[1] += 0.9  # the left arm far forward and down
    wanted[7] += 0.1
    taken, why = Way(ALOHA, site()).take(ALOHA.home_position, wanted)
    assert "left" in why
    np.testing.assert_array_equal(taken[:6], ALOHA.home_position[:6])
    assert taken[7] == wanted[7]
