"""Starts the control process, talks to it, and stops the robot when it dies or hangs.

The child is started by exec in a clean environment: no descriptor, no library path of ROS, one thread for arithmetic.
"""

import contextlib
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ros_wam.causes import Cause
from ros_wam.clock import Clock
from ros_wam.errors import RosWamError
from ros_wam.ladder import LADDER
from ros_wam.motion.last_words import last_words
from ros_wam.motion.link import Link, pack_chunk
from ros_wam.motion.report import waiting_status
from ros_wam.motion.service import REQUEST_MAX_AGE_NS, SPENT_STATUS
from ros_wam.share import import_dir
from ros_wam.types import ActionChunk, Command

HEARTBEAT_TIMEOUT_S = LADDER[Cause.CONTROL_PROCESS_DIED].delay_s
LOOKS = 2
"""Silence counts only when it is seen this often in a row: after a pause of the machine the child gets to speak."""
START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 1.5
END_GRACE_S = 0.2
WORDS_GRACE_S = 0.05
"""For one that hangs to write down where, before it is killed."""
ANSWER_TIMEOUT_S = REQUEST_MAX_AGE_NS * 1e-9
STARTING = waiting_status(Cause.NOT_READY, "the control process is starting")
COULD_NOT_STOP = "the robot could not be stopped"
COMMAND = (sys.executable, "-m", "ros_wam.motion.process")

_KEPT = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "AMENT_PREFIX_PATH")


