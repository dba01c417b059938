"""What a server declares against what the profile expects."""

import copy
import dataclasses
import tracemalloc

import numpy as np
import pytest
from fake_policy import BASELINE, METADATA, UR5, with_request

from ros_wam.errors import ConfigError, PolicyMismatch
from ros_wam.policy.handshake import Handshake, check_metadata, declared_image_size
from ros_wam.policy.image_input import ImageInput
from ros_wam.policy.profile import FITTING, Profile
from ros_wam.policy.state_input import StateInput


def test_only_a_profile_that_sends_rows_expects_a_server_that_takes_them() -> None:
    for declared in (False, None):
        check_metadata(with_request(BASELINE, rtc=None), UR5, {**METADATA, "rtc": declared})


@pytest.mark.parametrize("name", FITTING)
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


@pytest.mark.parametrize("name", FITTING)
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


@pytest.mark.parametrize(("name", "right"), [("state_dim", 7), ("action_dim", 7)])
def test_dimensions_that_are_declared_must_agree(name: str, right: int) -> None:
    check_metadata(BASELINE, UR5, {**METADATA, name: right})
    with pytest.raises(PolicyMismatch, match=f"{name}: server 8, profile 7"):
        check_metadata(BASELINE, UR5, {**METADATA, name: 8})


def test_declarations_are_looked_up_under_the_names_of_the_server() -> None:
    profile = dataclasses.replace(BASELINE, declares={"action_horizon": "config > chunk"}, must_declare=())
    check_metadata(profile, UR5, {"config": {"chunk": 30}, "action_horizon": 5})
    with pytest.raises(PolicyMismatch, match="action_horizon: server 5, profile 30"):
        check_metadata(profile, UR5, {"config": {"chunk": 5}})


def test_a_server_that_comes_back_as_another_is_refused() -> None:
    handshake = Handshake(BASELINE, UR5)
    handshake.check({**METADATA, "checkpoint": {"step": np.array([1, 2])}})
    handshake.check({**METADATA, "checkpoint": {"step": np.array([1, 2])}})
    with pytest.raises(PolicyMismatch, match=r"checkpoint: .*before, .*now"):
        handshake.check({**METADATA, "checkpoint": {"step": np.array([1, 3])}})
    with pytest.raises(PolicyMismatch, match=r"checkpoint: .* None now"):
        handshake.check(METADATA)


def test_what_else_a_server_must_say() -> None:
    profile = dataclasses.replace(BASELINE, must_say={"config > space": ("joint_position",), "cameras": (1, 2)})
    check_metadata(profile, UR5, {**METADATA, "config": {"space": "joint_position"}, "cameras": np.int64(2)})
    told = r"config > space: server None, profile 'joint_position'; cameras: server 3, profile 1 or 2"
    with pytest.raises(PolicyMismatch, match=told):
        check_metadata(profile, UR5, {**METADATA, "cameras": 3})
    with pytest.raises(ConfigError, match=r"must_say: cameras is \[\], must be a list of at least one value"):
        dataclasses.replace(BASELINE, must_say={"cameras": ()})


KEYS = {
    "takes_images": ["global_image"],
    "takes_state": ["joint_position", "gripper_position"],
    "takes_prompt": ["prompt"],
    "gives_actions": ["actions", "video"],
    "image_history": [0],
    "state_history": [0],
}
"""The last keys of what is sent and read; not all of what is sent is taken, nor all of what is given read."""


def keyed() -> Profile:
    """A profile whose keys lie in maps."""
    images = (ImageInput({"wrist": "video > wrist_image", "global": "video > global_image"}),)
    state = (StateInput("state > joint_position", ("joint1",)), StateInput("state > gripper_position", ("gripper",)))
    return with_request(BASELINE, images=images, state=state, prompt_at="language > prompt > 0 > 0")


