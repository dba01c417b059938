"""The running processes of one sitting, with hands on each of them."""

import contextlib
import json
import os
import resource
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.witness import Witness
from stack import Stack

from ros_wam.request import Request

CONTROL = "ros_wam.motion.process"
POLL_S = 0.05
AHEAD = -10


class LiveStack(Stack):
    """Starts `request`; `ended` is the process whose end ended the run."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.supervisor.__enter__()
        self._weigh(AHEAD, *(pid for pid, _ in self._processes()))
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
        view = name.removeprefix("camera_node_") if name.startswith("camera_node_") else None
        node = name if view is None else "camera_node"
        module = CONTROL if name == "control_process" else f"ros_wam.nodes.{node}"
        wanted = {module} if view is None else {module, view}
        found = [pid for pid, words in self._processes() if wanted <= words]
        assert len(found) == 1, f"{name} runs {len(found)} times"
        return found[0]

    def _processes(self) -> Iterator[tuple[int, set[str]]]:
        """Yield the id and the words of the command line of each process of this run."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = set((folder / "cmdline").read_bytes().decode().split("\0"))
                if str(self.run.config_file) in words:
                    yield int(folder.name), words

    def _weigh(self, niceness: int, *pids: int) -> None:
        """Put this run before what else keeps the machine busy, where permitted: late pictures end trials.

        It weighs sessions against each other, and each process of a run has its own.
        """
        with contextlib.suppress(OSError):
            for pid in (os.getpid(), *pids):
                Path(f"/proc/{pid}/autogroup").write_text(str(niceness))

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
        self._weigh(0)
        self.supervisor.__exit__(None, None, None)
