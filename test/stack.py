"""The whole stack as processes, the way `ros-wam eval` runs it, with hands on it while it runs."""

import json
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ros_wam.bringup import bringup
from ros_wam.clock import StationClock
from ros_wam.request import Request
from ros_wam.sim.link import SimLink
from ros_wam.supervisor import Supervisor

SITTING_TIMEOUT_S = 240.0


class Stack:
    """A running sitting; `events` are the progress events of its trials, until they are over."""

    def __init__(self, request: Request) -> None:
        self.run = bringup(request)
        assert self.run.config.sitting_dir is not None
        self.sitting = self.run.config.sitting_dir
        self.link = SimLink(self.run.config.sim_socket)
        self.supervisor = Supervisor(self.run, self.sitting / "logs")
        self.ended: str | None = None

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield progress events as they come; an AssertionError names what never ended."""
        output, clock = self.supervisor.output, StationClock()
        assert output is not None
        deadline_ns = clock.now_ns() + round(SITTING_TIMEOUT_S * 1e9)
        while True:
            assert clock.now_ns() < deadline_ns, "the sitting did not end"
            ended = self.supervisor.ended()
            if ended is not None:
                self.ended = ended.name
                yield from (json.loads(line) for line in output)
                return
            if select.select([output], [], [], 0.1)[0]:
                line = output.readline()
                if line:
                    yield json.loads(line)

    def results(self) -> list[dict[str, Any]]:
        """Return the finished trials."""
        trials: list[dict[str, Any]] = json.loads((self.sitting / "results.json").read_text())["trials"]
        return trials


def run_stack(
    record_dir: Path, on_event: Callable[[Stack, dict[str, Any]], None] = lambda stack, event: None, **options: Any
) -> Stack:
    """Run a sitting of the simulated UR5 to its end, `on_event` interfering; return what is left of it."""
    asked = {"robot": "ur5", "policy": "baseline", "task": "move_objects_into_box", "sim": True, "seed": 1, **options}
    stack = Stack(Request(record_dir=record_dir, **asked))
    with stack.supervisor:
        for event in stack.events():
            on_event(stack, event)
    assert not stack.run.config.run_dir.exists()
    return stack
