"""openpi's own client, as published and unmodified, talks to our server."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_policy import METADATA, FakePolicy, stamp_answer

from ros_wam.bench import client
from ros_wam.bench.openpi_environment import openpi_python
from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError
from ros_wam.policy.server import PolicyServer

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv-openpi"  # made once

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with openpi's client."""
    try:
        return openpi_python(ENVIRONMENT, print)
    except ConfigError as error:
        pytest.skip(str(error))


def test_our_client_is_measured_beside_openpis(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "environment_folder", lambda: ENVIRONMENT)
    result = client.client(1, print)
    figures = result.figures
    assert figures["ratio"] == pytest.approx(figures["ours_ms"] / figures["openpi_client_ms"], abs=1e-3)
    assert figures["psnr_db"] >= 33.0
    pictures = 3 * 224 * 224 * 3
    assert pictures < figures["bytes_ours"] <= figures["bytes_openpi"] < pictures + 1000
    assert figures["bytes_jpeg"] < 0.2 * pictures
    assert [(row["client"], row["calls"]) for row in result.rows] == [
        *(("ros_wam", client.CALLS), ("ros_wam, JPEG", client.CALLS), ("openpi-client", client.CALLS))
    ]


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
