"""Joint positions along planned paths: the tool is where it should be, and a spare joint does not drift."""

import numpy as np
import pytest
from toy_tabletop import ROOT

from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.joint_rows import joint_rows
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

DT_S = 1 / 30


def around(home: FloatArray, times: int) -> Trajectory:
    """Return a path that leads around above the table, `times` times in 8 s each, and ends where it began."""
    trajectory = Trajectory(home, 1.0)
    corners = [(0.0, 0.15, -0.1), (0.05, 0.15, -0.2), (0.05, -0.15, -0.1), (0.0, 0.0, 0.0)]
    for k in range(4 * times):
        dx, dy, dz = corners[k % 4]
        offset = np.array([dx * np.sign(home[0]), dy, dz, 2.0 * dy, 0.0, 0.0])
        trajectory.move_to(home + offset, 2.0 * k, 2.0 * k + 2.0)
    return trajectory


@pytest.mark.parametrize("robot", ["ur5", "franka"])
def test_the_tool_follows_and_the_arm_comes_back(robot: str) -> None:
    embodiment = load_embodiment(ROOT / f"robots/{robot}.yaml")
    kinematics, home = Kinematics(embodiment), embodiment.home_position
    trajectory = around(tool_vector.from_matrix(kinematics.tool_pose(home)), 3)
    arm, joints = next(iter(embodiment.arms)), home
    for start in range(24):  # as a session asks: one second at a time, from where the robot is
        times = start + np.arange(31) * DT_S
        rows = joint_rows(embodiment, kinematics, {arm: trajectory}, times, joints)
        for row, vector in zip(rows[::10], trajectory.at(times[::10]), strict=True):
            assert kinematics.tool_pose(row) == pytest.approx(tool_vector.to_matrix(vector), abs=2e-4)
        assert (np.abs(np.diff(rows, axis=0)) <= embodiment.velocity * DT_S).all()
        joints = rows[-1]
    assert joints == pytest.approx(home, abs=0.1)


def test_an_elbow_that_is_elsewhere_comes_back_slowly_while_the_tool_rests() -> None:
    embodiment = load_embodiment(ROOT / "robots/franka.yaml")
    kinematics, home = Kinematics(embodiment), embodiment.home_position
    pose = kinematics.tool_pose(home)
    joints = kinematics.solve(pose, home + np.array([0.3, 0, -0.3, 0, 0, 0, 0, 0]))
    away = np.abs(joints - home).max()
    assert away > 0.1
    trajectory = Trajectory(tool_vector.from_matrix(pose), 1.0)
    rows = joint_rows(embodiment, kinematics, {"arm": trajectory}, np.arange(300) * DT_S, joints)
    assert np.abs(rows[-1] - home).max() < 0.2 * away
    assert np.abs(np.diff(rows, axis=0)).max() < 0.004
    assert np.abs(rows[0] - joints).max() < 1e-3
