"""StarVLA, VLA-JEPA and ABot-M0: envelopes, errors that look like answers, actions that the client makes physical."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.seen import observation, profile_named, robot_named
from wire.starvla_server import Request, StarvlaServer, no_step
from wire.talking import talking

from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyMismatch, PolicyUnreachable
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.normalized import Normalized
from ros_wam.policy.profile import Profile

ALOHA, FRANKA = robot_named("aloha"), robot_named("franka")
NO_UNNORM_KEY = "unnorm_key not specified"
JEPA = ("batch_images", "instructions")
ARMS = (*range(6), *range(7, 13))  # of ALOHA's joints, its grippers after them


def aloha_home(request: Request) -> np.ndarray:
    """ALOHA at home, where 1 is half a turn; no state is sent."""
    home = ALOHA.home_position
    return np.concatenate([home[list(ARMS)] / np.pi, home[[6, 13]]])


def new_server() -> StarvlaServer:
    return StarvlaServer(no_step(0.0), 16)


def old_server() -> StarvlaServer:
    return StarvlaServer(no_step(1.0), 16, "normalized_actions")


def jepa_server() -> StarvlaServer:
    return StarvlaServer(no_step(1.0), 7, "normalized_actions", wants=JEPA)


def abot_server() -> StarvlaServer:
    return StarvlaServer(aloha_home, 30, "normalized_actions", flat=True)


def with_numbers(profile: Profile, low: Any, high: Any) -> Profile:
    """`profile` with the numbers that its checkpoint's file would have."""
    normalized = Normalized(low=tuple(low), high=tuple(high))
    return dataclasses.replace(profile, action=dataclasses.replace(profile.action, normalized=normalized))


class TestStarvla(FamilyConformance):
    profile, robot, error = "starvla_franka", "franka", NO_UNNORM_KEY

    def make_server(self) -> StarvlaServer:
        return new_server()


class TestOldStarvla(FamilyConformance):
    profile, robot, error = "starvla_old_franka", "franka", NO_UNNORM_KEY

    def make_server(self) -> StarvlaServer:
        return old_server()

    def adapted(self, profile: Profile) -> Profile:
        return with_numbers(profile, [-0.02] * 3 + [-0.1] * 3 + [-1.0], [0.02] * 3 + [0.1] * 3 + [1.0])


class TestVlaJepa(FamilyConformance):
    profile, robot, error = "vla_jepa_libero", "franka", NO_UNNORM_KEY

    def make_server(self) -> StarvlaServer:
        return jepa_server()

    def adapted(self, profile: Profile) -> Profile:
        return with_numbers(profile, [-0.05] * 3 + [-0.5] * 3 + [-1.0], [0.05] * 3 + [0.5] * 3 + [1.0])


class TestAbotM0(FamilyConformance):
    profile, robot, error = "abot_m0_aloha", "aloha", NO_UNNORM_KEY

    def make_server(self) -> StarvlaServer:
        return abot_server()

    def adapted(self, profile: Profile) -> Profile:
        return with_numbers(profile, [-np.pi] * 12 + [-1.0] * 2, [np.pi] * 12 + [1.0] * 2)


@pytest.mark.parametrize(
    ("make", "name", "rows"), [(new_server, "starvla_franka", 16), (old_server, "starvla_old_franka", 16)]
)
def test_starvla_gets_examples_in_an_envelope(make: Any, name: str, rows: int) -> None:
    with make() as server, talking(name, FRANKA, server) as client:
        seen = observation(FRANKA, prompt="open the drawer")
        assert [client.infer(seen).actions.shape for _ in range(2)] == [(rows, 7)] * 2
        assert [set(each) for each in server.envelopes] == [{"type", "request_id", "payload"}] * 2
        assert server.envelopes[0]["request_id"] != server.envelopes[1]["request_id"]
        (example,) = server.requests[0]["examples"]
        assert set(server.requests[0]) == {"examples"} and set(example) == {"image", "lang"}
        assert example["lang"] == "open the drawer"
        assert [image.shape for image in example["image"]] == [(224, 224, 3)] * 2
        shades = [seen.frames[view].image.max() for view in ("global", "wrist")]
        assert [image.max() for image in example["image"]] == shades


def test_vla_jepa_gets_batches_in_an_envelope() -> None:
    with jepa_server() as server, talking("vla_jepa_libero", FRANKA, server) as client:
        seen = observation(FRANKA, prompt="open the drawer")
        assert client.infer(seen).actions.shape == (7, 7)
        request = server.requests[0]
        assert set(request) == {*JEPA, "do_sample", "use_ddim", "num_ddim_steps"}
        assert request["instructions"] == ["open the drawer"]
        assert [image.shape for image in request["batch_images"][0]] == [(224, 224, 3)] * 2


