"""From an observation to a request."""

import dataclasses
from typing import Any

import numpy as np
from fake_policy import BASELINE, UR5, observation, with_request

from ros_wam.policy.profile import Profile
from ros_wam.policy.request_layout import RealTimeChunking
from ros_wam.policy.state_input import StateInput
from ros_wam.types import Commitment, FloatArray, Observation


def build(profile: Profile, seen: Observation, layout: tuple[str, ...] = UR5.joint_names) -> dict[str, Any]:
    return profile.request.build(UR5, seen, seen.prompt, layout, no_pose)


def no_pose(position: FloatArray, arm: str) -> FloatArray:
    raise AssertionError


def test_request_holds_what_the_profile_says() -> None:
    request = build(BASELINE, observation(7, "tidy up"))
    assert set(request) == {
        "observation/wrist_image",
        "observation/global_image",
        "observation/joint_position",
        "observation/gripper_position",
        "observation/stamp_ns",
        "prompt",
    }
    assert request["prompt"] == "tidy up"
    assert request["observation/stamp_ns"] == 7
    assert request["observation/joint_position"].dtype == np.float64
    np.testing.assert_array_equal(request["observation/gripper_position"], [1.0])


def test_prompt_and_stamp_are_left_out_where_the_server_takes_none() -> None:
    profile = with_request(BASELINE, prompt_at=None, stamp_at=None)
    assert set(build(BASELINE, observation())) - set(build(profile, observation())) == {
        "prompt",
        "observation/stamp_ns",
    }


def test_what_is_being_executed_goes_in_the_action_layout_where_the_server_takes_it() -> None:
    layout = tuple(reversed(UR5.joint_names))
    profile = with_request(BASELINE, rtc=RealTimeChunking("left_over", "delay"))
    rows = np.arange(14.0).reshape(2, 7)
    seen = dataclasses.replace(observation(), commitment=Commitment(rows, 3))
    request = build(profile, seen, layout)
    np.testing.assert_array_equal(request["left_over"], rows[:, ::-1])
    assert request["delay"] == 3
    assert not {"left_over", "delay"} & set(build(profile, observation()))
    assert not {"left_over", "delay"} & set(build(with_request(profile, rtc=None), seen))


def test_state_goes_in_the_order_of_the_profile() -> None:
    profile = with_request(BASELINE, state=(StateInput("s", ("gripper", "joint2", "joint1")),))
    np.testing.assert_array_equal(build(profile, observation())["s"], UR5.home_position[[6, 1, 0]])


def test_constants_and_nesting() -> None:
    constants = {"data > options > fast": True, "examples > 0 > n": 1, "examples > 1 > n": 2}
    request = build(with_request(BASELINE, constants=constants), observation())
    assert request["data"] == {"options": {"fast": True}}
    assert request["examples"] == [{"n": 1}, {"n": 2}]
