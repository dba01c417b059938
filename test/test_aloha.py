"""The ALOHA driver with the real dynamixel_sdk against two emulated servo buses, in real time."""

import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from driver_process import DriverProcess
from emulated_aloha import EmulatedAloha
from emulator_process import ROOT
from waiting import TIMEOUT_S, wait_until

from conformance import DriverConformance, DriverRig
from ros_wam.clock import StationClock
from ros_wam.drivers import driver_module
from ros_wam.drivers.driver import Driver
from ros_wam.drivers.dynamixel_servos import TICKS_PER_RAD, radians
from ros_wam.drivers.dynamixel_setup import WATCHDOG, WATCHDOG_EXPIRED
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import DriverError, DriverUnreachable, RobotStopped, StateStale
from ros_wam.types import Command, JointState

pytest.importorskip("dynamixel_sdk")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ALOHA = load_embodiment(ROOT / "robots/aloha.yaml")
LEFT, RIGHT = 0, 1
ELBOW, GRIPPER = 4, 9


def open_driver(arms: EmulatedAloha) -> Driver:
    return driver_module("aloha").open_driver(ALOHA, arms.settings, StationClock())


@pytest.fixture(scope="module")
def arms() -> Iterator[EmulatedAloha]:
    with tempfile.TemporaryDirectory() as folder:
        emulated = EmulatedAloha(Path(folder))
        yield emulated
        emulated.close()


@pytest.fixture
def rig(arms: EmulatedAloha) -> Iterator[DriverRig]:
    made = DriverRig.of(open_driver(arms), ALOHA, arms)
    made.resolution_rad = 3.0 / TICKS_PER_RAD  # on a busy machine a newer goal may come before one is written
    yield made
    made.driver.close()
    arms.ask("object_at", None)
    arms.clear()


class TestAlohaConformance(DriverConformance):
    """What every driver keeps."""

    losses = ("freeze", "drop", "silent_servo", "gripper_freeze", "bad_crc", "slow")
    stops: ClassVar[Mapping[str, str]] = {"overload": "overload"}


def until_told(rig: DriverRig, hold: np.ndarray, kind: type[DriverError], words: str) -> list[JointState]:
    """Go on as the control loop does until an error of `kind` has these `words`; return the states before."""
    states, deadline_ns = [], rig.clock.now_ns() + round(TIMEOUT_S * 1e9)
    while rig.clock.now_ns() < deadline_ns:
        try:
            states.append(rig.driver.read())
            rig.driver.send(Command(rig.clock.now_ns(), hold))
        except DriverError as error:
            if isinstance(error, kind) and words in str(error):
                return states
        rig.step()
    raise AssertionError(f"no {kind.__name__} with {words!r} within {TIMEOUT_S} s")


def register(arms: EmulatedAloha, arm: int, servo: int, name: str) -> Any:
    return arms.ask("register", [arm, servo, name])


