"""Controllers emulated at the wire, one file per device; the unmodified vendor libraries connect to them."""

from collections.abc import Mapping
from typing import Any, Protocol

from ros_wam.embodiment import Embodiment
from ros_wam.errors import SimError
from ros_wam.sim.emulators.emulator import Emulator
from ros_wam.sim.emulators.plant import Plant
from ros_wam.sim.emulators.robotiq import ROBOTIQ_PORT
from ros_wam.sim.emulators.ur import CB3, E_SERIES, UrEmulator


class Plants(Protocol):
    """Gives the plant of each arm."""

    def plant(self, arm: str) -> Plant: ...


def make_emulators(embodiment: Embodiment, settings: Mapping[str, Any], plants: Plants) -> tuple[Emulator, ...]:
    """Return the controllers that the driver of `embodiment` expects, not yet listening.

    `settings` is the station file's `robot` mapping: they listen where the driver connects. Raises SimError if the
    driver has no emulated controller.
    """
    emulators = {"ur5": _make_ur}
    if embodiment.driver not in emulators:
        raise SimError(f"driver {embodiment.driver!r} has no emulator; there are: {', '.join(emulators)}")
    return (emulators[embodiment.driver](embodiment, settings, plants),)


def _make_ur(embodiment: Embodiment, settings: Mapping[str, Any], plants: Plants) -> Emulator:
    models = {model.rate_hz: model for model in (CB3, E_SERIES)}
    if embodiment.control_rate_hz not in models:
        rates = ", ".join(f"{rate:g}" for rate in models)
        raise SimError(f"no UR controller runs at {embodiment.control_rate_hz:g} Hz; there are: {rates}")
    ((name, arm),) = embodiment.arms.items()
    stroke_m = embodiment.grippers[arm.gripper].stroke_m
    port = settings.get("gripper_port", ROBOTIQ_PORT)
    return UrEmulator(models[embodiment.control_rate_hz], settings["address"], plants.plant(name), stroke_m, port)
