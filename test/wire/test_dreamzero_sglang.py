"""DreamZero behind SGLang, as RLinf asks it: request and answer field by field, its numbers, and its errors."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wire.dreamzero_sglang_server import MAX_SESSIONS, ROWS, WIDTH, DreamzeroSglangServer
from wire.family_conformance import FamilyConformance
from wire.seen import observation, profile_named, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError, SpecError
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.codecs.codec import find_codec
from ros_wam.policy.dialects.dialect import make_dialect
from ros_wam.policy.profile import Profile

FRANKA = robot_named("franka")
NAME = "rlinf_dreamzero"
METADATA = {
    "oxe_droid": {
        "statistics": {
            "state": {
                "joint_position": {"q01": [-4.0] * 7, "q99": [4.0] * 7},
                "gripper_position": {"q01": [0.0], "q99": [1.0]},
            },
            "action": {
                "joint_position": {"q01": [-0.5] * 7, "q99": [0.5] * 7},
                "gripper_position": {"q01": [0.0], "q99": [1.0]},
            },
        }
    }
}


def with_numbers(profile: Profile, folder: Path) -> Profile:
    """The profile with a checkpoint's `metadata.json`."""
    file = folder / "metadata.json"
    file.write_text(json.dumps(METADATA))
    (state,) = profile.request.state
    assert state.normalized is not None
    assert profile.action.normalized is not None
    state = dataclasses.replace(state, normalized=dataclasses.replace(state.normalized, file=file))
    action = dataclasses.replace(profile.action, normalized=dataclasses.replace(profile.action.normalized, file=file))
    return dataclasses.replace(profile, request=dataclasses.replace(profile.request, state=(state,)), action=action)


@contextmanager
def talking(server: DreamzeroSglangServer, folder: Path) -> Iterator[PolicyClient]:
    profile = dataclasses.replace(with_numbers(profile_named(NAME, FRANKA), folder), url=server.url)
    with closing(make_client(profile, FRANKA, StationClock())) as client:
        yield client


def asked(folder: Path) -> dict[str, Any]:
    with DreamzeroSglangServer() as server, talking(server, folder) as client:
        client.reset("Put it in the Box")
        client.infer(observation(FRANKA, prompt="Put it in the Box"))
    return server.requests[0]


def test_cameras_are_one_picture(tmp_path: Path) -> None:
    (((picture,),),) = (asked(tmp_path)["input"]["observation"]["images"],)
    for rows, columns, shade in (
        (slice(0, 176), slice(0, 640), 40),  # wrist
        (slice(176, 352), slice(0, 320), 80),  # global
        (slice(176, 352), slice(320, 640), 120),  # side
    ):
        part = picture[rows, columns]
        np.testing.assert_array_equal(part, np.full(part.shape, [shade, 10, 20]))


def test_prompt_stands_in_the_words_of_the_training(tmp_path: Path) -> None:
    (prompt,) = asked(tmp_path)["input"]["prompt"]
    assert prompt.startswith("A multi-view video shows that a robot put it in the box The video is split into three")
    assert prompt.endswith("(dropped view). The robot put it in the box")


def test_state_is_normalised_and_padded(tmp_path: Path) -> None:
    sent = asked(tmp_path)["input"]["observation"]
    home = FRANKA.home_position[:7]
    np.testing.assert_allclose(sent["state"][0, 0], [*home / 4.0, 0.5, *[0.0] * 56], atol=1e-6)  # three quarters closed
    np.testing.assert_array_equal(sent["state_mask"][0, 0], [True] * 8 + [False] * 56)
    np.testing.assert_array_equal(sent["embodiment_id"], [17])


def test_all_episodes_are_one_session(tmp_path: Path) -> None:
    with DreamzeroSglangServer() as server, talking(server, tmp_path) as client:
        for _ in range(MAX_SESSIONS + 1):
            client.reset("tidy up")
            client.infer(observation(FRANKA))
    parameters = server.requests[-1]["parameters"]
    assert (parameters["session_ids"], parameters["reset_mask"], parameters["seed"]) == (["ros-wam"], [False], 1140)
    assert parameters["negative_prompts"][0].startswith("Vibrant colors, overexposed, static, blurry details, text,")


