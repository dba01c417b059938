"""The supervisor of the control process, with a stand-in for that process which does what is asked of it."""

import re
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from motion_fixtures import START_NS, chunk_of, ramp, robot

from ros_wam.clock import StationClock
from ros_wam.errors import DriverUnreachable
from ros_wam.motion import supervisor as module
from ros_wam.motion.link import Link
from ros_wam.motion.supervisor import ControlSupervisor, clean_environment
from ros_wam.types import Command

CHILD = (sys.executable, "-S", "-c", "import runpy, sys; sys.path[:] = {path}; runpy.run_path({child!r})")
HOME = robot().home_position
PATIENCE_S = 10.0


class Desk:
    """A supervisor, what it told, and how often the robot was stopped without its library."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[str, Any]] = []
        self.stops = 0
        self.unreachable = False
        self.stopped = threading.Event()
        self._telling = threading.Condition()
        child = str(Path(__file__).parent / "talking_child.py")
        command = (*CHILD[:-1], CHILD[-1].format(path=sys.path, child=child))  # without the start-up of site-packages
        self.supervisor = ControlSupervisor(
            folder / "config", folder / "logs" / "control.log", "fake", self._stop, self._tell, StationClock(0), command
        )

    def until(self, holds: Callable[[], bool]) -> None:
        with self._telling:
            assert self._telling.wait_for(holds, PATIENCE_S), self.told[-3:]

    def said(self) -> dict[str, Any]:
        statuses = [content for kind, content in self.told if kind == "status"]
        return statuses[-1] if statuses else {}

    def heard(self) -> list[str]:
        return [content for kind, content in self.told if kind == "heard"]

    def until_dead(self) -> str:
        self.until(lambda: "its last words" in self.said().get("detail", ""))
        return str(self.said()["detail"])

    def _stop(self) -> str:
        self.stops += 1
        self.stopped.set()
        if self.unreachable:
            raise DriverUnreachable("nothing answers")
        return "the robot was told to stop"

    def _tell(self, kind: str, content: Any) -> None:
        with self._telling:
            self.told.append((kind, content))
            self._telling.notify_all()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(module, "HEARTBEAT_TIMEOUT_S", 0.4)  # the child has no priority on a machine that is busy
    monkeypatch.setattr(module, "END_GRACE_S", 2.0)
    desk = Desk(tmp_path)
    yield desk
    desk.supervisor.close()


@pytest.fixture
def running(desk: Desk) -> Desk:
    desk.supervisor.start()
    desk.until(lambda: desk.said().get("mode") == "HOLD")
    return desk


def test_what_is_passed_on_arrives(running: Desk) -> None:
    supervisor = running.supervisor
    supervisor.start()  # it runs already
    supervisor.enable(True)
    supervisor.follow(chunk_of(ramp(HOME, HOME), START_NS))
    supervisor.teleoperate(Command(START_NS, HOME))
    assert supervisor.ask("policy") == (True, "POLICY")
    assert supervisor.ask("home") == (False, "HOME")
    running.until(lambda: running.heard() == ["enable", "chunk", "teleop", "request", "request"])
    assert running.said()["dropped_commands"] == 0
    assert (supervisor.running, supervisor.pid is not None) == (True, True)
    supervisor.close()
    assert (supervisor.running, running.stops) == (False, 0)


def test_who_does_not_answer_is_not_waited_for(running: Desk) -> None:
    assert running.supervisor.ask("mute") == (False, "mute is not done yet")
    assert running.supervisor.running


def test_a_process_that_ends_is_buried_with_its_last_words(running: Desk) -> None:
    assert running.supervisor.ask("die")[0] is False
    assert running.until_dead() == (
        "the control process with libvendor 1.0 ended with status 4; the robot was told to stop; "
        "its last words: these are its last words"
    )
    running.supervisor.enable(True)
    assert running.supervisor.ask("hold") == (False, "the control process is not running; recover the robot first")
    assert running.supervisor.ask("recover") == (False, "the control process is starting")
    running.until(lambda: running.said().get("mode") == "HOLD")
    assert running.supervisor.running


def test_a_process_that_is_silent_is_killed_and_the_robot_stopped(running: Desk) -> None:
    running.unreachable = True
    running.supervisor.ask("hang")
    detail = running.until_dead()
    assert (
        "libvendor 1.0 hung for 400 ms and was killed by SIGABRT; the robot could not be stopped: nothing answers"
        in detail
    )
    assert "its last words: Aborted in obey (talking_child.py:" in detail
    assert running.stops == 1


@pytest.mark.parametrize(
    ("verb", "how", "where"),
    [
        ("segfault", "was killed by SIGSEGV", r"Segmentation fault in string_at \(ctypes/__init__.py:\d+\) < obey"),
        ("abort", "was killed by SIGABRT", r"Aborted in obey \(talking_child.py:\d+\)"),
        ("hang_in_library", "hung for 400 ms and was killed by SIGABRT", r"Aborted in obey \(talking_child.py:\d+\)"),
    ],
)
def test_a_native_fault_is_told_with_the_library_and_the_line_that_called_it(
    running: Desk, verb: str, how: str, where: str
) -> None:
    running.supervisor.ask(verb)
    detail = running.until_dead()
    told = f"the control process with libvendor 1.0 {how}; the robot was told to stop; its last words: "
    assert re.fullmatch(re.escape(told) + where + ".*", detail), detail
    assert (running.said()["mode"], running.said()["cause"], running.stops) == ("FAULT", "control_process_died", 1)
    assert running.supervisor.ask("recover") == (False, "the control process is starting")
    running.until(lambda: running.said().get("mode") == "HOLD")


def test_the_robot_is_stopped_also_when_nobody_can_be_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(kind: str, content: Any) -> None:
        raise RuntimeError("the publisher is gone")

    monkeypatch.setattr(desk.supervisor, "_tell", tell)
    with pytest.raises(RuntimeError, match="the publisher is gone"):
        desk.supervisor._tell_death(lambda: "is silent")
    assert desk.stops == 1


def test_the_robot_is_stopped_while_it_is_still_being_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()
    monkeypatch.setattr(desk.supervisor, "_last_resort_stop", lambda: str(stopped.set()))
    monkeypatch.setattr(desk.supervisor, "_tell", lambda kind, content: told.append(stopped.wait(10.0)))
    told: list[bool] = []
    desk.supervisor._log_file.parent.mkdir()
    desk.supervisor._log_file.touch()
    desk.supervisor._tell_death(lambda: "is silent")
    assert told == [True, True]


def test_before_it_is_connected_the_driver_is_named(desk: Desk) -> None:
    desk.supervisor._log_file.parent.mkdir()
    desk.supervisor._log_file.touch()
    desk.supervisor._tell_death(lambda: "ended with status 1")
    assert desk.said()["detail"].startswith("the control process with driver fake ended with status 1; ")


def test_one_that_said_that_it_is_busy_is_spoken_for(running: Desk) -> None:
    before = len(running.told)
    running.supervisor.ask("busy")
    running.until(lambda: len(running.told) > before + 2)
    assert running.supervisor.running
    assert running.stops == 0


def test_one_that_ends_badly_when_it_should_stop_the_robot_is_told_of(desk: Desk, tmp_path: Path) -> None:
    desk.supervisor._arguments[desk.supervisor._arguments.index(str(tmp_path / "config"))] = "ends_badly"
    desk.supervisor.start()
    desk.until(lambda: desk.said().get("mode") == "HOLD")
    desk.supervisor.close()
    assert "ended with status 1 while it stopped the robot" in str(desk.said()["detail"])
    assert desk.stops == 1


def test_one_that_never_ran_is_closed() -> None:
    never = ControlSupervisor(
        Path("config"), Path("log"), "fake", lambda: None, lambda kind, content: None, StationClock(0)
    )
    assert (never.running, never.pid) == (False, None)
    never.close()


def test_the_robot_of_one_that_is_stuck_in_the_kernel_is_stopped_before_that_is_waited_for(desk: Desk) -> None:
    class Stuck:
        done: ClassVar[list[str]] = []

        def wait(self, timeout: float) -> int:
            self.done.append(f"stopped: {desk.stopped.wait(PATIENCE_S * ('kill' in self.done))}")
            raise subprocess.TimeoutExpired("control", timeout)

        def send_signal(self, number: int) -> None:
            self.done.append(signal.Signals(number).name)

        def kill(self) -> None:
            self.done.append("kill")

    desk.supervisor._log_file.parent.mkdir()
    desk.supervisor._log_file.touch()
    desk.supervisor._bury(Stuck(), Link(socket.socket()), False, 0.4)  # type: ignore[arg-type]
    assert Stuck.done == ["SIGABRT", "stopped: False", "kill", "stopped: True"]
    assert "hung for 400 ms and does not end though it was killed; the robot was told to stop" in desk.until_dead()


def test_a_crash_writes_no_core_not_even_to_a_program(running: Desk) -> None:
    pid = running.supervisor.pid
    assert pid is not None
    only = min(1, resource.getrlimit(resource.RLIMIT_CORE)[1] % 2**64)
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (only, only)


def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LD_LIBRARY_PATH", "ROS_WAM_CLOCK_OFFSET_NS", "HOME", "ROS_DOMAIN_ID"):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("TZ", raising=False)
    environment = clean_environment()
    assert "LD_LIBRARY_PATH" not in environment
    assert "ROS_DOMAIN_ID" not in environment
    assert "TZ" not in environment
    assert (environment["ROS_WAM_CLOCK_OFFSET_NS"], environment["HOME"]) == ("x", "x")
    assert environment["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] == "1"
