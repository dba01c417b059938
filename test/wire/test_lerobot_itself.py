"""Our client against LeRobot's own policy server, unmodified, with a tiny ACT of random weights.

LeRobot needs an environment of its own, of 6 GB; the variable LEROBOT_PYTHON names its interpreter:
pip install torch==2.14.1 torchvision==0.29.1 && pip install --no-deps lerobot==0.4.4 && pip install 'numpy<2.3'
grpcio==1.73.1 'protobuf<6.32' draccus==0.10.0 'datasets<5' 'diffusers<0.36' 'huggingface-hub<0.36' accelerate av einops
opencv-python-headless deepdiff gymnasium jsonlines termcolor matplotlib imageio pyserial
"""

import dataclasses
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wire.seen import PROMPT, observation, profile_named, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import PolicyAnswerInvalid
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Timeouts
from ros_wam.types import CameraFrame, Observation

PYTHON = os.environ.get("LEROBOT_PYTHON", "")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PYTHON, reason="LEROBOT_PYTHON is not set, see above")]
PEER = Path(__file__).parent / "lerobot_peer.py"
UR5 = robot_named("ur5")
GREY = 51


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("lerobot")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    pipe = subprocess.PIPE
    with (folder / "log").open("w") as log:
        peer = subprocess.Popen(
            [PYTHON, str(PEER), str(folder)], stdin=pipe, stdout=pipe, stderr=log, cwd=folder, env=environment
        )
        assert peer.stdin is not None and peer.stdout is not None
        with peer:
            line = peer.stdout.readline()
            assert line, (folder / "log").read_text()[-2000:]
            yield json.loads(line)
            peer.stdin.close()


def client_of(told: dict[str, Any], **setup: Any) -> PolicyClient:
    profile = profile_named("lerobot_groot", UR5)
    here = {"policy_type": "act", "pretrained_name_or_path": f"{told['folder']}/act", "device": "cpu"}
    changes = {"url": told["url"], "timeouts": Timeouts(5.0, 120.0, 30.0), "setup": {**profile.setup, **here, **setup}}
    return make_client(dataclasses.replace(profile, **changes), UR5, StationClock())


def grey() -> Observation:
    """Pictures of one grey, and every joint at 0."""
    frames = {view: CameraFrame(view, 1, np.full((480, 640, 3), GREY, np.uint8)) for view in UR5.views}
    return dataclasses.replace(observation(UR5, np.zeros(7), PROMPT), frames=frames)


def test_chunks_are_what_the_policy_itself_answers(told: dict[str, Any]) -> None:
    with closing(client_of(told)) as client:
        for _ in range(2):
            client.reset(PROMPT)
            for _ in range(3):  # alike: a server that is not told otherwise drops the second and third
                actions = client.infer(grey()).actions
                np.testing.assert_allclose(actions, told["expected"], atol=1e-5)


def test_a_chunk_follows_the_state(told: dict[str, Any]) -> None:
    with closing(client_of(told)) as client:
        moved = client.infer(dataclasses.replace(observation(UR5), frames=grey().frames)).actions
    assert np.abs(moved - told["expected"]).max() > 1e-3


def test_a_camera_that_the_policy_lacks_is_an_empty_answer_that_is_refused(told: dict[str, Any]) -> None:
    elsewhere = {"observation.images.wrist": "observation.images.hand"}
    refused = pytest.raises(PolicyAnswerInvalid, match="empty answer")
    with closing(client_of(told, rename_map=elsewhere)) as client, refused:
        client.infer(grey())
    with closing(client_of(told)) as client:
        np.testing.assert_allclose(client.infer(grey()).actions, told["expected"], atol=1e-5)


def test_the_server_cannot_infer_with_a_diffusion_policy(told: dict[str, Any]) -> None:
    """So says its profile; where this fails, LeRobot has mended it."""
    setup = {"policy_type": "diffusion", "pretrained_name_or_path": f"{told['folder']}/diffusion"}
    with closing(client_of(told, **setup)) as client, pytest.raises(PolicyAnswerInvalid, match="empty answer"):
        client.infer(grey())


def test_a_checkpoint_that_is_not_there_is_told(told: dict[str, Any]) -> None:
    refused = pytest.raises(PolicyAnswerInvalid, match="failed in SendPolicyInstructions: UNKNOWN")
    with closing(client_of(told, pretrained_name_or_path="/nowhere")) as client, refused:
        client.connect()
