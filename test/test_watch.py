"""Lag and margins, each at its bound and to both sides."""

from dataclasses import replace

import numpy as np
import pytest
from gate_bench import HOME, KINEMATICS, UR5, away, wide
from motion_fixtures import SETTINGS, state_at

from ros_wam.calibration import SafetySettings
from ros_wam.causes import Cause
from ros_wam.errors import SpecError
from ros_wam.motion.watch import Watch
from ros_wam.types import FloatArray, JointState

STILL = np.zeros(7)
BOX = UR5.arms["arm"].workspace


def watch(settings: SafetySettings = SETTINGS) -> Watch:
    return Watch(UR5, KINEMATICS, settings)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("behind_rad", "cause", "words"),
    [
        (0.1499, None, ""),
        (0.1501, Cause.LAGGING, "joint3 is 0.150 rad from where it was sent, at most 0.15 rad is allowed"),
        (0.2999, Cause.LAGGING, "joint3 is 0.300 rad"),
        (0.3001, Cause.NOT_FOLLOWING, "joint3 is 0.300 rad from where it was sent, at most 0.3 rad is allowed"),
    ],
)
def test_how_far_a_robot_may_be_from_where_it_was_sent(
    sign: int, behind_rad: float, cause: Cause | None, words: str
) -> None:
    found = watch().following(state_at(away(2, sign * behind_rad), 0), away(1, 0.1))
    assert set(found) == (set() if cause is None else {cause})
    assert all(words in text for text in found.values())


def test_at_the_bound_itself_it_still_follows() -> None:
    zero = np.zeros(7)
    assert watch().following(state_at(zero + 0.15, 0), zero) == {}
    assert watch().following(state_at(zero + 0.3, 0), zero).keys() == {Cause.LAGGING}


def test_a_gripper_may_be_anywhere() -> None:
    assert watch().following(state_at(away(6, -1.0), 0), HOME) == {}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("room_rad", "velocity", "near"),
    [
        (0.099, 0.01, True),
        (0.101, 0.01, False),
        (0.099, 0.0021, True),
        (0.099, 0.0019, False),
        (0.099, -0.01, False),
        (-0.01, 0.01, True),
    ],
)
def test_a_joint_is_near_its_limit_within_its_margin_and_on_its_way_there(
    sign: int, room_rad: float, velocity: float, near: bool
) -> None:
    position, moving = np.array(HOME), np.array(STILL)
    position[2] = sign * (UR5.upper[2] - room_rad)
    moving[2] = sign * velocity
    wanted = {Cause.NEAR_LIMIT: "joint3 moves within 0.1 rad of its limit"} if near else {}
    assert Watch(wide(), KINEMATICS, SETTINGS).margins(position, moving) == wanted


def test_a_gripper_may_move_to_its_ends() -> None:
    assert watch().margins(away(6, -0.99), np.eye(7)[6] * -1.0) == {}
    assert watch().margins(HOME, np.eye(7)[6]) == {}


def tool_at(room_m: float, axis: int, upper: bool) -> tuple[FloatArray, FloatArray]:
    """Return joint positions whose tool is `room_m` from one face, and the joint velocity of 1 m/s towards it."""
    pose = KINEMATICS.tool_pose(HOME)
    pose[axis, 3] = BOX.max_m[axis] - room_m if upper else BOX.min_m[axis] + room_m
    position = KINEMATICS.solve(pose, HOME)
    ahead = np.array(pose)
    ahead[axis, 3] += 1e-3 if upper else -1e-3
    return position, (KINEMATICS.solve(ahead, position) - position) / 1e-3


@pytest.mark.parametrize(("axis", "upper"), [(2, False), (1, False), (1, True), (0, True)])
def test_a_tool_is_near_the_edge_within_its_margin_and_on_its_way_there(axis: int, upper: bool) -> None:
    wanted = {Cause.NEAR_LIMIT: "the tool of arm moves within 0.01 m of the edge of its workspace"}
    for room_m, speed_m_s, near in (
        (0.0095, 0.1, True),
        (0.0105, 0.1, False),
        (0.0095, -0.1, False),
        (0.0095, 0.0, False),
        (0.0095, 0.0012, True),
        (0.0095, 0.0008, False),
        (-0.001, 0.1, True),
    ):
        position, towards = tool_at(room_m, axis, upper)
        assert watch().margins(position, towards * speed_m_s) == (wanted if near else {}), (room_m, speed_m_s)


def test_another_edge_than_the_near_one_may_be_approached() -> None:
    position, _ = tool_at(0.0095, 2, False)
    pose = KINEMATICS.tool_pose(position)
    pose[1, 3] += 1e-3
    aside = (KINEMATICS.solve(pose, position) - position) / 1e-3
    assert watch().margins(position, 0.1 * aside) == {}


def test_without_margins_nothing_is_near() -> None:
    settings = SafetySettings(speed_override=1.0, joint_margin_rad=0.0, workspace_margin_m=0.0)
    position, towards = tool_at(0.0001, 2, False)
    assert watch(settings).margins(position, towards * 0.1) == {}


def test_a_force_that_is_limited_must_be_measured() -> None:
    watch().require_force(state_at(HOME, 0))
    blind = JointState(0, HOME, STILL, STILL)
    with pytest.raises(SpecError, match=r"tool_force_n: shape is \(0,\), must be \(1,\): the robot file limits it"):
        watch().require_force(blind)
    unlimited = replace(UR5, arms={"arm": replace(UR5.arms["arm"], tool_force_n=None)})
    Watch(unlimited, KINEMATICS, SETTINGS).require_force(blind)