def test_rows_are_relative_to_the_joints_and_normalised(tmp_path: Path) -> None:
    answer = np.full((ROWS, WIDTH), 0.1)
    answer[:, 3], answer[12:, 7] = -0.2, -0.1
    with DreamzeroSglangServer() as server, talking(server, tmp_path) as client:
        server.answer = lambda request: answer
        actions = client.infer(observation(FRANKA)).actions
    np.testing.assert_allclose(actions, answer, atol=1e-6)
    adapter = ActionAdapter(with_numbers(profile_named(NAME, FRANKA), tmp_path), FRANKA)
    rows = adapter.joint_rows(actions, observation(FRANKA))
    moved = np.full(7, 0.05)
    moved[3] = -0.1
    np.testing.assert_allclose(rows[:, :7], np.tile(FRANKA.home_position[:7] + moved, (ROWS, 1)), atol=1e-6)
    np.testing.assert_array_equal(rows[:, 7], [0.0] * 12 + [1.0] * 12)  # 0.55 and 0.45 of theirs, which is 1 closed


def test_numbers_of_the_checkpoint_are_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"metadata\.json: No such file.* it comes with the policy's checkpoint"):
        make_client(profile_named(NAME, FRANKA), FRANKA, StationClock())


def test_numbers_that_do_not_fit_are_named(tmp_path: Path) -> None:
    profile = with_numbers(profile_named(NAME, FRANKA), tmp_path)
    state = METADATA["oxe_droid"]["statistics"]["state"]
    for numbers, told in (
        ({"joint_position": state["joint_position"]}, "gripper_position is no map; there is: joint_position"),
        ({**state, "gripper_position": {"q01": [0.0]}}, "gripper_position has no list 'q99'; there is: q01"),
        ({**state, "gripper_position": {"q01": [0.0, 0.0], "q99": [1.0, 1.0]}}, "low has 9 columns, must have 8"),
    ):
        other = tmp_path / f"{len(told)}.json"
        other.write_text(json.dumps({"oxe_droid": {"statistics": {"state": numbers}}}))
        (given,) = profile.request.state
        given = dataclasses.replace(given, normalized=dataclasses.replace(given.normalized, file=other))
        wrong = dataclasses.replace(profile, request=dataclasses.replace(profile.request, state=(given,)))
        with pytest.raises(ConfigError, match=told):
            make_client(wrong, FRANKA, StationClock())


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ({"wrist": (185, 337)}, "views are wrist, must be"),
        ({"wrist": (185, 337), "exterior_1": (185, 337), "top": (185, 337)}, "views are wrist, exterior_1, top, must"),
        ({"wrist": (185, 337), "exterior_1": (100, 337)}, r"of \(100, 337\) pixels, must be of \(176, 320\) or more"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(images: dict[str, tuple[int, int]], told: str) -> None:
    pictures = {view: np.zeros((*size, 3), np.uint8) for view, size in images.items()}
    request = {"input": {"prompt": "x", "observation": {"images": pictures, "state": np.zeros(8)}}}
    with pytest.raises(SpecError, match=told):
        make_dialect("dreamzero_sglang", find_codec("openpi"), {}).encode(request)


def test_there_is_nothing_to_set_up() -> None:
    with pytest.raises(ConfigError, match="the dialect dreamzero_sglang takes none"):
        make_dialect("dreamzero_sglang", find_codec("openpi"), {"x": 1})


class TestRlinfDreamzero(FamilyConformance):
    profile, robot, error = NAME, "franka", "Internal Server Error"

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self._folder = tmp_path

    def adapted(self, profile: Profile) -> Profile:
        return with_numbers(profile, self._folder)

    def make_server(self) -> DreamzeroSglangServer:
        return DreamzeroSglangServer()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"prompt": "tidy up"}, "no 'input > observation > state'; there is: prompt"),
        ({"input": {"observation": {"state": np.zeros(7)}}}, r"has shape \(7,\), must have \(8,\)"),
        ({"input": {"observation": {"state": np.zeros(8)}}}, "no 'input > observation > images'; there is: state"),
    ],
)
def test_a_request_of_another_system_is_refused(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make_dialect("dreamzero_sglang", find_codec("openpi"), {}).encode(request_)
