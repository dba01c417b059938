"""An emulated UR with a kinematic plant in a process of its own, in real time, driven by a test through two pipes."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
from emulator_process import ROOT, EmulatorProcess, answers_of, serve

from ros_wam.sim.emulators.plant import KinematicPlant
from ros_wam.sim.emulators.ur import CB3, E_SERIES, UrEmulator

HOME = [0.0, -1.5708, 1.5708, -1.5708, -1.5708, 0.0]
STROKE_M = 0.085


class EmulatedUr(EmulatorProcess):
    """The test's side."""

    def __init__(self, address: str, model: str, unlock_after_s: float = 5.0, robot: str = "") -> None:
        """With a `robot` its plant is that robot in the simulated world; else joints that go where they are sent."""
        self.address = address
        super().__init__(__file__, address, model, unlock_after_s, robot)


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
    answers = answers_of(emulator, plant)
    answers |= {
        "stamps": lambda _: [target.stamp_ns for target in emulator.received_targets()],
        "running": lambda _: emulator.is_running,
    }
    serve(emulator, plant.step, answers)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])