def test_connecting_sets_what_aloha_s_launch_sets(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    for arm in (LEFT, RIGHT):
        for servo in range(1, 10):
            assert register(arms, arm, servo, "torque") == 1
            assert register(arms, arm, servo, "bus_watchdog") == WATCHDOG
            assert register(arms, arm, servo, "operating_mode") == (5 if servo == GRIPPER else 3)
        assert register(arms, arm, GRIPPER, "current_limit") == 200
        assert 180 <= register(arms, arm, GRIPPER, "goal_current") <= 200
    rig.driver.close()
    assert register(arms, LEFT, ELBOW, "torque") == 1  # or the arm would fall
    assert register(arms, LEFT, ELBOW, "bus_watchdog") == 0


@pytest.mark.parametrize(("fault", "name"), [("silent_servo", "left elbow (servo 4)"), ("gripper_freeze", "servo 9")])
def test_a_silent_servo_is_named_and_makes_nobody_wait(
    rig: DriverRig, arms: EmulatedAloha, fault: str, name: str
) -> None:
    rig.driver.connect()
    hold = rig.read().position
    arms.inject(fault)
    states = until_told(rig, hold, StateStale, name)
    assert all(np.abs(state.position - hold).max() < 0.05 for state in states)  # never 0, nor -180 deg
    slowest_ns, until_ns = 0, rig.clock.now_ns() + 300_000_000
    while (begin_ns := rig.clock.now_ns()) < until_ns:
        with pytest.raises(DriverError, match=name.replace("(", r"\(").replace(")", r"\)")):
            rig.driver.read()
        slowest_ns = max(slowest_ns, rig.clock.now_ns() - begin_ns)
        rig.step()
    assert slowest_ns < 100_000_000  # what a busy machine's scheduler takes; a call itself waits for nothing


def test_a_bad_answer_now_and_then_is_no_state_and_no_loss(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    hold = rig.read().position
    for _ in range(3):
        arms.inject("bad_crc")
        rig.steps(2)
        arms.ask("clear")
        state = rig.read()
        np.testing.assert_allclose(state.position, hold, atol=5e-3)
        rig.hold(hold)


def test_an_unplugged_adapter_is_told_by_its_path(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    hold = rig.read().position
    arms.inject("drop")
    until_told(rig, hold, DriverError, f"{arms.settings['ports']['left']} is")
    with pytest.raises(DriverUnreachable, match="ttyDXL_follower_left"):
        rig.driver.recover()
    arms.ask("clear")
    rig.recover()
    rig.hold(rig.read().position)


def test_an_overload_names_its_servo_and_a_recovery_reboots_it(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    hold = rig.read().position
    rig.hold(hold)
    arms.inject("overload")
    until_told(rig, hold, RobotStopped, "left elbow (servo 4): overload")
    assert "overload" in rig.driver.facts()["safety_mode"]
    with pytest.raises(DriverError, match="elbow"):  # the load is still there: it switches itself off again
        rig.driver.recover()
        rig.steps(50)
        rig.read()
    arms.ask("clear")
    rig.recover()
    assert register(arms, LEFT, ELBOW, "torque") == 1
    np.testing.assert_allclose(rig.read().position, hold, atol=5e-3)


def test_a_servo_that_falls_silent_in_motion_is_not_set_at_odds_with_its_shadow(
    rig: DriverRig, arms: EmulatedAloha
) -> None:
    rig.driver.connect()
    position = rig.read().position
    step = rig.inwards(position, 1.5 * ALOHA.period_s) - position
    for _ in range(30):
        position = position + step
        rig.hold(position)
    arms.inject("silent_servo")
    told = ""
    while "does not answer" not in told:
        position = position + step
        rig.hold(position)
        try:
            rig.driver.read()
        except StateStale as error:
            told = str(error)
    rig.steps(2)
    leader, shadow = (register(arms, LEFT, servo, "goal_position") for servo in (ELBOW, ELBOW + 1))
    assert abs(leader - shadow) <= 2 * 1.5 * ALOHA.period_s * TICKS_PER_RAD  # it heard a goal more, then was deaf


def test_when_a_servo_switches_itself_off_the_others_of_its_arm_hold(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    start = rig.read().position
    end = rig.inwards(start, 1.0)
    path = np.linspace(start, end, 60)[1:]
    for position in path[:30]:
        rig.hold(position)
    for position in path[30:]:  # far ahead of the arm
        rig.driver.send(Command(rig.clock.now_ns(), position))
    arms.inject("overload")
    until_told(rig, end, RobotStopped, "overload")
    told = arms.truth()
    rig.steps(50)
    others = np.arange(6) != 2
    assert np.abs(arms.truth() - told)[:6][others].max() < 0.1  # what the joints lag behind; 0.4 rad were left
    arms.ask("clear")
    rig.recover()


def test_a_stuck_servo_is_seen_where_it_is(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    start = rig.read().position
    arms.inject("stuck_servo")
    end = rig.inwards(start, 0.2)
    rig.go(start, end, periods=60)
    rig.steps(30)
    moved = np.abs(rig.read().position - start)[rig.arm]
    assert moved[2] < 5e-3 and np.delete(moved, 2).min() > 0.18
    rig.driver.stop()
    arms.ask("clear")


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_servos_stop_by_themselves_when_the_process_falls_silent(arms: EmulatedAloha, number: int) -> None:
    child = DriverProcess(ALOHA.model.with_suffix(".yaml"), arms.settings)
    child.connect()
    child.process.send_signal(number)
    arms.ask("set", [LEFT, 1, "profile_velocity", 20])  # 0.48 rad/s
    goal = register(arms, LEFT, 1, "goal_position") + round(0.8 * TICKS_PER_RAD)
    arms.ask("set", [LEFT, 1, "goal_position", goal])
    assert "watchdog" in driver_module("aloha").last_resort_stop(arms.settings)
    wait_until(
        lambda: all(
            register(arms, arm, servo, "bus_watchdog") == WATCHDOG_EXPIRED
            for arm in (LEFT, RIGHT)
            for servo in range(1, 10)
        ),
        "every servo's watchdog has expired",
    )
    before = arms.ask("position")
    if number == signal.SIGSTOP:
        child.process.send_signal(signal.SIGCONT)
        with pytest.raises(DriverError):
            child.read()
        child.recover()
        child.read()
        assert register(arms, LEFT, 1, "bus_watchdog") == WATCHDOG
        child.close()
    child.end()
    clock = StationClock()
    clock.sleep_until_ns(clock.now_ns() + 300_000_000)
    np.testing.assert_allclose(arms.ask("position"), before, atol=0.02)
    assert abs(radians(goal) - before[LEFT][0]) > 0.3  # it was on its way


def test_wrong_settings_of_a_servo_are_named_and_left_as_they_are(rig: DriverRig, arms: EmulatedAloha) -> None:
    for name, value, right in (("drive_mode", 0, 1), ("max_position", 3500, 2867), ("model", 1060, 1120)):
        arms.ask("set", [RIGHT, 2, name, value])
        with pytest.raises(DriverError, match=rf"right shoulder \(servo 2\): .* is {value}, must be {right}"):
            rig.driver.connect()
        assert register(arms, RIGHT, 2, name) == value
        arms.ask("set", [RIGHT, 2, name, right])
    arms.ask("set", [LEFT, GRIPPER, "operating_mode", 3])
    arms.ask("set", [LEFT, GRIPPER, "torque", 1])
    with pytest.raises(DriverError, match="switch its torque off"):
        rig.driver.connect()
    arms.ask("set", [LEFT, GRIPPER, "torque", 0])
    rig.driver.connect()
    assert register(arms, LEFT, GRIPPER, "operating_mode") == 5


def test_one_bus_belongs_to_one_driver(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    with pytest.raises(DriverUnreachable, match="ttyDXL_follower_left is in use"):
        open_driver(arms).connect()
    rig.read()


def test_nobody_there_is_told_by_the_path() -> None:
    settings = {"ports": {"left": "/nowhere/l", "right": "/nowhere/r"}}
    settings["grippers"] = {arm: {"open_rad": 1.0, "closed_rad": 0.0} for arm in settings["ports"]}
    with pytest.raises(DriverUnreachable, match="/nowhere/l"):
        driver_module("aloha").open_driver(ALOHA, settings, StationClock()).connect()
