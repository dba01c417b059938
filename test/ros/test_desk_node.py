"""desk_node over real DDS: what the topics tell is on the page, and what the page asks for reaches the trial."""

import concurrent.futures
import dataclasses
import os
import socket
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from ros_wam import fields
from ros_wam.config import dump
from ros_wam.desk_access import TOKEN_VARIABLE
from ros_wam.fields import Diagnostic, Level
from ros_wam.run_config import RunConfig
from ros_wam.share import share_dir
from ros_wam.types import CameraFrame

CAN = ["stop", "comment"]
PROGRESS = {"event": "progress", "trial_id": "001", "index": 1, "of": 2, "state": "running", "can": CAN}


@pytest.fixture
def desk(run_config: RunConfig, start_node: Any, tmp_path: Path) -> str:
    """Start the node and return the address of its page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free_port = probe.getsockname()[1]
    task, sitting = share_dir() / "config/tasks/move_objects_into_box.yaml", tmp_path / "runs" / "sitting"
    sitting.mkdir(parents=True)
    config = dataclasses.replace(run_config, task=task, sitting_dir=sitting, desk_port=free_port)
    (tmp_path / "config.yaml").write_text(dump(config))
    start_node("desk_node")
    return f"http://127.0.0.1:{free_port}"


def state(address: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = httpx.get(f"{address}/state", timeout=5.0).json()
    except httpx.ConnectError:
        return {"live": False, "age_ms": {"global": None}}
    return told


def tell(peer: Any) -> None:
    peer.publish("trial_event", fields.json_object(PROGRESS))
    picture = fields.image(CameraFrame("global", peer.clock.now_ns(), np.full((240, 320, 3), 80, np.uint8)))
    peer.publish("global/image/compressed", picture)
    stopped = Diagnostic(
        "control", Level.ERROR, "stopped", {"mode": "FAULT", "cause": "protective_stop", "detail": "x"}
    )
    peer.publish("safety_status", fields.diagnostics(peer.clock.now_ns(), stopped))


def test_what_is_told_is_shown_and_what_is_asked_for_is_answered(peer: Any, desk: str) -> None:
    commands = peer.hear("operator_command")
    peer.advertise("trial_event", "global/image/compressed", "safety_status")

    def shown() -> bool:
        tell(peer)
        now = state(desk)
        return bool(now["live"] and now["age_ms"]["global"] is not None and now["mode"] == "FAULT")

    assert peer.wait(shown, timeout_s=60.0)  # a process that begins on a busy machine
    now = state(desk)
    assert (now["can"], now["views"], now["cause"], now["scene"]) == (CAN, ["global", "wrist"], "protective_stop", 1)
    assert 0.0 <= now["age_ms"]["global"] < 5000.0
    assert httpx.get(f"{desk}/view/global.jpg").content[:2] == b"\xff\xd8"

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for refusal, status in ((None, 204), ("no trial runs", 409)):
            asked = pool.submit(httpx.post, f"{desk}/command", json={"verb": "stop"}, timeout=10.0)
            assert peer.wait(lambda: len(commands) == 1)
            command = fields.read_json_object(commands.popleft())
            assert command["verb"] == "stop"
            peer.publish(
                "trial_event", fields.json_object({"event": "answer", "id": command["id"], "refusal": refusal})
            )
            assert peer.wait(asked.done)
            assert asked.result().status_code == status
        asked = pool.submit(httpx.post, f"{desk}/command", json={"verb": "stop"}, timeout=10.0)
        assert peer.wait(asked.done)
        assert asked.result().status_code == 504


def test_a_desk_for_the_network_needs_a_token(run_config: RunConfig, start_node: Any, tmp_path: Path) -> None:
    assert TOKEN_VARIABLE not in os.environ
    (tmp_path / "config.yaml").write_text(dump(dataclasses.replace(run_config, desk_host="0.0.0.0")))
    assert start_node("desk_node").wait(20.0) == 1
