"""Moves that overlap add up, and a change of mind breaks neither position nor velocity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.policies.tool_vector import from_matrix, to_matrix
from ros_wam.policies.trajectory import Trajectory

START = np.array([-0.46, 0.0, 0.34, 1.57, 0.0, 0.0])
GOAL = np.array([-0.50, -0.10, 0.12, 1.20, 0.0, 0.0])
OTHER = np.array([-0.40, 0.25, 0.15, 1.80, 0.0, 0.0])


def one_move() -> Trajectory:
    trajectory = Trajectory(START, 1.0)
    trajectory.move_to(GOAL, 1.0, 2.0)
    return trajectory


def test_a_move_leads_from_rest_to_rest() -> None:
    rows = one_move().at(np.array([0.0, 1.0, 1.5, 2.0, 9.0]))
    assert rows[0] == pytest.approx(START)
    assert rows[1] == pytest.approx(START)
    assert rows[2] == pytest.approx((START + GOAL) / 2)
    assert rows[3:] == pytest.approx(np.array([GOAL, GOAL]))
    assert one_move().speed_m_s(1.0) < 0.01
    assert one_move().speed_m_s(1.5) == pytest.approx(1.875 * np.linalg.norm((GOAL - START)[:3]), rel=0.01)


@given(splice_s=st.floats(1.01, 1.99))
@settings(max_examples=20)
def test_a_change_of_mind_is_smooth_and_arrives(splice_s: float) -> None:
    trajectory = one_move()
    trajectory.move_to(OTHER, 2.0, 3.0)
    trajectory.cut(splice_s)
    trajectory.move_to(OTHER, splice_s, splice_s + 1.0)
    assert trajectory.end == pytest.approx(OTHER)
    assert trajectory.at(np.array([trajectory.end_s]))[0] == pytest.approx(OTHER)
    times = np.linspace(0.9, 3.1, 2201)
    bend = np.diff(trajectory.at(times), 2, axis=0) / 1e-6
    assert np.abs(bend).max() < 8.0  # the sum of two moves' peaks, no step in velocity


def test_what_has_begun_is_not_taken_back() -> None:
    trajectory = one_move()
    before = trajectory.at(np.linspace(0.0, 3.0, 50))
    trajectory.cut(1.001)
    assert trajectory.at(np.linspace(0.0, 3.0, 50)) == pytest.approx(before)
    trajectory.cut(1.0)
    assert trajectory.end == pytest.approx(START)


def test_the_past_is_forgotten_without_a_trace() -> None:
    trajectory = one_move()
    trajectory.grip(0.3, 1.5)
    trajectory.cut(20.0)
    assert trajectory.end_s == 0.0
    assert trajectory.at(np.array([20.0]))[0] == pytest.approx(GOAL)
    assert trajectory.opening_at(np.array([20.0]))[0] == 0.3


def test_the_gripper_steps_when_it_is_told() -> None:
    trajectory = one_move()
    trajectory.grip(0.0, 2.0)
    trajectory.grip(0.8, 3.0)
    trajectory.cut(2.5)
    assert trajectory.opening_at(np.array([1.9, 2.0, 3.5])).tolist() == [1.0, 0.0, 0.0]


@given(yaw=st.floats(-3.0, 3.0), tilt=st.floats(0.0, 1.0), towards=st.floats(-np.pi, np.pi), height=st.floats(0.0, 0.5))
@settings(max_examples=30)
def test_poses_survive_as_vectors(yaw: float, tilt: float, towards: float, height: float) -> None:
    vector = np.array([-0.4, 0.1, height, yaw, tilt * np.cos(towards), tilt * np.sin(towards)])
    pose = to_matrix(vector)
    assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
    assert from_matrix(pose) == pytest.approx(vector, abs=1e-7)


def test_no_tilt_points_straight_down() -> None:
    assert to_matrix(START)[:3, 2] == pytest.approx([0.0, 0.0, -1.0])
