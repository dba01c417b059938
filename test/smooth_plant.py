"""Joints that go smoothly where they are sent, as the simulated world's do."""

import numpy as np

from ros_wam.sim.actuator import ArmActuator
from ros_wam.sim.emulators.plant import KinematicPlant


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
