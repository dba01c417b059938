"""Emulated ARX motors with a kinematic plant in a process of its own, in real time, driven by a test through two pipes.

They answer system calls for which the driver's process waits.
"""

import sys
from pathlib import Path

import numpy as np
from emulator_process import EmulatorProcess, answers_of, serve
from smooth_plant import SmoothPlant

from ros_wam.sim.emulators.arx import ArxEmulator

HOME = [0.0, 1.057, 0.4798, 0.5772, 0.0, 0.0]
STROKE_M = 0.088


class EmulatedArx(EmulatorProcess):
    """The test's side."""

    def __init__(self, model: str, run_dir: Path, gripper_open_rad: float) -> None:
        self.model, self.run_dir, self.gripper_open_rad = model, run_dir, gripper_open_rad
        super().__init__(__file__, model, run_dir, gripper_open_rad)


def _serve(model: str, run_dir: Path, gripper_open_rad: float) -> None:
    plant = SmoothPlant(np.array(HOME))
    emulator = ArxEmulator(model, "can0", plant, run_dir, STROKE_M, gripper_open_rad)
    answers = answers_of(emulator, plant) | {
        "grip": lambda _: emulator.grip_target_rad(),
        "turn": lambda by: turn(emulator, plant, *by),
    }
    serve(emulator, plant.step, answers, catches_up_ns=0)  # what it missed was not asked either


def turn(emulator: ArxEmulator, plant: SmoothPlant, joint: int, angle_rad: float) -> None:
    """Turn a joint to an angle by hand, while the arm has no power or its motor no gain."""
    emulator._drives.clear()
    emulator._target[joint] = angle_rad
    plant.set_target(emulator._target)


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