def clean_environment() -> dict[str, str]:
    """Return the environment of the control process.

    LD_LIBRARY_PATH is left out, so that a vendor library finds its own libraries and not those of ROS; the mark that
    the ROS wheels have set it up already is put in, so that they do not do it again.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    ours = {name: value for name, value in os.environ.items() if name.startswith("ROS_WAM_")}
    return {**kept, **ours, "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1", "OPENBLAS_NUM_THREADS": "1"}


class ControlSupervisor:
    """The control process and the watch over it. `tell(kind, content)` is called from the watching thread."""

    def __init__(
        self,
        config_file: Path,
        log_file: Path,
        driver: str,
        last_resort_stop: Callable[[], str],
        tell: Callable[[str, Any], None],
        clock: Clock,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._arguments = [*command, "--config", str(config_file)]
        self._log_file = log_file
        self._driver = self._library = f"driver {driver}"
        self._last_resort_stop = last_resort_stop
        self._tell, self._clock = tell, clock
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Link | None = None
        self._watcher: threading.Thread | None = None
        self._closing = threading.Event()
        self._answers: dict[int, tuple[bool, str]] = {}
        self._answered = threading.Condition()
        self._requests = 0
        self._log_start = 0
        self._status = STARTING

    @property
    def running(self) -> bool:
        """Whether the control process is there and watched."""
        return self._watcher is not None and self._watcher.is_alive()

    @property
    def pid(self) -> int | None:
        """The control process's id."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the control process; it holds. Nothing is done when it runs."""
        if self.running:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log, theirs:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [*self._arguments, "--fd", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                cwd=import_dir(),
            )
        _forbid_core(self._process.pid)
        self._link, self._status, self._library = Link(ours), STARTING, self._driver
        self._closing.clear()
        self._watcher = threading.Thread(
            target=self._watch, args=(self._process, self._link), name="control_supervisor", daemon=True
        )
        self._watcher.start()

    def enable(self, held: bool) -> None:
        """Pass on one beat of the enable heartbeat."""
        self._send("enable", [held, self._clock.now_ns()])

    def follow(self, chunk: ActionChunk) -> None:
        """Pass on an admitted chunk; a refusal is told as "refused"."""
        self._send("chunk", [pack_chunk(chunk), self._clock.now_ns()])

    def teleoperate(self, command: Command) -> None:
        """Pass on a leader device's command."""
        self._send("teleop", [command.stamp_ns, command.position.tolist()])

    def ask(self, verb: str) -> tuple[bool, str]:
        """Ask for a mode (`hold policy teleop home`) or to `recover`; return the answer, at most 0.3 s later.

        A control process that has ended is started anew by `recover`, and only by it.
        """
        if not self.running:
            if verb != "recover":
                return False, "the control process is not running; recover the robot first"
            self.start()
            return False, "the control process is starting"
        with self._answered:
            self._requests += 1
            number = self._requests
            self._send("request", [number, verb, self._clock.now_ns()])
            if not self._answered.wait_for(lambda: number in self._answers, ANSWER_TIMEOUT_S):
                return False, f"{verb} is not done yet"
            return self._answers.pop(number)

    def close(self) -> None:
        """Let the control process stop the robot and end within 1.5 s; if it fails, stop the robot without it."""
        was_running, process = self.running, self._process
        self._closing.set()
        if process is None or self._link is None or self._watcher is None:
            return
        self._link.shut()
        status = _end(process, END_TIMEOUT_S)
        if was_running and status != 0:  # it may have been ended before it had stopped the robot
            self._tell_death(lambda: f"{_how(process)} while it stopped the robot")
        self._watcher.join(END_TIMEOUT_S)
        self._link.close()

    def _send(self, kind: str, content: Any) -> None:
        if self._link is not None and self.running:
            self._link.send(kind, content)

    def _watch(self, process: subprocess.Popen[bytes], link: Link) -> None:
        allowed_s = START_TIMEOUT_S
        try:
            while not link.closed and self._speaks(link, allowed_s):
                for kind, content in link.receive():
                    allowed_s = float(content) if kind == "busy" else HEARTBEAT_TIMEOUT_S
                    self._hear(kind, content, link.dropped)
        finally:  # also when what listens to us fails: nothing may move unwatched
            if not self._closing.is_set():
                self._bury(process, link, link.closed, allowed_s)

    def _speaks(self, link: Link, allowed_s: float) -> bool:
        """Wait for the child to speak; while it is announced to be busy, what it said last is told again."""
        look_s = HEARTBEAT_TIMEOUT_S / LOOKS
        for look in range(1, round(allowed_s / look_s) + 1):
            if select.select([link], [], [], look_s)[0]:
                return True
            if look % LOOKS == 0 and allowed_s > HEARTBEAT_TIMEOUT_S and not self._closing.is_set():
                self._tell("status", self._status)
        return False

    def _hear(self, kind: str, content: Any, dropped_commands: int) -> None:
        if kind == "answer":
            number, agreed, text = content
            with self._answered:
                self._answers = {number: (agreed, text)}
                self._answered.notify_all()
            return
        if kind == "status":
            content = self._status = {**content, "dropped_commands": dropped_commands}
            self._library = content.get("driver", {}).get("library", self._library)
        if kind != "busy":
            self._tell(kind, content)

    def _bury(self, process: subprocess.Popen[bytes], link: Link, ended: bool, allowed_s: float) -> None:
        """Kill what is left, stop the robot without the library, and tell why."""
        try:
            if not ended:
                process.send_signal(signal.SIGABRT)  # ends it, and has it write where it hangs, whoever holds the GIL
                self._tell("status", waiting_status(Cause.CONTROL_PROCESS_DIED, "the control process hangs"))
        finally:  # also when what listens to us fails
            status = _end(process, END_GRACE_S if ended else WORDS_GRACE_S)
            link.close()
            hung = "" if ended else f"hung for {allowed_s * 1e3:.0f} ms and "
            cause = Cause.DRIVER_LOST if status == SPENT_STATUS else Cause.CONTROL_PROCESS_DIED
            self._tell_death(lambda: f"{hung}{_how(process)}", cause)

    def _tell_death(self, how: Callable[[], str], cause: Cause = Cause.CONTROL_PROCESS_DIED) -> None:
        """Stop the robot without the library, which may take seconds, and meanwhile tell that it has to be.

        `how` the process ended may take as long to know: one that is stuck in the kernel is not gone when it is killed.
        """
        stopped = [COULD_NOT_STOP]
        stopping = threading.Thread(target=self._stop_without_library, args=(stopped,), name="last_resort_stop")
        stopping.start()
        try:
            who = f"the control process with {self._library} {how()}"
            self._tell("status", waiting_status(cause, f"{who}; the robot is being told to stop"))
        finally:  # also when what listens to us fails
            stopping.join()
        detail = f"{who}; {stopped[-1]}; its last words: {self._last_words()}"
        self._tell("status", waiting_status(cause, detail))

    def _stop_without_library(self, stopped: list[str]) -> None:
        try:
            stopped.append(self._last_resort_stop())
        except RosWamError as error:
            stopped.append(f"{COULD_NOT_STOP}: {error}")

    def _last_words(self) -> str:
        with self._log_file.open("rb") as log:
            log.seek(self._log_start)
            return last_words(log.read().decode(errors="replace"))


def _how(process: subprocess.Popen[bytes]) -> str:
    """Say in words how a process ended; wait for one that was killed, unless it is stuck in the kernel."""
    try:
        status = process.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "does not end though it was killed"
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _end(process: subprocess.Popen[bytes], grace_s: float) -> int | None:
    """Kill the process unless it ends within `grace_s`; return its exit status, None where it had to be killed."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(grace_s)
    process.kill()
    return None


def _forbid_core(pid: int) -> None:
    """Let a crash of the process write no core: until it is written, the crash looks like a hang.

    Where cores go to a program (core_pattern, a pipe) Linux asks it whatever the limit is, but for 1 (fs/coredump.c).
    """
    _, most = resource.prlimit(pid, resource.RLIMIT_CORE)
    only = 0 if most == 0 else 1  # nobody may raise it again
    resource.prlimit(pid, resource.RLIMIT_CORE, (only, only))