def test_keys_that_a_server_takes_and_gives_are_compared() -> None:
    check_metadata(keyed(), UR5, {**METADATA, **KEYS, "image_size": None})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"takes_images": ["global_image", "side_image"]},
            r"takes_images: server .*side_image'\], profile ",
        ),
        ({"takes_state": ["eef_9d"]}, r"takes_state: server \['eef_9d'\], profile"),
        ({"takes_prompt": "prompt"}, r"takes_prompt: server 'prompt', profile \['prompt'\]"),
        ({"takes_prompt": [["prompt"]]}, "takes_prompt: server"),
        ({"gives_actions": ["video"]}, r"gives_actions: server \['video'\], profile \['actions'\]"),
        ({"gives_actions": {"actions": 1}}, "gives_actions: server"),
        ({"image_history": [-15, 0]}, r"image_history: server \[-15, 0\], profile \[0\]"),
        ({"state_history": [-1, 0]}, r"state_history: server \[-1, 0\], profile \[0\]"),
    ],
)
def test_other_keys_are_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(PolicyMismatch, match=told):
        check_metadata(keyed(), UR5, {**METADATA, **KEYS, "image_size": None, **change})


def told_by_the_server() -> Profile:
    """A profile whose server tells the size of one of two pictures under a name of its own."""
    images = (ImageInput({"wrist": "w"}, size_from_metadata=True), ImageInput({"global": "g"}, size=(8, 8)))
    return dataclasses.replace(with_request(BASELINE, images=images), declares={"image_size": "image_resolution"})


@pytest.mark.parametrize("told", [[180, 320], (180, 320), np.array([180, 320])])
def test_a_server_may_tell_the_size_of_pictures(told: object) -> None:
    profile = told_by_the_server()
    size = declared_image_size(profile, {"image_resolution": told})
    assert size == (180, 320)
    assert [images.size for images in profile.request.for_image_size(size).images] == [(180, 320), (8, 8)]
    assert declared_image_size(profile, {"image_resolution": None}) is None
    assert profile.request.for_image_size(None) == profile.request


@pytest.mark.parametrize("told", [180, [180], [180, 320, 3], [0, 320], [180, 4097], [180.0, 320], [True, 1], "ab", {}])
def test_what_is_no_size_of_a_picture_is_refused(told: object) -> None:
    with pytest.raises(PolicyMismatch, match=r"image_size is .*, must be a height and a width from 1 to 4096"):
        declared_image_size(told_by_the_server(), {"image_resolution": told})
    declared_image_size(BASELINE, {"image_size": told})  # that of another server is compared, not taken


@pytest.mark.parametrize(
    "value", [[[1], [1, 2]], float("nan"), np.array([np.nan]), [{"mean": (0.0, float("nan"))}], np.str_("x")]
)
def test_a_server_is_the_one_it_was_whatever_it_declares(value: object) -> None:
    handshake = Handshake(BASELINE, UR5)
    for again in (value, copy.deepcopy(value)):
        handshake.check({**METADATA, "statistics": again})
    with pytest.raises(PolicyMismatch, match="is not the server that this run began with: statistics"):
        handshake.check({**METADATA, "statistics": [1]})


def test_declarations_nested_too_deep_are_refused() -> None:
    deep: object = {}
    for _ in range(1000):
        deep = {"x": deep}
    with pytest.raises(PolicyMismatch, match="nested too deep"):
        Handshake(BASELINE, UR5).check({**METADATA, "deep": deep})


def test_a_list_of_texts_is_not_made_an_array() -> None:
    texts = ["x"] * 100 + ["x" * 1_000_000]  # as one, it would take 400 MB
    tracemalloc.start()
    Handshake(BASELINE, UR5).check({**METADATA, "texts": texts})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


@pytest.mark.parametrize("name", ["takes_images", "gives_actions"])
def test_keys_that_are_arrays_are_refused(name: str) -> None:
    with pytest.raises(PolicyMismatch, match=f"{name}: server "):
        check_metadata(BASELINE, UR5, {**METADATA, name: [np.zeros(2)]})
