"""`ros-wam serve lerobot:FOLDER`: what is wrong with a checkpoint is told, and, where lerobot is, two are served.

LEROBOT_PYTHON names an interpreter that has lerobot, see wire/test_lerobot_itself.py, and this package's requirements.
"""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_policy import GENERIC
from wire.seen import PROMPT, observation, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError
from ros_wam.policies import make_policy
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.types import CameraFrame

PYTHON = os.environ.get("LEROBOT_PYTHON", "")
ROOT = Path(__file__).parents[1]
UR5 = robot_named("ur5")
BESIDE = """\
robot: ur5
rate_hz: 20
cameras: {global: global, wrist: wrist}
gripper: {closed: 1.0, open: 0.0}
"""

with_lerobot = [pytest.mark.slow, pytest.mark.skipif(not PYTHON, reason="LEROBOT_PYTHON is not set, see above")]


def checkpoint(folder: Path, beside: str | None = BESIDE) -> str:
    """A folder that looks like a checkpoint, as the argument of `serve`."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    if beside is not None:
        (folder / "ros_wam.yaml").write_text(beside)
    return f"lerobot:{folder}"


def test_a_checkpoint_is_a_folder_with_a_file_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no config\.json: .*`hf download NAME --local-dir FOLDER`"):
        make_policy("lerobot:lerobot/act_aloha", UR5, tmp_path)
    with pytest.raises(ConfigError, match=r"ros_wam\.yaml"):
        make_policy(checkpoint(tmp_path, None), UR5, tmp_path)
    with pytest.raises(ConfigError, match="missing key rate_hz"):
        make_policy(checkpoint(tmp_path, "robot: ur5\ncameras: {}\n"), UR5, tmp_path)
    with pytest.raises(ConfigError, match="robot is 'ur5', but is to be served for franka"):
        make_policy(checkpoint(tmp_path), robot_named("franka"), tmp_path)


def test_a_crash_beside_osmesa_is_told_and_not_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())
    with pytest.raises(ConfigError, match="MUJOCO_GL=disable ros-wam serve"):
        make_policy(checkpoint(tmp_path), UR5, tmp_path, "cpu")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[float]]]:
    """The folder of the checkpoints act and diffusion, and what the first answers to grey pictures and zeros."""
    folder = tmp_path_factory.mktemp("lerobot")
    command = [PYTHON, str(ROOT / "test/wire/lerobot_checkpoints.py"), str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=folder)
    assert result.returncode == 0, result.stderr[-2000:]
    return folder, json.loads(result.stdout.splitlines()[-1])


def command_of(folder: Path, beside: str) -> list[str]:
    (folder / "ros_wam.yaml").write_text(beside)
    serve = ["serve", f"lerobot:{folder}", "--robot", "ur5", "--sim", "--port", "0", "--device", "cpu"]
    return [PYTHON, "-m", "ros_wam.cli.main", *serve]


@contextmanager
def serving(folder: Path, horizon: int) -> Iterator[PolicyClient]:
    """A client of the served checkpoint."""
    command = command_of(folder, BESIDE)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "MUJOCO_GL": "disable"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as server:
        assert server.stdout is not None
        try:
            said = next((line for line in server.stdout if line.startswith("serving ")), "")
            assert said, "it ended"
            yield from _client(said.split(" at ")[1].split(";")[0], horizon)
        finally:
            server.terminate()


def _client(url: str, horizon: int) -> Iterator[PolicyClient]:
    images = tuple(dataclasses.replace(each, size=(96, 128)) for each in GENERIC.request.images)
    request = dataclasses.replace(GENERIC.request, images=images, rtc=None)
    execution = dataclasses.replace(GENERIC.execution, horizon=3)
    changes = {"request": request, "rate_hz": 20.0, "execution": execution, "must_declare": ()}
    profile = dataclasses.replace(
        GENERIC, url=url, action=dataclasses.replace(GENERIC.action, horizon=horizon), **changes
    ).for_robot(UR5)
    with closing(make_client(profile, UR5, StationClock())) as client:
        yield client


class TestServed:
    """Two checkpoints in an environment with lerobot."""

    pytestmark = with_lerobot

    def test_act_answers_what_it_answers_itself(self, made: tuple[Path, list[list[float]]]) -> None:
        folder, expected = made
        frames = {view: CameraFrame(view, 1, np.full((96, 128, 3), 51, np.uint8)) for view in UR5.views}
        zeros = np.zeros(7)
        zeros[6] = 1.0  # an open gripper is 0 to this checkpoint
        seen = dataclasses.replace(observation(UR5, zeros, PROMPT), frames=frames)
        with serving(folder / "act", horizon=16) as client:
            metadata = client.connect()
            assert (metadata["rate_hz"], metadata["action_horizon"], metadata["rtc"]) == (20, 16, False)
            for _ in range(2):
                client.reset(PROMPT)
                actions = client.infer(seen).actions
                wanted = np.array(expected)
                wanted[:, 6] = np.clip(1.0 - wanted[:, 6], 0.0, 1.0)
                np.testing.assert_allclose(actions, wanted, atol=1e-5)

    def test_diffusion_answers_which_lerobots_own_server_does_not(self, made: tuple[Path, list[list[float]]]) -> None:
        with serving(made[0] / "diffusion", horizon=8) as client:
            for _ in range(2):
                actions = client.infer(observation(UR5)).actions
                assert actions.shape == (8, 7)
                assert np.isfinite(actions).all()

    @pytest.mark.parametrize(
        ("beside", "told"),
        [
            ("cameras: {global: global}", "cameras names observation.images.global, the checkpoint has"),
            ("joints: [arms]", "the checkpoint's state have 7 numbers, joints names 6"),
            ("joints: [joint9]", "joints is ['joint9'], ur5 has joint1"),
        ],
    )
    def test_what_does_not_fit_the_checkpoint_is_told(
        self, made: tuple[Path, list[list[float]]], beside: str, told: str
    ) -> None:
        kept = [line for line in BESIDE.splitlines() if line.split(":")[0] != beside.split(":")[0]]
        command = command_of(made[0] / "act", "\n".join([*kept, beside]))
        how = {"cwd": ROOT, "env": {**os.environ, "MUJOCO_GL": "disable"}}
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **how)
        assert result.returncode == 1
        assert told in result.stderr
