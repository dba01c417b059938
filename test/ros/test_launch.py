"""`ros2 launch ros_wam eval.launch.py`, where ROS 2's launch tools are installed and find the package."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("launch.actions", reason="ROS 2's launch tools are not installed")
pytest.importorskip("launch_ros.actions", reason="ROS 2's launch tools are not installed")
pytestmark = pytest.mark.vendor

LAUNCH_TIMEOUT_S = 180.0


@pytest.mark.skipif(shutil.which("ros2") is None, reason="the ros2 command is not on the PATH")
def test_eval_runs_a_trial_and_ends(tmp_path: Path) -> None:
    found = subprocess.run(
        ["ros2", "pkg", "prefix", "ros_wam"], capture_output=True, text=True, timeout=60, check=False
    )
    if found.returncode != 0:
        pytest.skip("ros2 does not find ros_wam: build it with colcon, or pip install it, and source it")
    command = [
        "ros2",
        "launch",
        "ros_wam",
        "eval.launch.py",
        "sim:=true",
        "trials:=1",
        "seed:=1",
        f"record_dir:={tmp_path}",
    ]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=LAUNCH_TIMEOUT_S,
        check=False,
        cwd=tmp_path,
        env=dict(os.environ),
    )
    assert ended.returncode == 0, ended.stdout[-2000:]
    (sitting,) = tmp_path.iterdir()
    (trial,) = json.loads((sitting / "results.json").read_text())["trials"]
    assert (trial["outcome"], trial["valid"]) == ("success", True)
    assert (sitting / "report.html").is_file()
