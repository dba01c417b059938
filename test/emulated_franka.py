"""An emulated FR3 in a process of its own, in real time, driven by a test through two pipes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from emulator_process import EmulatedUr

HOME = [0.0, -0.2716, 0.0, -2.3356, 0.0, 2.0640, 0.7854]
STROKE_M = 0.08
ROOT = Path(__file__).parents[1]


class EmulatedFranka(EmulatedUr):
    """The test's side. `ask` sends one request and returns its answer."""

    def __init__(self, address: str, version: int = 10) -> None:
        self.address = address
        command = [sys.executable, str(Path(__file__)), address, str(version)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, **pipes)
        assert self._answer() == "listening"

    def targets(self) -> np.ndarray:
        """Joint positions that libfranka sent so far `(k, 7)`."""
        return np.array(self.ask("targets"), dtype=np.float64).reshape(-1, 7)


def _serve(address: str, version: int) -> None:
    from emulator_process import serve

    from ros_wam.clock import StationClock
    from ros_wam.motion.realtime import become_realtime
    from ros_wam.sim.emulators.franka import FrankaEmulator
    from ros_wam.sim.emulators.plant import KinematicPlant

    class Controller(FrankaEmulator):
        willing = True
        """Else it refuses motions without a reason that its state tells."""

        @property
        def is_at_rest(self) -> bool:
            return self.willing and super().is_at_rest

    plant = KinematicPlant(np.array(HOME))
    emulator = Controller(address, plant, STROKE_M, StationClock(), version)
    emulator.start()
    become_realtime()
    answers = {
        "inject": emulator.inject,
        "clear": lambda _: emulator.clear(),
        "targets": lambda _: [target.position.tolist() for target in emulator.received_targets()],
        "forget": lambda _: emulator.forget_targets(),
        "counts": lambda _: dict(emulator.counts()),
        "settings": lambda _: {setter.name: payload.hex() for setter, payload in emulator.settings.items()},
        "willing": lambda willing: setattr(emulator, "willing", willing),
        "mode": lambda _: emulator.mode.name,
        "position": lambda _: [*plant.position().tolist(), plant.gripper_position()],
        "object_at": lambda opening: setattr(plant, "object_at", opening),
        "hand_refuses": lambda refuses: setattr(emulator.hand, "refuses", refuses),
        "wrench": lambda wrench: setattr(plant, "wrench", np.array(wrench)),
    }
    serve(emulator, plant, answers)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
