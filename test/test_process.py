"""The control process as a real child of its supervisor, with a robot that misbehaves on demand."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from control_station import CHILD, PATIENCE_S, ControlStation
from motion_fixtures import ROBOTS, chunk_of, ramp, robot

from ros_wam import alive
from ros_wam.errors import ConfigError, DriverError
from ros_wam.motion.supervisor import clean_environment
from ros_wam.types import Mode

pytestmark = pytest.mark.slow

UR5 = robot()
MOST_PAGES = 500
"""About 5 ms where a page takes longest; the heap grows by that."""


def page_faults(process: int | None) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[7])


@pytest.fixture
def station(tmp_path: Path) -> Iterator[ControlStation]:
    station = ControlStation(tmp_path)
    yield station
    station.supervisor.close()


@pytest.fixture
def running(station: ControlStation) -> ControlStation:
    station.supervisor.start()
    station.until_running()
    return station


def test_every_tick_is_told_once_and_in_order(running: ControlStation) -> None:
    running.until(lambda: len(running.records) > 100)
    sequence = [record.sequence for record in running.records]
    assert sequence == list(range(len(sequence)))
    periods_ms = np.diff([record.stamp_ns for record in running.records]) * 1e-6
    assert np.median(periods_ms) == pytest.approx(8.0, abs=0.5)
    assert running.status["dropped_messages"] == 0
    granted = os.sched_getscheduler(running.supervisor.pid or 0) == os.SCHED_FIFO
    assert running.status["realtime"].startswith("SCHED_FIFO" if granted else "no SCHED_FIFO")
    assert running.status["at_home"] is True
    assert alive.is_alive(running.folder, "control_process")


def test_a_chunk_moves_the_robot_while_enable_beats(running: ControlStation) -> None:
    assert running.supervisor.ask("policy") == (True, "POLICY")
    stop = threading.Event()
    beating = threading.Thread(target=running.beat, args=(stop,))
    beating.start()
    end = UR5.home_position + np.array([0.1, 0, 0, 0, 0, 0, -1.0])
    try:
        running.until(lambda: running.status.get("enabled") is True)
        running.supervisor.follow(chunk_of(ramp(UR5.home_position, end), running.clock.now_ns()))
        running.until(lambda: bool(np.allclose(running.records[-1].sent.position, end, atol=3e-3)))
    finally:
        stop.set()
        beating.join()
    running.until(lambda: running.status["chunks"] == {"accepted": 1, "reanchored": 1, "refused": 0})
    running.until(lambda: running.status["enabled"] is False)


def test_the_way_home_costs_no_memory(running: ControlStation) -> None:
    """What a machine has to find page by page keeps a loop from ticking; OpenBLAS takes 32 MB at once."""
    running.until(lambda: len(running.records) > 10)
    before = page_faults(running.supervisor.pid)
    running.supervisor.enable(True)
    assert running.supervisor.ask("home") == (True, "HOMING")
    running.supervisor.enable(True)
    running.until(lambda: any(record.mode is Mode.HOMING and record.target is not None for record in running.records))
    assert page_faults(running.supervisor.pid) - before < MOST_PAGES


def test_refusals_are_told(running: ControlStation) -> None:
    running.supervisor.follow(chunk_of(ramp(UR5.home_position, UR5.home_position), running.clock.now_ns()))
    running.until(lambda: bool(running.refusals))
    assert "wrong_mode" in running.refusals[0]
    assert running.status["dropped_commands"] == 0
    assert running.supervisor.ask("teleop") == (True, "TELEOP")
    assert running.supervisor.ask("home") == (True, "HOMING")
    assert running.supervisor.ask("hold") == (True, "HOLD")


def test_a_command_that_did_not_fit_into_the_line_is_told(running: ControlStation) -> None:
    too_long = ramp(UR5.home_position, UR5.home_position, rows=20_000)
    running.supervisor.follow(chunk_of(too_long, running.clock.now_ns()))
    running.until(lambda: running.status["dropped_commands"] == 1)
    assert running.supervisor.ask("policy") == (True, "POLICY")


@pytest.mark.parametrize(
    ("fault", "how", "words"),
    [
        (
            "crash",
            "was killed by SIGSEGV",
            "libvendor: assertion failed; Segmentation fault in string_at (ctypes/__init__.py:",
        ),
        ("abort", "was killed by SIGABRT", "Aborted in read (fake_driver.py:"),
        ("hang_in_library", "hung for 100 ms and was killed by SIGABRT", "Aborted in read (fake_driver.py:"),
        ("hang", "hung for 100 ms and was killed by SIGABRT", "Aborted in sleep_until_ns (clock.py:"),
    ],
)
def test_a_library_that_fails_natively_ends_in_fault_and_recovers_on_request(
    running: ControlStation, fault: str, how: str, words: str
) -> None:
    asked_ns = running.clock.now_ns()
    running.ask_for(fault)
    running.until_buried()
    assert (running.clock.now_ns() - asked_ns) * 1e-9 < 1.0
    assert (running.status["mode"], running.status["cause"]) == ("FAULT", "control_process_died")
    detail = running.status["detail"]
    assert detail.startswith(
        f"the control process with libvendor 1.0 {how}; the robot was told to stop; its last words: "
    )
    assert words in detail and "read (fake_driver.py:" in detail and "\n" not in detail
    assert (running.folder / "last_resort_stop").exists()
    assert not alive.is_alive(running.folder, "control_process")
    assert running.supervisor.ask("policy")[0] is False
    (running.folder / fault).unlink()
    assert running.supervisor.ask("recover") == (False, "the control process is starting")
    running.until_running()
    assert running.supervisor.ask("recover") == (True, "HOLD")


def test_a_spent_library_ends_the_process_and_a_new_one_is_started_on_request(running: ControlStation) -> None:
    running.ask_for("spent")
    running.ask_for("stop")
    running.until_mode("FAULT")
    running.supervisor.ask("recover")
    running.until_buried()
    assert running.status["cause"] == "driver_lost"
    assert "ended with status 3" in running.status["detail"] and "libvendor lost its link" in running.status["detail"]
    assert (running.folder / "last_resort_stop").exists()
    assert alive.dead(running.folder) == [], "it ended because it was asked to"
    (running.folder / "stop").unlink()
    assert running.supervisor.ask("recover") == (False, "the control process is starting")
    running.until_running()


def test_a_last_resort_that_fails_is_said(running: ControlStation) -> None:
    running.stop_error = DriverError("no such robot")
    running.ask_for("crash")
    running.until_buried()
    assert "could not be stopped: no such robot" in running.status["detail"]


def test_a_slow_recovery_is_no_hang(running: ControlStation) -> None:
    running.ask_for("slow")
    running.ask_for("stop")
    running.until_mode("FAULT")
    assert running.status["cause"] == "protective_stop"
    assert (running.folder / "stopped").exists()
    assert running.supervisor.ask("policy")[0] is False
    assert running.supervisor.ask("recover") == (False, "recover is not done yet")
    running.until_running()
    assert not (running.folder / "last_resort_stop").exists()


def test_signals_do_not_end_it_and_the_end_of_the_line_does(running: ControlStation) -> None:
    pid = running.supervisor.pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    count = len(running.records)
    running.until(lambda: len(running.records) > count + 20)
    asked_ns = running.clock.now_ns()
    running.supervisor.close()
    assert (running.clock.now_ns() - asked_ns) * 1e-9 < 1.0
    assert (running.folder / "closed").exists()
    assert not (running.folder / "last_resort_stop").exists()
    assert not running.supervisor.running


def test_a_library_that_hangs_while_the_line_ends_is_no_stopped_robot(running: ControlStation) -> None:
    running.ask_for("hang_on_stop")
    running.supervisor.close()
    assert (running.folder / "last_resort_stop").exists()
    assert "was killed by SIGALRM while it stopped the robot" in running.status["detail"]


def test_a_last_resort_of_a_wrong_station_file_is_told_too(running: ControlStation) -> None:
    running.stop_error = ConfigError("robot: unknown key 'adress'")
    running.ask_for("crash")
    running.until_buried()
    assert "could not be stopped: robot: unknown key 'adress'" in running.status["detail"]


def test_an_orphan_ends_though_its_library_hangs(station: ControlStation) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    arguments = [*CHILD, "--config", str(station.folder / "run.yaml"), "--fd", str(theirs.fileno())]
    child = subprocess.Popen(arguments, pass_fds=(theirs.fileno(),))
    with ours, theirs:
        ours.settimeout(PATIENCE_S)
        while b"records" not in ours.recv(1 << 20):
            pass
        station.ask_for("hang")
    assert child.wait(PATIENCE_S) == -signal.SIGALRM


def test_it_waits_for_a_robot_that_is_not_there_yet(station: ControlStation) -> None:
    station.ask_for("absent")
    station.supervisor.start()
    station.until(lambda: station.status.get("cause") == "driver_lost")
    assert station.status["detail"] == "nothing answers"
    assert station.supervisor.ask("recover") == (False, "nothing answers")
    (station.folder / "absent").unlink()
    station.until_running()


def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/ros/lib")
    monkeypatch.setenv("ROS_WAM_CLOCK_OFFSET_NS", "5")
    monkeypatch.setenv("ROS_DOMAIN_ID", "3")
    environment = clean_environment()
    assert environment["ROS_WAM_CLOCK_OFFSET_NS"] == "5"
    assert environment["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] == "1"
    assert "LD_LIBRARY_PATH" not in environment
    assert "ROS_DOMAIN_ID" not in environment


def test_a_library_that_is_not_installed_is_told_with_what_installs_it(
    station: ControlStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    (station.folder / "franky.py").write_text("raise ImportError('there is none')")
    monkeypatch.setenv("PYTHONPATH", str(station.folder))
    robot_file = yaml.safe_load((ROBOTS / "franka.yaml").read_text())
    (station.folder / "robot.yaml").write_text(yaml.safe_dump({**robot_file, "model": str(ROBOTS / "franka.xml")}))
    lab = yaml.safe_load((station.folder / "station.yaml").read_text())
    lab["robot"] = {"address": "127.0.43.99", "fci_version": 10, "realtime": "ignore"}
    (station.folder / "station.yaml").write_text(yaml.safe_dump(lab))
    station.supervisor.start()
    station.until_buried()
    assert (station.status["mode"], station.status["cause"]) == ("FAULT", "control_process_died")
    assert "ConfigError: driver franka needs franky: pip install '.[franka]' in a checkout" in station.status["detail"]
