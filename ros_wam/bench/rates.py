"""Each robot's driver in its own loop against its emulated controller: does it keep the robot's rate?

The real vendor library, the emulator and the simulated world, without cameras, policy or recorder.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ros_wam import share
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.bringup import bringup
from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError, TrialError
from ros_wam.motion.supervisor import clean_environment
from ros_wam.request import Request
from ros_wam.sim.link import SimLink
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.supervisor import Supervisor
from ros_wam.task import task_for

START_S = 30.0
SHOWN = ("sent_hz", "states_hz", "stale_reads", "missed_ticks", "late_p99_ms", "read_send_p99_ms", "measured_s")


def rates(robots: Sequence[str], seconds: float, show: Callable[[str], None]) -> BenchResult:
    """Measure each robot for `seconds`; raises ConfigError and TrialError."""
    rows = []
    for robot in robots:
        show(f"{robot}: {seconds:g} s")
        rows.append(_row(robot, _measure(robot, seconds)))
    figures = {f"{row['robot']}_{name}": float(row[name]) for row in rows for name in SHOWN[:3]}
    return BenchResult("rates", figures, tuple(rows))


def _row(robot: str, found: Mapping[str, Any]) -> dict[str, Any]:
    wire = ", ".join(f"{name} {count}" for name, count in found["counts"].items())
    row: dict[str, Cell] = {"robot": robot, "library": found["facts"]["library"], "rate_hz": found["rate_hz"]}
    return {**row, **{name: round(found[name], 2) for name in SHOWN}, "wire": wire, "source": "measured"}


def _measure(robot: str, seconds: float) -> dict[str, Any]:
    task = task_for(share.find("robots", robot).stem, SIM_TASKS)
    if task is None:
        raise ConfigError(f"no task in config/tasks suits {robot}: there has to be a world")
    run = bringup(Request(robot, task=str(task), sim=True, seed=1), parts=("sim",))
    rate_hz = run.config.embodiment().control_rate_hz
    with tempfile.TemporaryDirectory() as folder, Supervisor(run, Path(folder)) as supervisor:
        link, out = SimLink(run.config.sim_socket), Path(folder) / "found.json"
        command = [*run.config.control_prefix, sys.executable, "-m", "ros_wam.bench.driver_loop"]
        command += ["--config", str(run.config_file), "--duration", str(seconds), "--out", str(out)]
        _await(run.config.sim_socket)
        error = _end(command, {**clean_environment(), **run.environment}, seconds + START_S)
        found = json.loads(out.read_text()) if out.exists() else {"error": error}
        if "error" in found:
            raise TrialError(
                f"{robot}: {found['error']}; the simulator: {supervisor.last_words('sim_node') or 'nothing'}"
            )
        return {**found, "counts": link.counts(), "rate_hz": rate_hz}


def _end(command: Sequence[str], environment: Mapping[str, str], most_s: float) -> str:
    """Run the command for so long at most; return how it ended and what it said last."""
    try:
        ended = subprocess.run(
            command,
            check=False,
            env=environment,
            cwd=share.import_dir(),
            timeout=most_s,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return f"no end within {most_s:g} s"
    return f"status {ended.returncode}: {(ended.stderr.strip().splitlines() or ['nothing'])[-1]}"


def _await(socket: Path) -> None:
    """Wait for the simulator's socket; raises TrialError."""
    clock = StationClock()
    deadline_ns = clock.now_ns() + round(START_S * 1e9)
    while not socket.exists():
        if clock.now_ns() > deadline_ns:
            raise TrialError(f"the simulator was not there after {START_S:g} s")
        clock.sleep_until_ns(clock.now_ns() + 50_000_000)
