"""The UR driver with the real ur_rtde against emulated controllers, CB3 and e-Series, in real time."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from emulator_process import EmulatedUr
from loopback import own_address
from ur_driver_process import UrDriverProcess

from conformance import DriverConformance, DriverRig
from ros_wam.clock import StationClock
from ros_wam.drivers import driver_module
from ros_wam.drivers.driver import Driver
from ros_wam.drivers.ur5 import WATCHDOG_HZ
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, DriverUnreachable, RobotStopped, StateStale
from ros_wam.types import Command

pytest.importorskip("rtde_control")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ROBOTS = Path(__file__).parents[1] / "robots"
GENERATIONS = {"ur5": "cb3", "ur5e": "e_series"}
TIMEOUT_S = 10.0


def open_driver(robot: str, address: str) -> Driver:
    embodiment = load_embodiment(ROBOTS / f"{robot}.yaml")
    return driver_module("ur5").open_driver(embodiment, {"address": address}, StationClock())


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
    clock = StationClock()
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    while not holds():
        assert clock.now_ns() < deadline_ns, f"not within {timeout_s} s: {what}"
        threading.Event().wait(0.01)


@pytest.fixture(scope="module", params=["ur5", "ur5e"])
def robot(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def controller(robot: str) -> Iterator[EmulatedUr]:
    emulated = EmulatedUr(own_address(), GENERATIONS[robot], unlock_after_s=1.0)
    yield emulated
    emulated.close()


@pytest.fixture
def rig(robot: str, controller: EmulatedUr) -> Iterator[DriverRig]:
    opened, embodiment, clock = (
        open_driver(robot, controller.address),
        load_embodiment(ROBOTS / f"{robot}.yaml"),
        StationClock(),
    )

    def step() -> None:
        clock.sleep_until_ns(clock.now_ns() + round(embodiment.period_s * 1e9))

    yield DriverRig(opened, embodiment, clock, step, controller.targets)
    opened.close()
    controller.ask("clear")


class TestUr5Conformance(DriverConformance):
    """What every driver keeps."""


def test_a_robot_that_hears_nothing_stops_by_its_own_watchdog(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    for _ in range(round(2.0 / WATCHDOG_HZ * rig.embodiment.control_rate_hz)):
        rig.step()
        rig.read()  # whoever reads is alive
    rig.hold(rig.read().position)
    assert controller.ask("running")
    wait_until(lambda: not controller.ask("running"), "the program ends", 2.0 / WATCHDOG_HZ)
    with pytest.raises(RobotStopped, match="no program runs"):
        rig.driver.read()
    rig.driver.recover()
    rig.hold(rig.read().position)


def test_the_force_at_the_tool_is_measured(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    assert rig.read().tool_force_n.tolist() == [0.0]
    controller.ask("wrench", [30.0, 0.0, 40.0, 9.0, 9.0, 9.0])
    wait_until(lambda: rig.read().tool_force_n.tolist() == [50.0], "50 N are measured")
    controller.ask("wrench", [0.0] * 6)


def test_stops_are_told_and_recovered_without_moving(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    hold = rig.read().position
    rig.hold(hold)
    controller.inject("protective_stop")
    with pytest.raises(RobotStopped, match="protective"):
        for _ in range(1000):
            rig.step()
            rig.driver.read()
    before = len(controller.targets())
    with pytest.raises(RobotStopped):
        rig.driver.send(Command(rig.clock.now_ns(), hold))
    assert len(controller.targets()) == before
    rig.driver.stop()
    rig.driver.recover()
    state = rig.read()
    np.testing.assert_allclose(state.position, hold, atol=2e-3)
    for _ in range(20):
        rig.hold(state.position)
    assert len(controller.targets()) >= before + 20
    controller.inject("program_stop")
    with pytest.raises(RobotStopped, match="no program"):
        for _ in range(1000):
            rig.step()
            rig.read()
    rig.driver.recover()
    rig.hold(rig.read().position)


def test_a_frozen_gripper_makes_the_state_stale_and_never_blocks_the_arm(
    rig: DriverRig, controller: EmulatedUr
) -> None:
    rig.driver.connect()
    hold = rig.read().position
    controller.inject("gripper_freeze")
    slowest_ns, stale = 0, False
    until_ns = rig.clock.now_ns() + round(1e9)
    while rig.clock.now_ns() < until_ns:
        begin_ns = rig.clock.now_ns()
        rig.driver.send(Command(begin_ns, hold))
        try:
            rig.driver.read()
        except StateStale:
            stale = True
        slowest_ns = max(slowest_ns, rig.clock.now_ns() - begin_ns)
        rig.step()
    assert stale
    assert slowest_ns < 300_000_000  # less than any timeout of the gripper; a busy machine's scheduler is in it
    controller.ask("clear")
    wait_until(lambda: _reads(rig), "the gripper's state is fresh again")


def test_an_object_holds_the_gripper_and_is_no_fault(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    controller.ask("object_at", 0.4)
    closed = np.where(rig.embodiment.is_gripper, 0.0, rig.read().position)
    state = rig.run_until(lambda state: float(state.effort[-1]) > 0.0, closed)
    assert state.position[-1] == pytest.approx(0.4, abs=0.02)
    controller.ask("object_at", None)
    rig.run_until(lambda state: float(state.position[-1]) < 0.02, closed)


def test_the_wire_carries_the_control_rate(rig: DriverRig, controller: EmulatedUr) -> None:
    rig.driver.connect()
    hold = rig.read().position
    before, cpu_s = len(controller.targets()), controller.ask("cpu_s")
    due_ns = begin_ns = rig.clock.now_ns()
    while due_ns < begin_ns + 1_000_000_000:
        due_ns += round(rig.embodiment.period_s * 1e9)
        rig.clock.sleep_until_ns(due_ns)
        rig.driver.read()
        rig.driver.send(Command(due_ns, hold))
    elapsed_s = (rig.clock.now_ns() - begin_ns) * 1e-9
    wait_until(lambda: len(controller.targets()) - before >= rig.embodiment.control_rate_hz, "every target arrives")
    assert elapsed_s < 2.0
    assert controller.ask("cpu_s") - cpu_s < 0.5


def _reads(rig: DriverRig) -> bool:
    try:
        rig.driver.read()
    except StateStale:
        return False
    return True


# ---- faults after which ur_rtde may crash its process: the driver runs in a child ----


@pytest.fixture
def child(robot: str, controller: EmulatedUr) -> Iterator[UrDriverProcess]:
    process = UrDriverProcess(robot, controller.address)
    yield process
    process.kill()
    controller.ask("clear")


def test_frozen_packages_are_stale_then_lost_before_the_library_reconnects(
    child: UrDriverProcess, controller: EmulatedUr
) -> None:
    assert child.event() == "running"
    controller.inject("freeze")
    kinds = child.events_until("DriverError")
    assert "StateStale" in kinds
    child.use_again()
    assert [child.event(), child.event()] == ["DriverSpent"] * 2
    assert not controller.ask("running")  # stopped without the library
    assert child.exit_code() == 0


@pytest.mark.parametrize("fault", ["drop", "refuse"])
def test_a_closed_connection_is_lost_at_once(child: UrDriverProcess, controller: EmulatedUr, fault: str) -> None:
    """The driver says so, or ur_rtde, reconnecting in its own thread, crashes the process first: both are noticed."""
    assert child.event() == "running"
    controller.inject(fault)
    kinds = child.events_until("DriverError", or_its_end=True)
    assert set(kinds) <= {"StateStale", "RobotStopped", "DriverError"}
    assert child.exit_code() == 0 if "DriverError" in kinds else child.exit_code() in (-signal.SIGSEGV, -signal.SIGABRT)


def test_a_crash_takes_only_its_process_and_the_robot_can_be_stopped_and_used_again(
    robot: str, child: UrDriverProcess, controller: EmulatedUr
) -> None:
    assert child.event() == "running"
    child.send_signal(signal.SIGSEGV)
    assert child.exit_code() == -signal.SIGSEGV
    before = len(controller.targets())
    assert controller.ask("running")  # the controller keeps the last target
    driver_module("ur5").last_resort_stop({"address": controller.address})
    wait_until(lambda: not controller.ask("running"), "the program is stopped")
    assert len(controller.targets()) == before
    again = UrDriverProcess(robot, controller.address)
    assert again.event() == "running"
    again.kill()


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
    with socket.create_server((address, 29999)), pytest.raises(Exception, match=address):
        driver_module("ur5").last_resort_stop({"address": address})


@pytest.mark.parametrize(
    ("settings", "told"),
    [({}, "missing key address"), ({"address": 7}, "str"), ({"address": "a", "prot": 1}, "unknown key prot")],
)
def test_wrong_settings_are_told_before_anything_is_opened(settings: dict[str, object], told: str) -> None:
    embodiment = load_embodiment(ROBOTS / "ur5.yaml")
    with pytest.raises(ConfigError, match=told):
        driver_module("ur5").open_driver(embodiment, settings, StationClock())