def test_abot_m0_gets_its_arguments_and_nothing_else() -> None:
    with abot_server() as server, talking("abot_m0_aloha", ALOHA, server) as client:
        seen = observation(ALOHA, prompt="open the drawer")
        assert client.infer(seen).actions.shape == (30, 14)
        assert set(server.requests[0]) == {"examples", "do_sample", "use_ddim", "num_ddim_steps"}
        (example,) = server.requests[0]["examples"]
        shades = [seen.frames[view].image.max() for view in ("high", "left_wrist", "right_wrist")]
        assert [image.max() for image in example["image"]] == shades and example["lang"] == "open the drawer"


def test_an_error_is_told_and_the_next_answer_is_taken() -> None:
    with new_server() as server, talking("starvla_franka", FRANKA, server) as client:
        seen = observation(FRANKA, prompt="x")
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match=NO_UNNORM_KEY):
            client.infer(seen)
        assert client.infer(seen).actions.shape == (16, 7)


def test_an_answer_to_another_request_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with new_server() as server, talking("starvla_franka", FRANKA, server) as client:
        late = {"request_id": "7", "status": "ok", "ok": True, "data": {"actions": np.zeros((1, 16, 7))}}
        monkeypatch.setattr(server, "route", lambda message: late)
        with pytest.raises(PolicyAnswerInvalid, match=r"the answer is to request '7', not to '1'"):
            client.infer(observation(FRANKA, prompt="x"))


def test_pictures_of_another_size_are_refused_before_the_robot_moves() -> None:
    server = StarvlaServer(no_step(0.0), 16, metadata={"training_obs_image_size": [256, 256], "action_chunk_size": 16})
    with server, talking("starvla_franka", FRANKA, server) as client:
        with pytest.raises(PolicyMismatch, match=r"image_size: server \[256, 256\], profile \[224, 224\]"):
            client.connect()
        server.metadata["training_obs_image_size"] = [224, 224]
        client.connect()


def test_a_restarted_server_is_found_again() -> None:
    with new_server() as server, talking("starvla_franka", FRANKA, server) as client:
        seen = observation(FRANKA, prompt="x")
        client.infer(seen)
        server.stop()
        with pytest.raises(PolicyUnreachable):
            client.infer(seen)
        server.start()
        client.infer(seen)


def test_a_policy_without_the_numbers_of_its_checkpoint_is_refused() -> None:
    for name, body in (("starvla_old_franka", FRANKA), ("vla_jepa_libero", FRANKA), ("abot_m0_aloha", ALOHA)):
        with pytest.raises(ConfigError, match=r"dataset_statistics\.json: No such file .* comes with the policy's"):
            ActionAdapter(profile_named(name, body), body)


@pytest.mark.parametrize(
    ("name", "dataset", "high", "step_m", "gripper", "opening"),
    [
        ("starvla_old_franka", "franka", 0.02, 0.01, 0.4, 0.0),
        ("starvla_old_franka", "franka", 0.02, 0.01, 0.6, 1.0),
        ("vla_jepa_libero", "franka", 0.9, 0.0225, 0.4, 0.0),
        ("vla_jepa_libero", "franka", 0.9, 0.0225, 0.6, 1.0),
    ],
)
def test_numbers_of_the_checkpoint_make_steps(
    tmp_path: Path, name: str, dataset: str, high: float, step_m: float, gripper: float, opening: float
) -> None:
    """Half of the largest step downwards."""
    file = tmp_path / "dataset_statistics.json"
    numbers = {"min": [-high] * 6 + [0.0], "max": [high] * 6 + [1.0], "mask": [True] * 6 + [False]}
    file.write_text(json.dumps({dataset: {"action": numbers}}))
    profile = profile_named(name, FRANKA)
    assert profile.action.normalized is not None
    normalized = dataclasses.replace(profile.action.normalized, file=file)
    profile = dataclasses.replace(profile, action=dataclasses.replace(profile.action, normalized=normalized))
    adapter = ActionAdapter(profile, FRANKA)
    rows = adapter.joint_rows(np.array([[0.0, 0.0, -0.5, 0.0, 0.0, 0.0, gripper]]), observation(FRANKA))
    assert adapter._tools is not None
    heights = [adapter._tools._kinematics.tool_pose(row)[2, 3] for row in rows]
    assert heights[0] - heights[1] == pytest.approx(step_m, abs=1e-4)
    assert set(rows[:, 7]) == {opening}
