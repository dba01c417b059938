"""Emulated ARX motors with a kinematic plant in a process of its own, in real time, driven by a test through two pipes.

It must be another process: it answers system calls for which the driver's process waits.
"""

import json
import os
import selectors
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.clock import StationClock
from ros_wam.sim.actuator import ArmActuator
from ros_wam.sim.emulators.arx import ArxEmulator
from ros_wam.sim.emulators.plant import KinematicPlant

HOME = [0.0, 1.057, 0.4798, 0.5772, 0.0, 0.0]
ROOT = Path(__file__).parents[1]
STROKE_M = 0.088
ANSWER_TIMEOUT_S = 20.0


class EmulatedArx:
    """The test's side. `ask` sends one request and returns its answer."""

    def __init__(self, model: str, run_dir: Path) -> None:
        command = [sys.executable, str(Path(__file__)), model, str(run_dir)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.model, self.run_dir = model, run_dir
        self._targets: list[list[float]] = []
        self._process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, **pipes)
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

    def targets(self) -> np.ndarray:
        """Joint targets that arrived since they were forgotten `(k, 6)`, those of every round."""
        self._targets += self.ask("targets")
        return np.array(self._targets, dtype=np.float64).reshape(-1, 6)

    def forget_targets(self) -> None:
        self.ask("targets")
        self._targets = []

    def truth(self) -> np.ndarray:
        """Where the joints really are `(6,)`."""
        return np.array(self.ask("position")[:-1])

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


class SmoothPlant(KinematicPlant):
    """A plant behind the actuator of the simulated world: its velocity is the rate of its position."""

    def __init__(self, position: np.ndarray) -> None:
        super().__init__(position)
        self._actuator = ArmActuator(position)

    def set_target(self, position: np.ndarray) -> None:
        self._actuator.set_target(position)

    def step(self, duration_s: float) -> None:
        super().set_target(self._actuator.step(duration_s))
        super().step(duration_s)


def _serve(model: str, run_dir: Path) -> None:
    clock, plant = StationClock(), SmoothPlant(np.array(HOME))
    emulator = ArxEmulator(model, "can0", plant, run_dir, STROKE_M)
    emulator.start()

    def targets(_: Any) -> list[list[float]]:
        """Those since it was asked last."""
        new = [target.position.tolist() for target in emulator.received_targets()]
        emulator.forget_targets()
        return new

    answers = {
        "inject": emulator.inject,
        "clear": lambda _: emulator.clear(),
        "targets": targets,
        "counts": lambda _: emulator.counts(),
        "grip": lambda _: emulator.grip_target_rad(),
        "position": lambda _: [*plant.position().tolist(), plant.gripper_position()],
        "object_at": lambda opening: setattr(plant, "object_at", opening),
    }
    requests = selectors.DefaultSelector()
    requests.register(sys.stdin, selectors.EVENT_READ)
    text = ""

    def say(value: Any) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    say("listening")
    period_ns = round(1e9 / emulator.rate_hz)
    now_ns = clock.now_ns()
    while True:
        clock.sleep_until_ns(now_ns + period_ns)
        before_ns, now_ns = now_ns, clock.now_ns()
        plant.step((now_ns - before_ns) * 1e-9)
        emulator.cycle(now_ns)
        if requests.select(0):
            data = os.read(0, 1 << 16)
            if not data:
                emulator.close()
                return
            *lines, text = (text + data.decode()).split("\n")
            for line in lines:
                verb, argument = json.loads(line)
                say(answers[verb](argument))


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
