"""The emulated controllers' kinematics: against poses worked out by hand, the robots' MJCF, and themselves."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from ros_wam.sim.emulators.ur_kinematics import UR5_DH, UR5E_DH, UrDh, UrKinematics, pose_of, transform_of

ROBOTS = Path(__file__).resolve().parents[1] / "robots"
both = pytest.mark.parametrize(("robot", "dh"), [("ur5", UR5_DH), ("ur5e", UR5E_DH)])


@both
def test_the_stretched_arm_is_as_long_as_its_dh_parameters_say(robot: str, dh: UrDh) -> None:
    """In the position of all zeros the upper arm and the forearm lie along -x, the wrist along -y and down."""
    pose = UrKinematics(dh).forward(np.zeros(6))
    np.testing.assert_allclose(pose[:3, 3], [dh.a2 + dh.a3, -dh.d4 - dh.d6, dh.d1 - dh.d5], atol=1e-12)
    np.testing.assert_allclose(pose[:3, :3], [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)


@both
def test_the_model_has_its_flange_where_the_controller_says(robot: str, dh: UrDh) -> None:
    """To 1 mm and 0.1 deg, at many positions."""
    model = mujoco.MjModel.from_xml_path(str(ROBOTS / f"{robot}.xml"))
    data, kinematics, rng = mujoco.MjData(model), UrKinematics(dh), np.random.default_rng(0)
    for _ in range(100):
        joints = rng.uniform(-np.pi, np.pi, 6)
        data.qpos[:6] = joints
        mujoco.mj_kinematics(model, data)
        pose = kinematics.forward(joints)
        assert np.linalg.norm(data.site("flange").xpos - pose[:3, 3]) < 1e-3
        turn = pose_of(_rotation(data.site("flange").xmat.reshape(3, 3).T @ pose[:3, :3]))[3:]
        assert np.linalg.norm(turn) < np.deg2rad(0.1)


@both
def test_the_inverse_is_the_solution_nearest_to_the_arm(robot: str, dh: UrDh) -> None:
    kinematics, rng = UrKinematics(dh), np.random.default_rng(1)
    for _ in range(200):
        joints = rng.uniform(-3.0, 3.0, 6)
        joints[4] = np.sign(joints[4]) * max(abs(joints[4]), 0.1)  # away from the singular wrist
        pose = kinematics.forward(joints)
        near = joints + rng.uniform(-0.01, 0.01, 6)
        found = kinematics.inverse(pose, near)
        assert found is not None
        np.testing.assert_allclose(kinematics.forward(found), pose, atol=1e-9)
        assert np.abs(found - near).max() <= np.abs(joints - near).max() + 1e-9


@both
def test_a_singular_wrist_keeps_its_last_joint(robot: str, dh: UrDh) -> None:
    kinematics, joints = UrKinematics(dh), np.array([0.3, -1.2, 1.4, -0.7, 0.0, 0.9])
    found = kinematics.inverse(kinematics.forward(joints), joints)
    assert found is not None
    np.testing.assert_allclose(found, joints, atol=1e-6)


@pytest.mark.parametrize("position_m", [[2.0, 0.0, 0.0], [0.0, 0.0, 1.5], [0.0, 0.05, 0.3], [0.95, 0.0, 0.1]])
def test_out_of_reach_there_is_no_solution(position_m: list[float]) -> None:
    pose = np.eye(4)
    pose[:3, 3] = position_m
    assert UrKinematics(UR5_DH).inverse(pose, np.zeros(6)) is None


def test_joints_stay_within_a_turn_of_zero() -> None:
    kinematics, near = UrKinematics(UR5_DH), np.array([6.2, -1.2, 1.4, -0.7, 1.1, -6.2])
    found = kinematics.inverse(kinematics.forward(near + np.array([0.3, 0.0, 0.0, 0.0, 0.0, -0.3])), near)
    assert found is not None and np.abs(found).max() < 2 * np.pi + 1e-6


def test_poses_are_written_as_urscript_does() -> None:
    pose = np.array([0.1, -0.2, 0.3, 0.0, np.pi / 2, 0.0])
    np.testing.assert_allclose(pose_of(transform_of(pose)), pose, atol=1e-12)
    np.testing.assert_allclose(transform_of(pose)[:3, :3] @ [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], atol=1e-12)


def _rotation(matrix: np.ndarray) -> np.ndarray:
    transform = np.eye(4)
    transform[:3, :3] = matrix
    return transform
