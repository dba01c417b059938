"""The ALOHA driver with the real dynamixel_sdk against two emulated servo buses, in real time."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from emulated_aloha import ROOT, EmulatedAloha

from conformance import DriverConformance, DriverRig
from ros_wam.clock import StationClock
from ros_wam.drivers import driver_module
from ros_wam.drivers.dynamixel_servos import TICKS_PER_RAD
from ros_wam.embodiment import load_embodiment

pytest.importorskip("dynamixel_sdk")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ALOHA = load_embodiment(ROOT / "robots/aloha.yaml")


@pytest.fixture(scope="module")
def arms() -> Iterator[EmulatedAloha]:
    with tempfile.TemporaryDirectory() as folder:
        emulated = EmulatedAloha(Path(folder))
        yield emulated
        emulated.close()


@pytest.fixture
def rig(arms: EmulatedAloha) -> Iterator[DriverRig]:
    clock = StationClock()
    driver = driver_module("aloha").open_driver(ALOHA, arms.settings, clock)

    def step() -> None:
        clock.sleep_until_ns(clock.now_ns() + round(ALOHA.period_s * 1e9))

    arms.ask("forget")
    made = DriverRig(driver, ALOHA, clock, step, arms.targets, arms.inject, partial(arms.ask, "clear"))
    made.resolution_rad = 2.0 / TICKS_PER_RAD  # on a busy machine a newer goal may come before one is written
    yield made
    made.driver.close()
    arms.ask("clear")


class TestAlohaConformance(DriverConformance):
    """What every driver keeps."""

    losses = ("freeze", "drop", "silent_servo", "gripper_freeze", "bad_crc", "slow")
    stops = ("overload",)
