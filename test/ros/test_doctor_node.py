"""The doctor's node beside somebody else who enables a robot in the same ROS domain."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_policy import UR5, frame, state

from ros_wam import fields
from ros_wam.topics import image_topic

pytestmark = pytest.mark.slow


def test_where_somebody_else_enables_it_sends_nothing_and_says_so(peer: Any, tmp_path: Path) -> None:
    heard = peer.hear("enable")
    peer.advertise("enable")
    command = [sys.executable, "-m", "ros_wam.nodes.doctor_node", "--config", str(tmp_path / "config.yaml")]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(command, stdout=said)

    def examined() -> bool:
        now_ns = peer.clock.now_ns()
        for view in UR5.views:
            peer.publish(image_topic(view), fields.image(frame(view, now_ns)))
        peer.publish("joint_states", fields.joint_state(state(now_ns), UR5.joint_names))
        return process.poll() is not None

    try:
        assert peer.wait(examined, timeout_s=40.0)
    finally:
        process.kill()
        process.wait()
    measured = json.loads((tmp_path / "said").read_text().splitlines()[-1])["measured"]
    assert not heard
    assert measured["other_enables"] == 1
