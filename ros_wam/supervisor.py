"""Run a bringup list without ROS tools: start, watch, respawn, and stop in the order that loses nothing."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

from ros_wam.bringup import Run, clear
from ros_wam.clock import StationClock
from ros_wam.processes import NodeSpec
from ros_wam.share import import_dir

STOP_TIMEOUT_S = 8.0
WIND_UP_S = 20.0  # for the trial to be stopped and scored when another process has ended
TELLING = ("trial_node", "doctor_node")
"""A run has one of these at most."""
# The trial closes its bag first, then what feeds it, and the simulated world last.
STOP_ORDER = (
    *TELLING,
    "policy_node",
    "teleop_node",
    "robot_node",
    "recorder_node",
    "camera_node",
    "desk_node",
    "policy_server",
    "sim_node",
)


class Supervisor:
    """The processes of one run, each with its log in `log_dir`; leaving the context stops them and clears `run_dir`.

    The standard output of the one that is TELLING is a pipe, `output`: one JSON object per line.
    """

    def __init__(self, run: Run, log_dir: Path) -> None:
        self._run = run
        self._log_dir = log_dir
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._clock = StationClock()
        self._ended_ns: int | None = None
        self.output: IO[str] | None = None

    def __enter__(self) -> "Supervisor":
        with ExitStack() as undo:  # an interrupt between two starts must stop what runs already
            undo.callback(self._stop_all)
            self._log_dir.mkdir(parents=True, exist_ok=True)
            for node in self._run.nodes:
                self._start(node)
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_all()

    def _stop_all(self) -> None:
        try:
            for executable in STOP_ORDER:
                self._stop([node for node in self._run.nodes if node.executable == executable])
        finally:
            for process in self._processes.values():
                process.kill()
            if self.output is not None:
                self.output.close()
            clear(self._run)

    def ended(self) -> NodeSpec | None:
        """Respawn what may be respawned; return the first required process that has ended, or None.

        While `trial_node` runs it is not told before `WIND_UP_S` have passed: the trial is to say what it did to it.
        """
        over = [node for node in self._run.nodes if self._processes[node.name].poll() is not None]
        for node in over:
            if node.respawn:
                self._start(node)
        required = [node for node in over if node.required]
        if not required:
            return None
        now_ns = self._clock.now_ns()
        self._ended_ns = now_ns if self._ended_ns is None else self._ended_ns
        if self.runs("trial_node") and now_ns - self._ended_ns < WIND_UP_S * 1e9:
            return None
        return required[0]

    def runs(self, name: str) -> bool:
        """Return whether the process `name` is part of this run and has not ended."""
        return name in self._processes and self._processes[name].poll() is None

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the process `name`."""
        self._processes[name].send_signal(number)

    def exit_status(self, name: str) -> int:
        """Wait for the process `name`, at most `STOP_TIMEOUT_S`, and return its exit status."""
        return self._processes[name].wait(timeout=STOP_TIMEOUT_S)

    def last_words(self, name: str) -> str:
        """Return the last line of the process's log, or an empty string."""
        lines = (self._log_dir / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _start(self, node: NodeSpec) -> None:
        tells = node.executable in TELLING
        with (self._log_dir / f"{node.name}.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"ros_wam.nodes.{node.executable}", *node.args],
                env={**os.environ, **self._run.environment, **node.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if tells else log,
                stderr=log,
                text=True,
                cwd=import_dir(),
                start_new_session=True,  # a terminal's Ctrl-C reaches only us; we stop the others in order
            )
        self._processes[node.name] = process
        if tells:
            self.output = process.stdout

    def _stop(self, nodes: list[NodeSpec]) -> None:
        processes = [self._processes[node.name] for node in nodes if node.name in self._processes]
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in processes:
            try:
                process.wait(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
