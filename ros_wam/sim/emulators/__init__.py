"""Controllers emulated at the wire, one file per device; the unmodified vendor libraries connect to them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ros_wam.clock import StationClock
from ros_wam.drivers import driver_module
from ros_wam.embodiment import Embodiment, is_driver_file
from ros_wam.errors import SimError
from ros_wam.sim.emulators.aloha import AlohaEmulator
from ros_wam.sim.emulators.aloha_arm import AlohaArm
from ros_wam.sim.emulators.arx import ArxEmulator, arx_control_prefix
from ros_wam.sim.emulators.emulator import Emulator
from ros_wam.sim.emulators.franka import FrankaEmulator
from ros_wam.sim.emulators.plant import Plant
from ros_wam.sim.emulators.robotiq import ROBOTIQ_PORT
from ros_wam.sim.emulators.ur import CB3, E_SERIES, UrEmulator


class Plants(Protocol):
    """Gives the plant of each arm."""

    def plant(self, arm: str) -> Plant: ...


def make_emulator(embodiment: Embodiment, settings: Mapping[str, Any], plants: Plants, run_dir: Path) -> Emulator:
    """Return what the driver of `embodiment` connects to, not yet listening.

    `settings` is the station file's `robot` mapping: it listens where the driver connects. `run_dir` is for sockets
    that are no part of a real station. Raises SimError if the driver has no emulated controller.
    """
    return _emulated(embodiment).make(embodiment, settings, plants, run_dir)


def control_prefix(embodiment: Embodiment, run_dir: Path) -> tuple[str, ...]:
    """Return the command that the control process has to be started by to reach its emulator; mostly none."""
    return _emulated(embodiment).control_prefix(run_dir)


def emulated_faults(embodiment: Embodiment) -> tuple[str, ...]:
    """Return the names of the faults that its controllers can be given; raises SimError like `make_emulator`."""
    return _emulated(embodiment).faults


def _emulated(embodiment: Embodiment) -> "_Emulated":
    """Look the driver up; a driver file may offer `make_emulator` and its `FAULTS` itself."""
    driver = embodiment.driver
    if is_driver_file(driver):
        module = driver_module(driver)
        if not hasattr(module, "make_emulator"):
            raise SimError(f"driver {driver} offers no make_emulator: in simulation it can run in lockstep only")
        return _Emulated(module.make_emulator, tuple(getattr(module, "FAULTS", ())))
    if driver not in _EMULATORS:
        raise SimError(f"driver {driver!r} has no emulator; there are: {', '.join(_EMULATORS)}")
    return _EMULATORS[driver]


def _make_ur(embodiment: Embodiment, settings: Mapping[str, Any], plants: Plants, run_dir: Path) -> Emulator:
    models = {model.rate_hz: model for model in (CB3, E_SERIES)}
    if embodiment.control_rate_hz not in models:
        rates = ", ".join(f"{rate:g}" for rate in models)
        raise SimError(f"no UR controller runs at {embodiment.control_rate_hz:g} Hz; there are: {rates}")
    ((name, arm),) = embodiment.arms.items()
    stroke_m = embodiment.grippers[arm.gripper].stroke_m
    port = settings.get("gripper_port", ROBOTIQ_PORT)
    return UrEmulator(models[embodiment.control_rate_hz], settings["address"], plants.plant(name), stroke_m, port)


def _make_aloha(embodiment: Embodiment, settings: Mapping[str, Any], plants: Plants, run_dir: Path) -> Emulator:
    arms = []
    for name in embodiment.arms:
        jaw = settings["grippers"][name]
        path = Path(settings["ports"][name])
        arms.append(AlohaArm(path, plants.plant(name), jaw["open_rad"], jaw["closed_rad"]))
    return AlohaEmulator(arms)


def _make_arx(embodiment: Embodiment, settings: Mapping[str, Any], plants: Plants, run_dir: Path) -> Emulator:
    ((name, arm),) = embodiment.arms.items()
    stroke_m = embodiment.grippers[arm.gripper].stroke_m
    model, interface, open_rad = (settings[key] for key in ("model", "interface", "gripper_open_rad"))
    return ArxEmulator(model, interface, plants.plant(name), run_dir, stroke_m, open_rad)


def _make_franka(embodiment: Embodiment, settings: Mapping[str, Any], plants: Plants, run_dir: Path) -> Emulator:
    ((name, arm),) = embodiment.arms.items()
    stroke_m = embodiment.grippers[arm.gripper].stroke_m
    return FrankaEmulator(settings["address"], plants.plant(name), stroke_m, StationClock())


class _Emulated(NamedTuple):
    """How a driver's controllers are made, and the faults that they can be given."""

    make: Callable[[Embodiment, Mapping[str, Any], Plants, Path], Emulator]
    faults: tuple[str, ...]
    control_prefix: Callable[[Path], tuple[str, ...]] = lambda run_dir: ()


_EMULATORS = {
    "ur5": _Emulated(_make_ur, UrEmulator.faults),
    "franka": _Emulated(_make_franka, FrankaEmulator.faults),
    "aloha": _Emulated(_make_aloha, AlohaEmulator.faults),
    "arx5": _Emulated(_make_arx, ArxEmulator.faults, arx_control_prefix),
}
