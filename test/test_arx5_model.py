"""The MJCF of the L5 and of the X5 against the vendor's kinematics; some values are kept for where it is missing."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

ROBOTS = Path(__file__).parents[1] / "robots"
MODELS = {"arx5": "L5", "arx5_x5": "X5"}
SEVERAL = [  # joints [rad]; position [m] and roll, pitch, yaw [rad] of eef_link: Arx5Solver of arx5-interface 0.1.5
    ("arx5", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.2527, 5e-05, 0.1635, 1.5e-05, 0.0, 0.0)),
    ("arx5", (0.5, 1.2, 0.8, -0.4, 0.3, -0.6), (0.327049, 0.116778, 0.13475, -0.895367, 0.755039, 0.082144)),
    ("arx5", (-1.0, 2.0, 1.0, 0.9, -0.7, 1.1), (0.380783, -0.373619, 0.149002, 1.164553, 0.076433, -0.297538)),
    ("arx5_x5", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.2402, 0.001, 0.1565, -1.5e-05, 0.0, 0.0)),
    ("arx5_x5", (0.5, 1.2, 0.8, -0.4, 0.3, -0.6), (0.316382, 0.115574, 0.136696, -0.895389, 0.755037, 0.082153)),
    ("arx5_x5", (-1.0, 2.0, 1.0, 0.9, -0.7, 1.1), (0.368684, -0.365525, 0.144843, 1.164543, 0.076429, -0.297524)),
]


def placed(robot: str, joints: np.ndarray) -> tuple[mujoco.MjData, np.ndarray]:
    """Return the robot at `joints`, and the rotation of its base."""
    model = mujoco.MjModel.from_xml_path(str(ROBOTS / f"{robot}.xml"))
    data = mujoco.MjData(model)
    data.qpos[:6] = joints
    mujoco.mj_forward(model, data)
    return data, data.body("base").xmat.reshape(3, 3)


def rotation(roll: float, pitch: float, yaw: float) -> np.ndarray:
    (cr, cp, cy), (sr, sp, sy) = np.cos((roll, pitch, yaw)), np.sin((roll, pitch, yaw))
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def assert_same(robot: str, joints: np.ndarray, theirs: np.ndarray) -> None:
    """Within 1 mm and 0.1 deg."""
    data, base = placed(robot, joints)
    np.testing.assert_allclose(base.T @ (data.site("eef").xpos - data.body("base").xpos), theirs[:3], atol=1e-3)
    turned = base.T @ data.site("eef").xmat.reshape(3, 3)
    away = np.arccos(min((np.trace(turned.T @ rotation(*theirs[3:])) - 1.0) / 2.0, 1.0))
    assert np.degrees(away) < 0.1


@pytest.mark.parametrize(("robot", "joints", "theirs"), SEVERAL)
def test_the_model_has_the_kinematics_that_the_library_has(
    robot: str, joints: tuple[float, ...], theirs: tuple[float, ...]
) -> None:
    assert_same(robot, np.array(joints), np.array(theirs))


@pytest.mark.parametrize("robot", MODELS)
def test_the_tool_is_the_librarys_and_looks_out_of_the_gripper_with_y_down_while_the_arm_is_level(robot: str) -> None:
    data, base = placed(robot, np.zeros(6))
    turned = base.T @ data.site("tool").xmat.reshape(3, 3)
    np.testing.assert_allclose(turned, [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-4)
    np.testing.assert_allclose(data.site("tool").xpos, data.site("eef").xpos)


@pytest.mark.vendor
@pytest.mark.slow
@pytest.mark.parametrize("robot", MODELS)
def test_the_model_agrees_with_the_library_everywhere(robot: str) -> None:
    arx5_interface = pytest.importorskip("arx5_interface")
    config = arx5_interface.RobotConfigFactory.get_instance().get_config(MODELS[robot])
    low, high = np.array(config.joint_pos_min), np.array(config.joint_pos_max)
    solver = arx5_interface.Arx5Solver(config.urdf_path, 6, low, high)
    rng = np.random.default_rng(0)
    for joints in rng.uniform(low, high, (50, 6)):
        assert_same(robot, joints, np.array(solver.forward_kinematics(joints)))
