"""The Franka driver with the real franky against an emulated FR3 with its hand, in real time."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from emulated_franka import EmulatedFranka
from loopback import own_address

from conformance import DriverConformance, DriverRig
from ros_wam.clock import StationClock
from ros_wam.drivers.franka import Franka, open_driver
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import RobotStopped

pytest.importorskip("franky")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

FRANKA = load_embodiment(Path(__file__).parents[1] / "robots/franka.yaml")
TIMEOUT_S = 10.0
AHEAD_RAD = 0.03
"""What is sent lies ahead of the commanded position by the way that braking takes."""


def driver_for(address: str) -> Franka:
    return open_driver(FRANKA, {"address": address, "fci_version": 10, "realtime": "ignore"}, StationClock())


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
    clock = StationClock()
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    while not holds():
        assert clock.now_ns() < deadline_ns, f"not within {timeout_s} s: {what}"
        threading.Event().wait(0.01)


@pytest.fixture(scope="module")
def controller() -> Iterator[EmulatedFranka]:
    emulated = EmulatedFranka(own_address())
    yield emulated
    emulated.close()


@pytest.fixture
def rig(controller: EmulatedFranka) -> Iterator[DriverRig]:
    clock, driver = StationClock(), driver_for(controller.address)

    def step() -> None:
        clock.sleep_until_ns(clock.now_ns() + round(FRANKA.period_s * 1e9))

    controller.ask("forget")
    yield DriverRig(
        driver,
        FRANKA,
        clock,
        step,
        controller.targets,
        controller.inject,
        partial(controller.ask, "clear"),
        resolution_rad=AHEAD_RAD,
    )
    controller.ask("object_at", None)
    controller.ask("clear")
    driver.close()


class TestFrankaConformance(DriverConformance):
    """What every driver keeps."""

    losses = ("freeze", "drop", "refuse")
    stops = ("reflex", "user_stop", "communication_constraints")


def stopped(rig: DriverRig) -> str:
    """Return what `read` tells once the robot has stopped."""
    with pytest.raises(RobotStopped) as told:
        for _ in range(400):
            rig.step()
            rig.read()
    return str(told.value)
