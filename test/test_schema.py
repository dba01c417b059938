"""From observation to request and from answer to actions."""

import dataclasses

import numpy as np
import pytest
from fake_policy import BASELINE, METADATA, UR5, observation

from ros_wam.errors import PolicyAnswerInvalid, PolicyMismatch
from ros_wam.policy.handshake import check_metadata
from ros_wam.policy.image import resize_with_pad
from ros_wam.policy.profile import DECLARATIONS, RealTimeChunking
from ros_wam.policy.schema import build_request, read_actions, server_infer_ms
from ros_wam.types import Commitment


def test_request_holds_what_the_profile_says() -> None:
    request = build_request(BASELINE, UR5, observation(7, "tidy up"))
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
    profile = dataclasses.replace(BASELINE, prompt_key=None, stamp_key=None)
    left_out = set(build_request(BASELINE, UR5, observation())) - set(build_request(profile, UR5, observation()))
    assert left_out == {"prompt", "observation/stamp_ns"}


def test_what_is_being_executed_goes_in_the_action_layout_where_the_server_takes_it() -> None:
    layout = tuple(reversed(UR5.joint_names))
    profile = dataclasses.replace(BASELINE, action_layout=layout, rtc=RealTimeChunking("left_over", "delay"))
    rows = np.arange(14.0).reshape(2, 7)
    seen = dataclasses.replace(observation(), commitment=Commitment(rows, 3))
    request = build_request(profile, UR5, seen)
    np.testing.assert_array_equal(request["left_over"], rows[:, ::-1])
    assert request["delay"] == 3
    assert not {"left_over", "delay"} & set(build_request(profile, UR5, observation()))
    assert not {"left_over", "delay"} & set(build_request(dataclasses.replace(profile, rtc=None), UR5, seen))


def test_only_a_profile_that_sends_rows_expects_a_server_that_takes_them() -> None:
    for declared in (False, None):
        check_metadata(dataclasses.replace(BASELINE, rtc=None), UR5, {**METADATA, "rtc": declared})


def test_state_goes_in_the_order_of_the_profile() -> None:
    profile = dataclasses.replace(BASELINE, state={"s": ("gripper", "joint2", "joint1")})
    np.testing.assert_array_equal(build_request(profile, UR5, observation())["s"], UR5.home_position[[6, 1, 0]])


def test_actions_keep_what_is_not_finite_for_admission_to_judge() -> None:
    actions = read_actions(BASELINE, {"actions": [[1.0, None]]})
    assert np.isnan(actions[0, 1])


@pytest.mark.parametrize("answer", [None, [], {}, {"other": 1}, {"actions": "text"}, {"actions": [[1], [1, 2]]}])
def test_answers_without_an_array_are_invalid(answer: object) -> None:
    with pytest.raises(PolicyAnswerInvalid):
        read_actions(BASELINE, answer)


def test_server_time_is_optional() -> None:
    assert server_infer_ms({"server_timing": {"infer_ms": 3}}) == 3.0
    for answer in ({}, {"server_timing": 3}, {"server_timing": {}}, {"server_timing": {"infer_ms": "x"}}):
        assert server_infer_ms(answer) is None


@pytest.mark.parametrize("name", DECLARATIONS)
def test_every_declaration_must_agree(name: str) -> None:
    check_metadata(BASELINE, UR5, METADATA)
    for declared in ("something else", [1], None):
        with pytest.raises(PolicyMismatch, match=f"{name}: server "):
            check_metadata(BASELINE, UR5, {**METADATA, name: declared})


def test_declarations_may_be_arrays() -> None:
    check_metadata(BASELINE, UR5, {**METADATA, "image_size": np.array([240, 320]), "rate_hz": np.float32(30)})
    for wrong in ({"image_size": np.array([320, 240])}, {"rate_hz": np.array([30.0, 30.0])}):
        with pytest.raises(PolicyMismatch, match=r"server array"):
            check_metadata(BASELINE, UR5, {**METADATA, **wrong})


@pytest.mark.parametrize("name", DECLARATIONS)
def test_declaration_of_any_depth_and_size_is_told_briefly(name: str) -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for declared in (deep, ["x" * 10**4] * 100):
        with pytest.raises(PolicyMismatch) as caught:
            check_metadata(BASELINE, UR5, {**METADATA, name: declared})
        assert len(str(caught.value)) < 3000


def test_declarations_the_profile_does_not_demand_may_be_absent_but_not_wrong() -> None:
    profile = dataclasses.replace(BASELINE, must_declare=())
    check_metadata(profile, UR5, {})
    with pytest.raises(PolicyMismatch, match=r"rate_hz: server 15, profile 30\.0"):
        check_metadata(profile, UR5, {"rate_hz": 15})


def test_image_of_the_right_size_is_sent_as_it_is() -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    assert resize_with_pad(image, (240, 320)) is image


@pytest.mark.parametrize(
    ("shape", "rows", "columns"), [((480, 640), (28, 196), (0, 224)), ((112, 56), (0, 224), (56, 168))]
)
def test_image_of_another_shape_is_centred_on_black(
    shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    resized = resize_with_pad(np.full((*shape, 3), 200, np.uint8), (224, 224))
    inside = np.zeros((224, 224, 3), bool)
    inside[slice(*rows), slice(*columns)] = True
    assert (resized[inside] == 200).all()
    assert (resized[~inside] == 0).all()
