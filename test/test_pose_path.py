"""Joint positions along paths of tool poses: they reach them, without leaps, and the elbow stays."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.embodiment import load_embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.pose_path import solve_path
from ros_wam.types import FloatArray

ROBOTS = {
    name: load_embodiment(Path(__file__).resolve().parents[1] / f"robots/{name}.yaml") for name in ("franka", "ur5")
}
KINEMATICS = {name: Kinematics(robot) for name, robot in ROBOTS.items()}
FRANKA, FRANKA_KINEMATICS = ROBOTS["franka"], KINEMATICS["franka"]
small = st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3)


def circle(laps: int, radius_m: float = 0.05, rows_a_lap: int = 20) -> FloatArray:
    """Poses `(k, 4, 4)` round a circle that begins at the Franka's home, the tool as it is there."""
    angle = np.arange(laps * rows_a_lap + 1)[:, None] * (2.0 * np.pi / rows_a_lap)
    poses = np.tile(FRANKA_KINEMATICS.tool_pose(FRANKA.home_position), (len(angle), 1, 1))
    poses[:, :3, 3] += radius_m * np.hstack([np.sin(angle), 1.0 - np.cos(angle), 0.0 * angle])
    return poses


@settings(max_examples=30)
@given(name=st.sampled_from(sorted(ROBOTS)), shift=small, step=small, turn=small)
def test_a_smooth_path_is_followed_without_a_leap(
    name: str, shift: list[float], step: list[float], turn: list[float]
) -> None:
    robot, kinematics = ROBOTS[name], KINEMATICS[name]
    start = robot.home_position.copy()
    start[:3] += 0.2 * np.array(shift)
    poses = np.tile(kinematics.tool_pose(start), (10, 1, 1))
    for k in range(1, 10):
        poses[k, :3, 3] = poses[k - 1, :3, 3] + 0.005 * np.array(step)
        poses[k, :3, :3] = cv2.Rodrigues(0.03 * np.array(turn))[0] @ poses[k - 1, :3, :3]
    rows = solve_path(robot, kinematics, poses, start, "arm")
    assert rows.shape == (10, len(robot.joints))
    np.testing.assert_allclose(rows[0], start[:-1], atol=1e-3)
    assert np.abs(np.diff(rows, axis=0)).max() < 0.2
    for pose, row in zip(poses, rows, strict=True):
        np.testing.assert_allclose(kinematics.tool_pose(np.append(row, 1.0)), pose, atol=2e-4)


def test_the_elbow_of_an_arm_with_joints_to_spare_does_not_wander_lap_by_lap() -> None:
    rows = solve_path(FRANKA, FRANKA_KINEMATICS, circle(laps=12), FRANKA.home_position, "arm")
    after_each = rows[20::20]
    drift = np.abs(np.diff(after_each, axis=0)).max(axis=1)
    assert drift[-1] < 0.2 * drift[0]  # it settles: without a pull towards home every lap would add as much
    np.testing.assert_allclose(rows[-1], FRANKA.home_position[:-1], atol=0.08)


def test_a_pose_out_of_reach_is_named_with_its_row() -> None:
    poses = circle(laps=1)
    poses[7, 0, 3] = 2.0
    with pytest.raises(PoseUnreachable, match=r"^row 7: no joint positions of franka .* mm and"):
        solve_path(FRANKA, FRANKA_KINEMATICS, poses, FRANKA.home_position, "arm")
