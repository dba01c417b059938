"""`ros2 launch ros_wam …`, where ROS 2's launch tools are installed and find the package."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import wait_until

pytest.importorskip("launch.actions", reason="ROS 2's launch tools are not installed")
pytest.importorskip("launch_ros.actions", reason="ROS 2's launch tools are not installed")
pytestmark = [
    pytest.mark.vendor,
    pytest.mark.skipif(shutil.which("ros2") is None, reason="the ros2 command is not on the PATH"),
]

LAUNCH_TIMEOUT_S = 180.0


@contextmanager
def launched(file: str, folder: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """Launch a file for one trial of a simulated station, recorded in `folder`; yield it, and what it says."""
    found = subprocess.run(
        ["ros2", "pkg", "prefix", "ros_wam"], capture_output=True, text=True, timeout=60, check=False
    )
    if found.returncode != 0:
        pytest.skip("ros2 does not find ros_wam: build it with colcon, or pip install it, and source it")
    given = [*arguments, "sim:=true", "trials:=1", "seed:=1", f"record_dir:={folder / 'runs'}"]
    said = folder / "said"
    with said.open("wb") as output:
        launch = subprocess.Popen(
            ["ros2", "launch", "ros_wam", file, *given], stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
        try:
            yield launch, said
        finally:
            launch.kill()
            launch.wait()


def only_trial(folder: Path) -> dict[str, Any]:
    """Return the result of the one trial of the one sitting, which has its report."""
    (sitting,) = (folder / "runs").iterdir()
    assert (sitting / "report.html").is_file()
    (trial,) = json.loads((sitting / "results.json").read_text())["trials"]
    return dict(trial)


def test_eval_runs_a_trial_and_ends(tmp_path: Path) -> None:
    with launched("eval.launch.py", tmp_path) as (launch, said):
        assert launch.wait(LAUNCH_TIMEOUT_S) == 0, said.read_text()[-2000:]
    trial = only_trial(tmp_path)
    assert (trial["outcome"], trial["valid"]) == ("success", True)


def test_teleop_has_leaders_lead_until_the_demonstration_is_marked_and_ends(tmp_path: Path) -> None:
    """The emulated hand holds both triggers, where the robot is: it follows by itself."""
    with launched("teleop.launch.py", tmp_path, "robot:=aloha") as (launch, said):

        def is_marked() -> bool:
            assert launch.poll() is None, said.read_text()[-2000:]
            text = said.read_text(errors="replace")
            page = re.search(r"the operator's page: (\S+)", text)
            if page is None or not re.search(r'"phase": "following"', text):
                return False
            return httpx.post(f"{page[1]}command", json={"verb": "success"}, timeout=10.0).is_success

        wait_until(is_marked, "the demonstration is marked", LAUNCH_TIMEOUT_S)
        assert launch.wait(LAUNCH_TIMEOUT_S) == 0, said.read_text()[-2000:]
    trial = only_trial(tmp_path)
    assert (trial["outcome"], trial["valid"], trial["policy"]) == ("success", True, "teleop")
