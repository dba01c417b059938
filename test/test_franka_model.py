"""The FR3's MJCF, its robot file and the model that the emulated controller gives, against published numbers."""

import math
from pathlib import Path

import mujoco
import numpy as np
import pytest
from emulated_franka import HOME, EmulatedFranka
from loopback import own_address

from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.sim.emulators.fci_model import flange_pose, velocity_limits

FRANKA = load_embodiment(Path(__file__).parents[1] / "robots/franka.yaml")
POSES = np.random.default_rng(7).uniform(FRANKA.lower[:-1], FRANKA.upper[:-1], (50, 7))
DH = [  # a [m], d [m], alpha [rad] (Craig), Franka's "Robot and interface specifications"; the last is the flange
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -math.pi / 2),
    (0.0, 0.316, math.pi / 2),
    (0.0825, 0.0, math.pi / 2),
    (-0.0825, 0.384, -math.pi / 2),
    (0.0, 0.0, math.pi / 2),
    (0.088, 0.0, math.pi / 2),
    (0.0, 0.107, 0.0),
]
HAND_TURN_RAD, HAND_TOOL_M = -math.pi / 4, 0.1034


def dh_flange(position: np.ndarray) -> np.ndarray:
    pose = np.eye(4)
    for (a, d, alpha), theta in zip(DH, [*position, 0.0], strict=True):
        c, s, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
        rows = [[c, -s, 0.0, a], [s * ca, c * ca, -sa, -d * sa], [s * sa, c * sa, ca, d * ca], [0.0, 0.0, 0.0, 1.0]]
        pose = pose @ np.array(rows)
    return pose


def assert_same_pose(pose: np.ndarray, wanted: np.ndarray) -> None:
    assert np.linalg.norm(pose[:3, 3] - wanted[:3, 3]) < 1e-3
    turn = (np.trace(pose[:3, :3].T @ wanted[:3, :3]) - 1.0) / 2.0
    assert math.acos(min(max(turn, -1.0), 1.0)) < math.radians(0.1)


def test_the_tool_is_where_published_kinematics_put_it() -> None:
    kinematics = Kinematics(FRANKA)
    hand = np.eye(4)
    c, s = math.cos(HAND_TURN_RAD), math.sin(HAND_TURN_RAD)
    hand[:2, :2], hand[2, 3] = [[c, -s], [s, c]], HAND_TOOL_M
    # The fingers move along the hand's y, which is our tool's x.
    to_tool = np.array([[0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    for position in POSES:
        assert_same_pose(kinematics.tool_pose(np.append(position, 1.0)), dh_flange(position) @ hand @ to_tool)
        assert_same_pose(flange_pose(position), dh_flange(position))


def test_home_points_the_tool_down_over_the_table() -> None:
    pose = Kinematics(FRANKA).tool_pose(FRANKA.home_position)
    np.testing.assert_allclose(pose[:3, 3], [0.46, 0.0, 0.34], atol=1e-3)
    np.testing.assert_allclose(pose[:3, :3], [[0, -1, 0], [-1, 0, 0], [0, 0, -1]], atol=1e-3)
    np.testing.assert_allclose(FRANKA.home_position[:-1], HOME)


def test_no_position_within_our_limits_asks_for_less_velocity_than_ours() -> None:
    for position in (FRANKA.lower[:-1], FRANKA.upper[:-1], *POSES):
        lowest, highest = velocity_limits(position)
        assert (FRANKA.velocity[:-1] <= np.minimum(-lowest, highest)).all()


def test_nor_do_the_limits_of_systems_before_5_9() -> None:
    # libfranka 0.21, rate_limiting.h: computeUpperLimitsJointVelocity and its counterpart, less kLimitEps
    offset = np.array([0.30, 0.20, 0.20, 0.30, 0.35, 0.35, 0.35])
    doubled = np.array([12.0, 5.17, 7.0, 8.0, 34.0, 11.0, 34.0])
    lower = np.array([-2.7501, -1.7918, -2.9065, -3.0481, -2.8101, 0.54092, -3.0196])
    upper = np.array([2.7501, 1.7918, 2.9065, -0.1458, 2.8101, 4.5205, 3.0196])
    ways = np.minimum(upper - FRANKA.upper[:-1], FRANKA.lower[:-1] - lower)
    assert (FRANKA.velocity[:-1] <= np.sqrt(doubled * ways) - offset - 1e-3).all()


def test_beyond_the_flange_is_the_weight_of_the_hand() -> None:
    model = mujoco.MjModel.from_xml_path(str(FRANKA.model))
    bodies = [model.body(name) for name in ("gripper", "finger_left", "finger_right")]
    assert sum(body.mass[0] for body in bodies) == pytest.approx(0.7126)  # as franka_description has it


@pytest.mark.vendor
@pytest.mark.slow
def test_franky_finds_the_flange_where_the_mjcf_has_it() -> None:
    franky = pytest.importorskip("franky")
    controller = EmulatedFranka(own_address())
    try:
        robot = franky.Robot(controller.address, realtime_config=franky.RealtimeConfig.Ignore)
        unit = franky.Affine()
        for position in POSES[:10]:
            pose = robot.model.pose(franky.Frame.Flange, position, unit, unit)
            assert_same_pose(np.array(pose.matrix), dh_flange(position))
        del robot
    finally:
        controller.close()
