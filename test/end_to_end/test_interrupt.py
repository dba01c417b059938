"""Ctrl-C at any point leaves no process and no shared memory behind."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ros_wam import alive
from ros_wam.clock import StationClock

MEMORY = Path("/dev/shm")
ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
ORPHAN_NS = 10_000_000_000  # a process that was being started finds its launcher or its run gone


def running(folder: Path) -> list[str]:
    """Return the command lines of the processes that belong to runs recorded below `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"ROS_WAM_TEST={folder}".encode() in environment and int(process.name) != os.getpid():
            found.append(command)
    return found


def left_in_memory() -> set[Path]:
    """Return what processes of this user that have ended keep in shared memory: DDS's files, and the folders of runs.

    Another station may begin or end beside this one: what a living process has mapped, or leads, is not left.
    """
    mapped: set[str] = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            mapped |= set(re.findall(r"/dev/shm/(fastdds_\w+)", (process / "maps").read_text()))
    left = {path for path in MEMORY.glob("fastdds_*") if path.name.removesuffix("_el") not in mapped}
    left |= {folder for folder in MEMORY.glob("ros_wam_*") if not alive.is_alive(folder, "launcher")}
    return {path for path in left if path.exists() and path.stat().st_uid == os.getuid()}


@pytest.mark.parametrize("state", ["recording to", "homing", "running"])
def test_nothing_is_left_behind(tmp_path: Path, state: str) -> None:
    before = left_in_memory()
    # What a shell runs in the background ignores Ctrl-C, these tests perhaps included; what a terminal runs does not.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "ros_wam.cli.main", "eval", "--robot", "ur5"]
    command += ["--sim", "--policy", "baseline"]
    command += ["--task", "move_objects_into_box", "--record-dir", str(tmp_path)]
    environment = {**os.environ, "ROS_WAM_TEST": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as eval_process:
        assert eval_process.stdout is not None
        cut_off = threading.Timer(START_TIMEOUT_S, eval_process.kill)
        cut_off.start()
        try:
            assert any(state in line for line in eval_process.stdout), f"it ended before it was {state!r}"
            eval_process.send_signal(signal.SIGINT)
            assert eval_process.wait(STOP_TIMEOUT_S) == 130
        finally:
            cut_off.cancel()
            eval_process.kill()
    clock = StationClock()
    deadline_ns = clock.now_ns() + ORPHAN_NS
    while running(tmp_path) and clock.now_ns() < deadline_ns:
        clock.sleep_until_ns(clock.now_ns() + 50_000_000)
    assert running(tmp_path) == []
    assert left_in_memory() <= before
