"""The Franka driver with the real franky against an emulated FR3 with its hand, in real time."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from emulated_franka import EmulatedFranka
from loopback import own_address
from waiting import wait_until

from conformance import DriverConformance, DriverRig
from ros_wam.clock import StationClock
from ros_wam.drivers import franka_link
from ros_wam.drivers.franka import Franka, last_resort_stop, open_driver
from ros_wam.drivers.franka_link import STALE_COMMAND_NS
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, DriverError, DriverUnreachable, RobotStopped
from ros_wam.sim.emulators.fci import NOT_POSSIBLE, SETTER_SAFETY
from ros_wam.sim.emulators.fci_motion import LOST_IN_A_ROW
from ros_wam.types import Command

pytest.importorskip("franky")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

FRANKA = load_embodiment(Path(__file__).parents[1] / "robots/franka.yaml")
AHEAD_RAD = 0.03
"""What is sent lies ahead of the commanded position by the way that braking takes."""


def driver_for(address: str) -> Franka:
    return open_driver(FRANKA, {"address": address, "fci_version": 10, "realtime": "ignore"}, StationClock())


@pytest.fixture(scope="module")
def controller() -> Iterator[EmulatedFranka]:
    emulated = EmulatedFranka(own_address())
    yield emulated
    emulated.close()


@pytest.fixture
def rig(controller: EmulatedFranka) -> Iterator[DriverRig]:
    made = DriverRig.of(driver_for(controller.address), FRANKA, controller)
    made.resolution_rad = AHEAD_RAD
    yield made
    controller.ask("object_at", None)
    controller.ask("wall_at", 1.0)
    controller.ask("hand_refuses", False)
    controller.ask("user_stopped", NOT_POSSIBLE)
    controller.clear()
    made.driver.close()


class TestFrankaConformance(DriverConformance):
    """What every driver keeps."""

    losses = ("freeze", "drop", "refuse")
    silent_gripper = "gripper_freeze"
    stops: ClassVar[Mapping[str, str]] = {
        "reflex": "cartesian_reflex",
        "user_stop": "user stop|safety function",  # the state, or the end of the motion, whichever comes first
        "communication_constraints": "communication_constraints_violation",
    }

    @pytest.fixture
    def streaming_rig(self, rig: DriverRig, monkeypatch: pytest.MonkeyPatch) -> DriverRig:
        """No motion ends by itself for want of commands."""
        monkeypatch.setattr(franka_link, "STALE_COMMAND_NS", 10_000_000_000)
        return rig


def stopped(rig: DriverRig) -> str:
    """Return what `read` tells once the robot has stopped."""
    with pytest.raises(RobotStopped) as told:
        for _ in range(400):
            rig.step()
            rig.read()
    return str(told.value)


def test_a_reflex_is_named_and_recovered_without_moving(rig: DriverRig, controller: EmulatedFranka) -> None:
    rig.driver.connect()
    hold = rig.read().position
    for _ in range(20):
        rig.hold(hold)
    controller.inject("reflex")
    assert "reflex (cartesian_reflex)" in stopped(rig)
    assert rig.driver.facts()["safety_mode"] == "reflex"
    rig.driver.recover()
    assert rig.driver.facts()["safety_mode"] == "normal"
    np.testing.assert_allclose(rig.read().position, hold, atol=2e-3)
    controller.inject("user_stop")
    assert "user stop" in stopped(rig)
    with pytest.raises(DriverError):
        rig.driver.recover()
    controller.ask("clear")


def test_a_robot_that_a_dead_client_left_in_reflex_is_connected_to_and_recovered(
    rig: DriverRig, controller: EmulatedFranka
) -> None:
    rig.driver.connect()
    hold = rig.read().position
    controller.inject("reflex")
    rig.driver.close()
    rig.driver.connect()
    for use in (rig.driver.read, lambda: rig.driver.send(Command(rig.clock.now_ns(), hold))):
        with pytest.raises(RobotStopped, match=r"Set Collision Behavior command rejected.*Reflex.*recover"):
            use()
    assert rig.driver.facts()["safety_mode"] == "reflex"
    rig.driver.stop()
    rig.driver.recover()
    np.testing.assert_allclose(rig.read().position, hold, atol=2e-3)


@pytest.mark.parametrize(("answer", "mode"), [(NOT_POSSIBLE, "user stop"), (SETTER_SAFETY, "safety function")])
def test_a_robot_that_refuses_the_connection_is_told_with_its_mode_until_it_is_released(
    rig: DriverRig, controller: EmulatedFranka, answer: int, mode: str
) -> None:
    controller.ask("user_stopped", answer)
    controller.inject("user_stop")
    rig.driver.connect()
    with pytest.raises(RobotStopped, match=r"Set Collision Behavior command rejected.*recover"):
        rig.driver.read()
    assert rig.driver.facts()["safety_mode"] == mode
    with pytest.raises(DriverError, match="a safety function is active"):
        rig.driver.recover()
    assert rig.driver.facts()["safety_mode"] == mode
    controller.ask("clear")
    rig.driver.recover()
    assert rig.driver.facts()["safety_mode"] == "normal"
    rig.hold(rig.read().position)


@pytest.mark.parametrize(
    ("named", "mode"),
    [
        ("User stopped", "user stop"),
        ("Automatic error recovery", "error recovery"),
        ("Guiding", "guiding mode"),
        ("Idle", "refused"),
    ],
)
def test_a_refusal_tells_the_mode_that_it_names_in_the_words_of_a_state(named: str, mode: str) -> None:
    driver = driver_for("a")
    driver._refusal = f'libfranka: Set Load command rejected: command not possible in the current mode ("{named}")!'
    assert driver.facts()["safety_mode"] == mode


def test_a_reflex_of_a_robot_of_an_unverified_version_is_for_desk(controller: EmulatedFranka) -> None:
    controller.inject("reflex")
    settings = {"address": controller.address, "fci_version": 9, "realtime": "ignore"}
    driver = open_driver(FRANKA, settings, StationClock())
    with pytest.raises(RobotStopped, match="in Desk"):
        driver.recover()
    driver.close()
    driver = driver_for(controller.address)
    driver.recover()
    driver.close()


def test_a_stream_of_the_fastest_motion_trips_no_reflex(rig: DriverRig, controller: EmulatedFranka) -> None:
    rig.driver.connect()
    start = rig.read().position
    controller.ask("forget")  # earlier tests lost answers on purpose
    before = controller.ask("counts")
    due_ns, errors = rig.clock.now_ns(), []
    turns_s = 2.0 * np.pi * 0.6
    size = np.minimum(0.9 * FRANKA.velocity / turns_s, 3.6 / turns_s**2)
    for k in range(1000):
        due_ns += round(FRANKA.period_s * 1e9)
        rig.clock.sleep_until_ns(due_ns)
        position = rig.inwards(start, size * (1.0 - np.cos(turns_s * k * FRANKA.period_s)))
        rig.driver.send(Command(due_ns, position))
        errors.append(np.abs(rig.read().position - position)[rig.arm].max())
    after = controller.ask("counts")
    assert after["reflexes"] == before["reflexes"]
    assert after["answered"] - before["answered"] > 4000
    assert after["communication_faults"] == before["communication_faults"]
    assert after["longest_loss"] < LOST_IN_A_ROW
    assert float(np.median(errors)) < 0.1  # what the fastest joint moves in 100 ms


def test_an_arm_that_takes_commands_and_stays_is_seen_where_it_is(rig: DriverRig, controller: EmulatedFranka) -> None:
    rig.driver.connect()
    start = rig.read().position
    rig.hold(start)
    wait_until(lambda: controller.ask("mode") == "MOVE", "the motion begins")
    controller.inject("silent_servo")
    end = rig.inwards(start, 0.1)
    stayed = rig.go(start, end)
    rig.go(end, start)  # else it would leap
    controller.clear()
    np.testing.assert_allclose(stayed[-1].position[rig.arm], start[rig.arm], atol=5e-3)
    rig.go(start, end)
    rig.run_until(lambda state: bool(np.abs(state.position - end)[rig.arm].max() < AHEAD_RAD), end)


def test_a_motion_without_commands_is_stopped(rig: DriverRig, controller: EmulatedFranka) -> None:
    rig.driver.connect()
    rig.hold(rig.read().position)
    wait_until(lambda: controller.ask("mode") == "MOVE", "the motion begins")
    begin_ns = rig.clock.now_ns()
    wait_until(lambda: controller.ask("mode") == "IDLE", "the motion is ended", 2.0)
    assert rig.clock.now_ns() - begin_ns > STALE_COMMAND_NS // 2
    rig.hold(rig.read().position)
    wait_until(lambda: controller.ask("mode") == "MOVE", "the motion goes on with the next command")


def test_the_force_at_the_tool_is_measured(rig: DriverRig, controller: EmulatedFranka) -> None:
    rig.driver.connect()
    controller.ask("wrench", [30.0, 0.0, 40.0, 9.0, 9.0, 9.0])
    wait_until(lambda: rig.read().tool_force_n.tolist() == [50.0], "50 N are measured")
    controller.ask("wrench", [0.0] * 6)


def test_a_robot_of_another_version_and_nobody_are_told() -> None:
    other = EmulatedFranka(own_address(), version=9)
    try:
        with pytest.raises(ConfigError, match=r"server version: 9.*library version: 10"):
            driver_for(other.address).connect()
    finally:
        other.close()
    address = own_address()
    with pytest.raises(DriverUnreachable, match=address):
        driver_for(address).connect()


def test_a_silent_port_is_told_within_its_timeout() -> None:
    address = own_address()
    with socket.create_server((address, 1337)), pytest.raises(DriverUnreachable, match="does not answer"):
        driver_for(address).connect()


def test_a_wheel_of_another_version_is_a_setting_and_unverified(caplog: pytest.LogCaptureFixture) -> None:
    open_driver(FRANKA, {"address": "a", "fci_version": 5, "realtime": "ignore"}, StationClock())
    assert "FCI version 5 is unverified" in caplog.text


def test_silence_is_the_last_resort() -> None:
    told = last_resort_stop({"address": own_address(), "fci_version": 10, "realtime": "ignore"})
    assert "20 ms" in told


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"fci_version": 10, "realtime": "ignore"}, "missing key address"),
        ({"address": "a", "realtime": "ignore"}, "missing key fci_version"),
        ({"address": "a", "fci_version": 11, "realtime": "ignore"}, r"is 11, must be one of: 5, .*, 10"),
        ({"address": "a", "fci_version": 10, "realtime": "maybe"}, "enforce, ignore"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_opened(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        open_driver(FRANKA, settings, StationClock())
