"""SGLang's path for actions, and GR00T N1.5 over HTTP: what they state, each request and answer, and their errors."""

import dataclasses

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.gr00t_http_server import ROWS, Gr00tHttpServer
from wire.http_server import told
from wire.seen import PROMPT, eightfold, observation, profile_named, robot_named
from wire.sglang_server import METADATA, SglangServer
from wire.talking import joint_rows, sent, talking

from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyMismatch
from ros_wam.policy.client import make_client
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.share import share_dir

UR5 = robot_named("ur5")
HOME = observation(UR5).joint_state.position


def test_sglang_is_sent_pictures_and_joints() -> None:
    request = sent("sglang_actions", UR5, SglangServer())
    pictures = request["input"]["observation"].pop("images")
    for key, shade in (("base_0_rgb", 80), ("left_wrist_0_rgb", 40)):
        picture = pictures.pop(key)
        assert (picture.dtype, picture.shape) == (np.uint8, (224, 224, 3))
        np.testing.assert_array_equal(picture[112, 112], [shade, 10, 20])
    state = request["input"]["observation"].pop("state")
    assert state.dtype == np.float32
    np.testing.assert_allclose(state, HOME / 8.0, rtol=1e-6)  # normalised
    runtime = {"response_format": "envelope", "output_format": "numpy"}
    assert request == {"input": {"task": PROMPT, "observation": {}}, "runtime": runtime}
    assert pictures == {}


def test_gr00t_is_sent_flat_keys_with_an_axis_of_time() -> None:
    request = sent("gr00t_n15_http", UR5, Gr00tHttpServer())
    for key, shade in (("video.front", 80), ("video.wrist", 40)):
        picture = request.pop(key)
        assert (picture.dtype, picture.shape) == (np.uint8, (1, 480, 640, 3))
        np.testing.assert_array_equal(picture[0, 240, 320], [shade, 10, 20])
    arm, gripper = request.pop("state.single_arm"), request.pop("state.gripper")
    assert arm.dtype == gripper.dtype == np.float64
    np.testing.assert_array_equal(arm, [HOME[:6]])
    np.testing.assert_array_equal(gripper, [[0.25]])
    assert request == {"annotation.human.task_description": [PROMPT]}


@pytest.mark.parametrize(("name", "rows", "scale"), [("sglang_actions", 50, 8.0), ("gr00t_n15_http", ROWS, 1.0)])
def test_rows_are_positions(name: str, rows: int, scale: float) -> None:
    answer = np.arange(rows * 7.0).reshape(rows, 7) / 1024.0 / scale
    with SglangServer() if rows == 50 else Gr00tHttpServer() as server, talking(name, UR5, server) as client:
        server.answer = lambda request: answer
        np.testing.assert_array_equal(client.infer(observation(UR5)).actions, answer)
    np.testing.assert_allclose(joint_rows(name, UR5, answer), scale * answer, atol=1e-12)


def test_numbers_of_sglangs_checkpoint_are_asked_for() -> None:
    for name in ("sglang_actions", "sglang_openpi"):
        profile = load_profile(share_dir() / f"config/policies/{name}.yaml").for_robot(UR5)
        with pytest.raises(ConfigError, match=r"norm_stats\.json: No such file.* the policy's checkpoint"):
            make_client(profile, UR5, StationClock())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"output": {**METADATA["output"], "action_horizon": 10}}, "action_horizon: server 10, profile 50"),
        ({"output": {**METADATA["output"], "action_dim": 32}}, "action_dim: server 32, profile 7"),
        ({"object": "model"}, "object: server 'model', profile 'action.metadata'"),
    ],
)
def test_sglang_that_states_another_model_is_refused(changed: dict[str, object], told: str) -> None:
    with SglangServer() as server, talking("sglang_actions", UR5, server) as client:
        server.metadata = {**METADATA, **changed}
        with pytest.raises(PolicyMismatch, match=told):
            client.connect()


def test_server_that_comes_back_with_another_model_is_refused() -> None:
    with SglangServer() as server, talking("sglang_actions", UR5, server) as client:
        client.infer(observation(UR5))
        server.stop()
        server.metadata = {**METADATA, "model": "another"}
        server.start()
        with pytest.raises(PolicyMismatch, match="model: 'pi05' before, 'another' now"):
            client.infer(observation(UR5))


def test_server_that_is_no_gr00t_is_refused() -> None:
    with Gr00tHttpServer() as server, talking("gr00t_n15_http", UR5, server) as client:
        server.health = {"status": "healthy", "model": "other"}
        with pytest.raises(PolicyMismatch, match="model: server 'other', profile 'GR00T'"):
            client.connect()


@pytest.mark.parametrize("answer", [told([1]), told("ok"), told({"error": "loading"}), told({}, 503)])
def test_metadata_that_are_none_are_refused(answer: object) -> None:
    with SglangServer() as server, talking("sglang_actions", UR5, server) as client:
        server.got = lambda path: answer
        with pytest.raises(PolicyAnswerInvalid):
            client.connect()


@pytest.mark.parametrize("setup", [{}, {"metadata": 1}, {"metadata": "GET /x", "more": 1}])
def test_profile_names_the_endpoint(setup: dict[str, object]) -> None:
    profile = dataclasses.replace(profile_named("sglang_actions", UR5), setup=setup)
    with pytest.raises(ConfigError, match="must be the endpoint of the metadata"):
        make_client(profile, UR5, StationClock())


class TestSglangActions(FamilyConformance):
    profile, robot, error = "sglang_actions", "ur5", "Internal Server Error"

    def adapted(self, profile: Profile) -> Profile:
        return eightfold(profile.for_robot(UR5), UR5)

    def make_server(self) -> SglangServer:
        return SglangServer()


class TestGr00tHttp(FamilyConformance):
    profile, robot, error = "gr00t_n15_http", "ur5", "Internal server error: CUDA out of memory"

    def make_server(self) -> Gr00tHttpServer:
        return Gr00tHttpServer()
