"""An emulated FR3 in a process of its own, in real time, driven by a test through two pipes."""

import sys

import numpy as np
from emulator_process import EmulatorProcess, answers_of, serve

from ros_wam.clock import StationClock
from ros_wam.motion.realtime import keep_memory, take_priority
from ros_wam.sim.emulators.franka import FrankaEmulator
from ros_wam.sim.emulators.plant import KinematicPlant

HOME = [0.0, -0.2716, 0.0, -2.3356, 0.0, 2.0640, 0.7854]
STROKE_M = 0.08


class EmulatedFranka(EmulatorProcess):
    """The test's side."""

    def __init__(self, address: str, version: int = 10) -> None:
        self.address = address
        super().__init__(__file__, address, version)


class _Controller(FrankaEmulator):
    willing = True
    """Else it refuses motions without a reason that its state tells."""

    @property
    def is_at_rest(self) -> bool:
        return self.willing and super().is_at_rest


def _serve(address: str, version: int) -> None:
    plant = KinematicPlant(np.array(HOME))
    emulator = _Controller(address, plant, STROKE_M, StationClock(), version)
    keep_memory()
    take_priority()
    answers = answers_of(emulator, plant)
    answers |= {
        "settings": lambda _: {setter.name: payload.hex() for setter, payload in emulator.settings.items()},
        "willing": lambda willing: setattr(emulator, "willing", willing),
        "user_stopped": lambda status: setattr(emulator._requests, "user_stopped", status),
        "mode": lambda _: emulator.mode.name,
        "wall_at": lambda opening: setattr(plant, "wall_at", opening),
        "hand_refuses": lambda refuses: setattr(emulator.hand, "refuses", refuses),
    }
    serve(emulator, plant.step, answers)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
