"""Both emulated arms of ALOHA with kinematic plants, in a process of their own and in real time, driven by a test."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from emulator_process import ROOT, EmulatorProcess, answers_of, serve
from smooth_plant import SmoothPlant

from ros_wam.embodiment import load_embodiment
from ros_wam.sim.emulators import make_emulator
from ros_wam.sim.emulators.aloha import AlohaEmulator
from ros_wam.sim.emulators.plant import KinematicPlant

JAWS = {"left": {"open_rad": 1.6214, "closed_rad": 0.6197}, "right": {"open_rad": 1.4910, "closed_rad": -0.6213}}
"""Interbotix's and the original ALOHA's."""


def settings(folder: Path) -> dict[str, Any]:
    """Return what the station file would say of the robot."""
    return {"ports": {arm: str(folder / f"ttyDXL_follower_{arm}") for arm in JAWS}, "grippers": JAWS}


class EmulatedAloha(EmulatorProcess):
    """The test's side."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings(folder)
        super().__init__(__file__, folder)

    def truth(self) -> np.ndarray:
        return np.concatenate(self.ask("position"))


class Plants(dict[str, KinematicPlant]):
    """Both arms, by name."""

    def plant(self, arm: str) -> KinematicPlant:
        return self[arm]

    def step(self, duration_s: float) -> None:
        for plant in self.values():
            plant.step(duration_s)


def make(folder: Path) -> tuple[AlohaEmulator, Plants]:
    """Return the emulator, not yet listening, and what it moves."""
    embodiment = load_embodiment(ROOT / "robots/aloha.yaml")
    home = embodiment.home_position
    plants = Plants(left=SmoothPlant(home[:6]), right=SmoothPlant(home[7:13]))
    emulator = make_emulator(embodiment, settings(folder), plants, folder)
    assert isinstance(emulator, AlohaEmulator)
    return emulator, plants


def _serve(folder: Path) -> None:
    emulator, plants = make(folder)
    servos = [arm.servos for arm in emulator.arms]
    answers = answers_of(emulator, plants["right"])
    answers |= {
        "register": lambda at: servos[at[0]][at[1]].table[at[2]],
        "set": lambda at: servos[at[0]][at[1]].table.__setitem__(at[2], at[3]),
        "keep_goals": lambda keeps: [setattr(s, "keeps_goal", keeps) for arm in servos for s in arm.values()] and None,
        "position": lambda _: [plant.position().tolist() for plant in plants.values()],
    }
    serve(emulator, plants.step, answers, catches_up_ns=round(1e9 / emulator.rate_hz))


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
