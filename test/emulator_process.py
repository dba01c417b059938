"""An emulated UR with a kinematic plant in a process of its own, in real time, driven by a test through two pipes.

It must be another process: ur_rtde holds the GIL while it connects.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.clock import StationClock
from ros_wam.sim.emulators.plant import KinematicPlant
from ros_wam.sim.emulators.ur import CB3, E_SERIES, UrEmulator

HOME = [0.0, -1.5708, 1.5708, -1.5708, -1.5708, 0.0]
ROOT = Path(__file__).parents[1]
STROKE_M = 0.085
ANSWER_TIMEOUT_S = 20.0
CATCHES_UP_NS = 500_000_000
"""As the simulated station does after a pause of the machine, so that velocity stays the rate of the position."""


class EmulatedUr:
    """The test's side. `ask` sends one request and returns its answer."""

    def __init__(self, address: str, model: str, unlock_after_s: float = 5.0, robot: str = "") -> None:
        """With a `robot` its plant is that robot in the simulated world; else joints that go where they are sent."""
        self.address = address
        command = [sys.executable, str(Path(__file__)), address, model, str(unlock_after_s), robot]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, **pipes)
        assert self._answer() == "listening"

    def ask(self, verb: str, argument: Any = None) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([verb, argument]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def inject(self, fault: str) -> None:
        self.ask("inject", fault)

    def targets(self) -> np.ndarray:
        """Joint targets that arrived so far `(k, 6)`."""
        return np.array(self.ask("targets"), dtype=np.float64).reshape(-1, 6)

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


def _world_plant(robot: str) -> Any:
    """The arm of the simulated world, whose `step` takes seconds."""
    from ros_wam.embodiment import load_embodiment
    from ros_wam.sim.robot import ArmPlant, SimRobot
    from ros_wam.sim.world import STEP_NS, World

    class Plant(ArmPlant):
        def step(self, duration_s: float) -> None:
            simulated.step(round(duration_s * 1e9 / STEP_NS))

    embodiment = load_embodiment(ROOT / f"robots/{robot}.yaml")
    simulated = SimRobot(World(embodiment, ROOT / f"calib/{robot}/sim", "move_objects_into_box", 0))
    return Plant(simulated, "arm", np.arange(6), 6)


def _serve(address: str, model: str, unlock_after_s: float, robot: str) -> None:
    plant = _world_plant(robot) if robot else KinematicPlant(np.array(HOME))
    settings = replace({"cb3": CB3, "e_series": E_SERIES}[model], unlock_after_s=unlock_after_s)
    emulator = UrEmulator(settings, address, plant, STROKE_M)
    emulator.start()
    answers = {
        "inject": emulator.inject,
        "clear": lambda _: emulator.clear(),
        "targets": lambda _: [target.position.tolist() for target in emulator.received_targets()],
        "forget": lambda _: emulator.forget_targets(),
        "stamps": lambda _: [target.stamp_ns for target in emulator.received_targets()],
        "position": lambda _: [*plant.position().tolist(), plant.gripper_position()],
        "running": lambda _: emulator.is_running,
        "object_at": lambda opening: setattr(plant, "object_at", opening),
        "wrench": lambda wrench: setattr(plant, "wrench", np.array(wrench)),
        "cpu_s": lambda _: sum(os.times()[:2]),
    }
    serve(emulator, plant, answers)


def serve(emulator: Any, plant: Any, answers: Mapping[str, Callable[[Any], Any]]) -> None:
    """Cycle a started emulator and its plant in real time, and answer requests, until the test hangs up."""
    import selectors

    clock = StationClock()
    requests = selectors.DefaultSelector()
    requests.register(sys.stdin, selectors.EVENT_READ)
    os.set_blocking(0, False)
    text = ""

    def say(value: Any) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    say("listening")
    period_ns = round(1e9 / emulator.rate_hz)
    due_ns = clock.now_ns()
    while True:
        due_ns = max(due_ns + period_ns, clock.now_ns() - CATCHES_UP_NS)
        clock.sleep_until_ns(due_ns)
        plant.step(1.0 / emulator.rate_hz)
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


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])
