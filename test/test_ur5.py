"""The UR driver with the real ur_rtde against emulated controllers, CB3 and e-Series, in real time."""

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from driver_process import DriverProcess
from emulated_ur import EmulatedUr
from loopback import own_address
from waiting import wait_until

from conformance import DriverConformance, DriverRig
from ros_wam.clock import StationClock
from ros_wam.drivers import driver_module
from ros_wam.drivers.driver import Driver
from ros_wam.drivers.ur5 import WATCHDOG_HZ
from ros_wam.drivers.ur_receiver import LOST_NS
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, DriverError, DriverSpent, DriverUnreachable, RobotStopped, StateStale
from ros_wam.types import Command

pytest.importorskip("rtde_control")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ROBOTS = Path(__file__).parents[1] / "robots"
GENERATIONS = {"ur5": "cb3", "ur5e": "e_series"}


def open_driver(robot: str, address: str) -> Driver:
    embodiment = load_embodiment(ROBOTS / f"{robot}.yaml")
    return driver_module("ur5").open_driver(embodiment, {"address": address}, StationClock())


@pytest.fixture(scope="module", params=["ur5", pytest.param("ur5e", marks=pytest.mark.thorough)])
def robot(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def controller(robot: str) -> Iterator[EmulatedUr]:
    emulated = EmulatedUr(own_address(), GENERATIONS[robot], unlock_after_s=1.0)
    yield emulated
    emulated.close()


def child_of(robot: str, controller: EmulatedUr) -> DriverProcess:
    return DriverProcess(ROBOTS / f"{robot}.yaml", {"address": controller.address})


@pytest.fixture
def child(robot: str, controller: EmulatedUr) -> Iterator[DriverProcess]:
    """Give the driver in a process of its own: ur_rtde may crash it when it loses its link, or takes a second to go."""
    process = child_of(robot, controller)
    yield process
    process.end()
    controller.clear()


@pytest.fixture
def rig(robot: str, child: DriverProcess, controller: EmulatedUr) -> Iterator[DriverRig]:
    made = DriverRig.of(child, load_embodiment(ROBOTS / f"{robot}.yaml"), controller)

    def reopen() -> Driver:
        child.end()
        driver_module("ur5").last_resort_stop({"address": controller.address})  # as the supervisor does
        made.driver = child_of(robot, controller)
        return made.driver

    made.reopen = reopen
    yield made
    with contextlib.suppress(DriverSpent):  # a process that has ended
        made.driver.close()
    assert isinstance(made.driver, DriverProcess)
    made.driver.end()
    controller.ask("object_at", None)


class TestUr5Conformance(DriverConformance):
    """What every driver keeps."""

    losses = ("freeze", "drop", "refuse")
    silent_gripper = "gripper_freeze"
    stops: ClassVar[Mapping[str, str]] = {"protective_stop": "protective stop", "program_stop": "no program runs"}


def test_a_robot_that_hears_nothing_stops_by_its_own_watchdog(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    for _ in range(round(2.0 / WATCHDOG_HZ * rig.embodiment.control_rate_hz)):
        rig.step()
        rig.read()  # whoever reads is alive
    rig.hold(rig.read().position)
    assert controller.ask("running")
    wait_until(lambda: not controller.ask("running"), "the program ends", 2.0 / WATCHDOG_HZ)
    with pytest.raises(RobotStopped, match="no program runs"):
        for _ in range(100):  # the last state before it may still be read
            rig.step()
            rig.read()
    rig.driver.recover()
    rig.hold(rig.read().position)


def test_the_force_at_the_tool_is_measured(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    assert rig.read().tool_force_n.tolist() == [0.0]
    controller.ask("wrench", [30.0, 0.0, 40.0, 9.0, 9.0, 9.0])
    wait_until(lambda: rig.read().tool_force_n.tolist() == [50.0], "50 N are measured")
    controller.ask("wrench", [0.0] * 6)


def test_every_command_of_a_second_arrives_once_and_in_order(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    hold = rig.read().position
    controller.forget_targets()
    cpu_s, begin_ns = controller.ask("cpu_s"), rig.clock.now_ns()
    marked = hold + 1e-6 * np.arange(1, rig.embodiment.control_rate_hz + 1)[:, None] * rig.arm
    for k, position in enumerate(marked):
        rig.clock.sleep_until_ns(begin_ns + round(k * rig.embodiment.period_s * 1e9))
        rig.read()
        rig.driver.send(Command(rig.clock.now_ns(), position))
    wait_until(lambda: len(controller.targets()) >= len(marked), "every target arrives")
    np.testing.assert_array_equal(controller.targets(), marked[:, rig.arm])
    assert controller.ask("cpu_s") - cpu_s < 0.5


def test_frozen_packages_are_stale_then_lost_before_the_library_reconnects(
    child: DriverProcess, controller: EmulatedUr
) -> None:
    child.connect()
    hold = child.read().position
    controller.inject("freeze")
    told: list[str] = []

    def is_lost() -> bool:
        try:
            child.read()
            child.send(Command(0, hold))
        except StateStale:
            told.append("stale")
        except DriverError:
            return True
        return False

    wait_until(is_lost, "the link is lost", 2.0)
    assert told
    child.stop()
    with pytest.raises(DriverSpent):
        child.recover()
    child.close()
    with pytest.raises(DriverSpent):
        child.connect()
    assert not controller.ask("running")  # stopped without the library
    assert child.end() == 0


def test_a_pause_of_the_whole_machine_is_no_loss(child: DriverProcess, controller: EmulatedUr) -> None:
    child.connect()
    for _ in range(3):
        child.read()
        controller.signal(signal.SIGSTOP)
        time.sleep(0.015)
        child.read()  # it has seen the newest state
        child.process.send_signal(signal.SIGSTOP)
        time.sleep(1.2 * LOST_NS * 1e-9)
        child.process.send_signal(signal.SIGCONT)
        threading.Timer(0.03, controller.signal, [signal.SIGCONT]).start()  # the driver looks before it hears anything
        with contextlib.suppress(StateStale, RobotStopped):  # by the controller's watchdog
            child.read()
        child.recover()


def test_a_crash_takes_only_its_process_and_the_robot_can_be_stopped_and_used_again(
    robot: str, child: DriverProcess, controller: EmulatedUr
) -> None:
    child.connect()
    child.send(Command(0, child.read().position))
    child.process.send_signal(signal.SIGSEGV)
    assert child.end() == -signal.SIGSEGV
    before = len(controller.targets())
    assert controller.ask("running")  # the controller keeps the last target
    driver_module("ur5").last_resort_stop({"address": controller.address})
    wait_until(lambda: not controller.ask("running"), "the program is stopped")
    assert len(controller.targets()) == before
    again = child_of(robot, controller)
    again.connect()
    assert again.facts()["firmware"].startswith("URSoftware")
    again.end()


def test_nobody_there_is_told_at_once_with_address_and_port() -> None:
    address, clock = own_address(), StationClock()
    begin_ns = clock.now_ns()
    with pytest.raises(DriverUnreachable, match=f"{address}:30004"):
        open_driver("ur5", address).connect()
    assert clock.now_ns() - begin_ns < 2_000_000_000
    with pytest.raises(DriverUnreachable, match=f"{address}:29999"):
        driver_module("ur5").last_resort_stop({"address": address})


def test_a_silent_port_is_told_within_its_timeout() -> None:
    address = own_address()
    with socket.create_server((address, 29999)), pytest.raises(DriverError, match=address):
        driver_module("ur5").last_resort_stop({"address": address})


@pytest.mark.parametrize(
    ("settings", "told"),
    [({}, "missing key address"), ({"address": 7}, "str"), ({"address": "a", "prot": 1}, "unknown key prot")],
)
def test_wrong_settings_are_told_before_anything_is_opened(settings: dict[str, object], told: str) -> None:
    embodiment = load_embodiment(ROBOTS / "ur5.yaml")
    with pytest.raises(ConfigError, match=told):
        driver_module("ur5").open_driver(embodiment, settings, StationClock())
