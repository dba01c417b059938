"""The running processes of one sitting, with hands on each of them."""

import json
import os
import resource
import select
import signal
from pathlib import Path
from typing import Any

import pytest
from faults.witness import Witness

from ros_wam.bringup import Request, bringup
from ros_wam.sim.link import SimLink
from ros_wam.supervisor import Supervisor

CONTROL = "ros_wam.motion.process"
POLL_S = 0.05


class LiveStack:
    """Starts `request`; `ended` is the process whose end ended the run."""

    def __init__(self, request: Request) -> None:
        self.run = bringup(request)
        assert self.run.config.sitting_dir is not None
        self.sitting = self.run.config.sitting_dir
        self.link = SimLink(self.run.config.sim_socket)
        self.supervisor = Supervisor(self.run, self.sitting / "logs")
        self.ended: str | None = None
        self.supervisor.__enter__()
        self._patch = pytest.MonkeyPatch()
        for name, value in self.run.environment.items():
            self._patch.setenv(name, value)
        self.witness = Witness(self.run)
        self.clock = self.witness.clock

    def next_event(self) -> dict[str, Any] | None:
        """Return the next progress event if one comes soon; note the end of a process that ends the run."""
        output = self.supervisor.output
        assert output is not None
        ended = self.supervisor.ended()
        self.ended = None if ended is None else ended.name
        line = output.readline() if select.select([output], [], [], POLL_S)[0] else ""
        event: dict[str, Any] | None = json.loads(line) if line else None
        return event

    def pid(self, name: str) -> int:
        """Return the process id of a node, or of the control process."""
        module = CONTROL if name == "control_process" else f"ros_wam.nodes.{name.removesuffix('_wrist')}"
        view = "wrist" if name.endswith("_wrist") else ""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if module in words and str(self.run.config_file) in words and (not view or view in words):
                return int(process.name)
        raise AssertionError(f"{name} does not run")

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a node or to the control process."""
        os.kill(self.pid(name), number)

    def limit_files(self, name: str, size: int) -> None:
        """Let a process write no file beyond `size` bytes (resource.RLIM_INFINITY: any)."""
        resource.prlimit(self.pid(name), resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def close(self) -> None:
        """End everything."""
        self.witness.close()
        self._patch.undo()
        self.supervisor.__exit__(None, None, None)
