"""openpi's own client, as published and unmodified, talks to our server."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_policy import METADATA, FakePolicy, stamp_answer

from ros_wam.clock import StationClock
from ros_wam.policy.server import PolicyServer

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv-openpi"  # numpy < 2, hence of its own; made once
REQUIREMENTS = ("openpi-client==0.1.2", "numpy<2", "typing_extensions")  # the last it uses but does not declare

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with openpi's client."""
    interpreter, done = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "complete"
    if done.exists() and done.read_text() == str(REQUIREMENTS):
        return interpreter
    install = [interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS]
    for command in ([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], install):
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, check=False)
        if result.returncode != 0:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"{' '.join(REQUIREMENTS)} cannot be installed: {reason}")
    done.write_text(str(REQUIREMENTS))
    return interpreter


def test_openpi_client_of_pypi_is_served(python: Path) -> None:
    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["prompt"] == "fail":
            raise ValueError("asked to fail")
        return stamp_answer(request)

    policy = FakePolicy()
    policy.answer = answer
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        command = [str(python), str(ROOT / "test" / "openpi_peer.py"), server.url.rpartition(":")[2]]
        peer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert peer.returncode == 0, peer.stderr
    said = json.loads(peer.stdout)
    assert said["metadata"] == METADATA
    assert (said["shape"], said["dtype"], said["value"]) == ([30, 7], "float64", 3.0)
    assert said["timing"] == ["infer_ms", "prev_total_ms"]
    assert said["steps"] == [[7]] * 16
    assert said["error"].strip().endswith("ValueError: asked to fail")
    request = policy.requests[0]
    assert request["observation/wrist_image"].shape == (240, 320, 3)
    assert str(request["observation/joint_position"].dtype) == "float32"
