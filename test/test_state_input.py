"""Joint positions and tool poses as servers want them."""

import dataclasses
from contextlib import closing

import numpy as np
import pytest
from fake_policy import BASELINE, UR5, FakePolicy, observation, profile_for, with_request

from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policy.action_spec import ActionSpec, ToolOffset
from ros_wam.policy.client import make_client
from ros_wam.policy.gripper_range import GripperRange
from ros_wam.policy.server import PolicyServer
from ros_wam.policy.state_input import StateInput, joint_rows, state_vector
from ros_wam.types import FloatArray

HOME = UR5.home_position
DROID = GripperRange(closed=1.0, open=0.0)


def tool_pose(position: FloatArray, arm: str) -> FloatArray:
    """A tool at the first three joint positions, turned half about z."""
    assert arm == "arm"
    pose = np.diag([-1.0, -1.0, 1.0, 1.0])
    pose[:3, 3] = position[:3]
    return pose


def sent(state: StateInput, gripper: GripperRange | None = None) -> object:
    return state_vector(state, gripper or GripperRange(), UR5, observation(), tool_pose)


def test_joints_go_in_the_order_of_the_columns_and_unused_ones_are_zero() -> None:
    vector = sent(StateInput("s", ("joint3", "unused.2", "gripper", "joint1")))
    np.testing.assert_array_equal(vector, [HOME[2], 0.0, 0.0, 1.0, HOME[0]])


def test_grippers_go_in_the_numbers_of_the_server() -> None:
    np.testing.assert_array_equal(sent(StateInput("s", ("gripper",)), DROID), [0.0])
    np.testing.assert_allclose(sent(StateInput("s", ("gripper",)), GripperRange(-1.0, 0.08)), [0.08])


def test_poses_of_tools_stand_beside_joints() -> None:
    vector = sent(StateInput("s", ("arm.xyz", "arm.rpy", "gripper")))
    np.testing.assert_allclose(vector, [*HOME[:3], 0.0, 0.0, np.pi, 1.0], atol=1e-12)


def test_degrees_are_for_joints_and_angles_alone() -> None:
    vector = sent(StateInput("s", ("joint2", "gripper", "arm.xyz", "arm.rpy", "arm.quat_wxyz"), degrees=True))
    expected = [np.degrees(HOME[1]), 1.0, *HOME[:3], 0.0, 0.0, 180.0, 0.0, 0.0, 0.0, 1.0]
    np.testing.assert_allclose(vector, expected, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("axes", "shape"), [("D", (2,)), ("BD", (1, 2)), ("TD", (1, 2)), ("BTD", (1, 1, 2))])
def test_arrays_have_the_axes_and_the_type_that_were_asked_for(dtype: str, axes: str, shape: tuple[int, ...]) -> None:
    vector = sent(StateInput("s", ("joint1", "joint2"), dtype=dtype, axes=axes))
    assert isinstance(vector, np.ndarray)
    assert (vector.dtype, vector.shape) == (np.dtype(dtype), shape)


def test_lists_and_numbers_are_plain() -> None:
    assert sent(StateInput("s", ("joint1", "joint2"), axes="list")) == [float(HOME[0]), float(HOME[1])]
    number = sent(StateInput("s", ("joint2",), axes="number"))
    assert type(number) is float
    assert number == HOME[1]


def test_rows_that_a_server_continues_from_are_in_its_layout_and_its_numbers() -> None:
    rows = np.arange(14.0).reshape(2, 7) / 14.0
    np.testing.assert_allclose(
        joint_rows(rows, ("gripper", "unused.1", "joint2"), UR5, DROID),
        [[1.0 - rows[0, 6], 0.0, rows[0, 1]], [1.0 - rows[1, 6], 0.0, rows[1, 1]]],
    )


@pytest.mark.parametrize(("key", "value"), [("dtype", "int8"), ("axes", "DB")])
def test_wrong_choices_are_named(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"s: {key} is '{value}', must be one of"):
        dataclasses.replace(StateInput("s", ("joint1",)), **{key: value})


def test_a_number_is_of_one_column() -> None:
    profile = with_request(BASELINE, state=(StateInput("s", ("arm.xyz",), axes="number"),))
    with pytest.raises(ConfigError, match="s has 3 columns, must have 1"):
        profile.check_robot(UR5)


def test_columns_are_scaled_where_a_server_measures_otherwise() -> None:
    fingers = sent(StateInput("s", ("joint1", "gripper", "gripper"), scale=(1.0, 0.04, -0.04)))
    np.testing.assert_allclose(fingers, [HOME[0], 0.04, -0.04])
    profile = with_request(BASELINE, state=(StateInput("s", ("joint1", "gripper"), scale=(1.0,)),))
    with pytest.raises(ConfigError, match="s: scale has 1 numbers, must have 2, one a column, or none"):
        profile.check_robot(UR5)


def test_the_pose_that_is_sent_is_that_of_the_tool_that_the_policy_means() -> None:
    policy = FakePolicy()
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        action = ActionSpec("joint_position", 30, tool=ToolOffset(xyz_m=(0.0, 0.0, 0.1)))
        state = StateInput("s", ("arm.xyz",))
        profile = with_request(profile_for(server.url, action=action), state=(state,))
        policy.answer = lambda request: {"actions": np.tile(HOME, (30, 1))}
        with closing(make_client(dataclasses.replace(profile, must_declare=()), UR5, StationClock())) as client:
            client.infer(observation())
    site = Kinematics(UR5).tool_pose(HOME)
    np.testing.assert_allclose(policy.requests[-1]["s"], site[:3, 3] + 0.1 * site[:3, 2])
