"""An emulated device in a process of its own, in real time, driven by a test through two pipes.

It must be another process: vendor libraries hold the GIL while they connect, or have their system calls answered.
"""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.clock import StationClock

ROOT = Path(__file__).parents[1]
ANSWER_TIMEOUT_S = 20.0
CATCHES_UP_NS = 500_000_000
"""As the simulated station does after a pause of the machine, so that velocity stays the rate of the position."""

Answers = Mapping[str, Callable[[Any], Any]]


class EmulatorProcess:
    """The test's side. `ask` sends one request and returns its answer."""

    def __init__(self, script: str, *arguments: object) -> None:
        """Run `script`, which ends in `serve`, and wait until it listens."""
        command = [sys.executable, script, *map(str, arguments)]
        paths = os.pathsep.join([str(ROOT), str(ROOT / "test")])
        self._process = subprocess.Popen(
            command, env=os.environ | {"PYTHONPATH": paths}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._answer() == "listening"

    def ask(self, verb: str, argument: Any = None) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([verb, argument]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def inject(self, fault: str) -> None:
        self.ask("inject", fault)

    def clear(self) -> None:
        self.ask("clear")

    def forget_targets(self) -> None:
        self.ask("forget")

    def targets(self) -> np.ndarray:
        """Joint targets that arrived since they were forgotten `(k, joints)`."""
        return np.array(self.ask("targets"), dtype=np.float64)

    def truth(self) -> np.ndarray:
        """Where the arms' joints really are `(n,)`, without grippers."""
        return np.array(self.ask("position")[:-1])

    def signal(self, number: int) -> None:
        """Stop the emulator's process, or let it go on."""
        self._process.send_signal(number)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(ANSWER_TIMEOUT_S)
        self._process.stdout.close()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the emulator's process ended"
        return json.loads(line)


def answers_of(emulator: Any, plant: Any) -> dict[str, Callable[[Any], Any]]:
    """Return what every emulator of one arm is asked."""
    return {
        "inject": emulator.inject,
        "clear": lambda _: emulator.clear(),
        "targets": lambda _: [target.position.tolist() for target in emulator.received_targets()],
        "forget": lambda _: emulator.forget_targets(),
        "counts": lambda _: dict(emulator.counts()),
        "position": lambda _: [*plant.position().tolist(), plant.gripper_position()],
        "object_at": lambda opening: setattr(plant, "object_at", opening),
        "wrench": lambda wrench: setattr(plant, "wrench", np.array(wrench)),
        "cpu_s": lambda _: sum(os.times()[:2]),
    }


def serve(emulator: Any, step: Callable[[float], None], answers: Answers, catches_up_ns: int = CATCHES_UP_NS) -> None:
    """Start an emulator, cycle it and what it moves in real time, and answer requests, until the test hangs up."""
    clock = StationClock()
    requests = selectors.DefaultSelector()
    requests.register(sys.stdin, selectors.EVENT_READ)
    os.set_blocking(0, False)
    text = ""
    emulator.start()
    say("listening")
    period_ns = round(1e9 / emulator.rate_hz)
    due_ns = clock.now_ns()
    while True:
        before_ns, due_ns = due_ns, max(due_ns + period_ns, clock.now_ns() - catches_up_ns)
        clock.sleep_until_ns(due_ns)
        step((due_ns - before_ns) * 1e-9)
        emulator.cycle(due_ns)
        if requests.select(0):
            data = os.read(0, 1 << 16)
            if not data:
                emulator.close()
                return
            *lines, text = (text + data.decode()).split("\n")
            for line in lines:
                verb, argument = json.loads(line)
                say(answers[verb](argument))


def say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
