"""Both emulated arms of ALOHA with kinematic plants, in a process of their own and in real time, driven by a test."""

import json
import os
import selectors
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from emulator_process import EmulatedUr

from ros_wam.clock import StationClock
from ros_wam.embodiment import load_embodiment
from ros_wam.sim.actuator import ArmActuator
from ros_wam.sim.emulators import make_emulator
from ros_wam.sim.emulators.aloha import AlohaEmulator
from ros_wam.sim.emulators.plant import KinematicPlant

ROOT = Path(__file__).parents[1]
JAWS = {"left": {"open_rad": 1.6214, "closed_rad": 0.6197}, "right": {"open_rad": 1.4910, "closed_rad": -0.6213}}
"""Interbotix's and the original ALOHA's."""


def settings(folder: Path) -> dict[str, Any]:
    """Return what the station file would say of the robot."""
    return {"ports": {arm: str(folder / f"ttyDXL_follower_{arm}") for arm in JAWS}, "grippers": JAWS}


class EmulatedAloha(EmulatedUr):
    """The test's side. `ask` sends one request and returns its answer."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings(folder)
        command = [sys.executable, str(Path(__file__)), str(folder)]
        paths = os.pathsep.join([str(ROOT), str(ROOT / "test")])
        self._process = subprocess.Popen(
            command, env=os.environ | {"PYTHONPATH": paths}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._answer() == "listening"

    def signal(self, number: int) -> None:
        """Stop the emulator's process, or let it go on."""
        self._process.send_signal(number)

    def targets(self) -> np.ndarray:
        """Joint targets that arrived so far `(k, 12)`."""
        return np.array(self.ask("targets"), dtype=np.float64).reshape(-1, 12)


class ServoPlant(KinematicPlant):
    """Joints that go smoothly where they are sent, as the simulated world's do."""

    def __init__(self, position: np.ndarray) -> None:
        super().__init__(position)
        self._actuator = ArmActuator(position)

    def set_target(self, position: np.ndarray) -> None:
        self._actuator.set_target(position)

    def step(self, duration_s: float) -> None:
        super().set_target(self._actuator.step(duration_s))
        super().step(duration_s)


class Plants(dict[str, KinematicPlant]):
    """Both arms, by name."""

    def plant(self, arm: str) -> KinematicPlant:
        return self[arm]


def make(folder: Path) -> tuple[AlohaEmulator, Plants]:
    """Return the emulator, not yet listening, and what it moves."""
    embodiment = load_embodiment(ROOT / "robots/aloha.yaml")
    home = embodiment.home_position
    plants = Plants(left=ServoPlant(home[:6]), right=ServoPlant(home[7:13]))
    emulator = make_emulator(embodiment, settings(folder), plants, folder)
    assert isinstance(emulator, AlohaEmulator)
    return emulator, plants


def _serve(folder: Path) -> None:
    clock = StationClock()
    emulator, plants = make(folder)
    servos = [arm.servos for arm in emulator.arms]
    emulator.start()
    answers = {
        "inject": emulator.inject,
        "clear": lambda _: emulator.clear(),
        "targets": lambda _: [target.position.tolist() for target in emulator.received_targets()],
        "forget": lambda _: emulator.forget_targets(),
        "counts": lambda _: emulator.counts(),
        "register": lambda at: servos[at[0]][at[1]].table[at[2]],
        "set": lambda at: servos[at[0]][at[1]].table.__setitem__(at[2], at[3]),
        "keep_goals": lambda keeps: [setattr(s, "keeps_goal", keeps) for arm in servos for s in arm.values()] and None,
        "position": lambda _: [plant.position().tolist() for plant in plants.values()],
        "object_at": lambda opening: setattr(plants["right"], "object_at", opening),
        "cpu_s": lambda _: sum(os.times()[:2]),
    }
    requests = selectors.DefaultSelector()
    requests.register(sys.stdin, selectors.EVENT_READ)
    os.set_blocking(0, False)
    text = ""

    def say(value: Any) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    say("listening")
    period_ns = round(1e9 / emulator.rate_hz)
    due_ns = now_ns = clock.now_ns()
    for cycle in range(sys.maxsize):
        due_ns = max(due_ns + period_ns, clock.now_ns() - period_ns)
        clock.sleep_until_ns(due_ns)
        before_ns, now_ns = now_ns, clock.now_ns()
        for plant in plants.values():
            plant.step((now_ns - before_ns) * 1e-9)
        emulator.cycle(now_ns)
        if cycle % 4 == 0 and requests.select(0):
            data = os.read(0, 1 << 16)
            if not data:
                emulator.close()
                return
            *lines, text = (text + data.decode()).split("\n")
            for line in lines:
                verb, argument = json.loads(line)
                say(answers[verb](argument))


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
