"""What ALOHA's servos keep while somebody connects, recovers, or takes the robot anew, with the real dynamixel_sdk."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from emulated_aloha import EmulatedAloha
from emulator_process import ROOT
from test_aloha import ALOHA, ELBOW, GRIPPER, LEFT, RIGHT, open_driver, register
from test_aloha import arms as arms
from test_aloha import rig as rig

from conformance import DriverRig
from ros_wam.calibration import load_station
from ros_wam.drivers.dynamixel_servos import TICKS_PER_RAD
from ros_wam.drivers.dynamixel_setup import WATCHDOG_EXPIRED
from ros_wam.errors import DriverError, DriverUnreachable
from ros_wam.motion.loop import build_control_loop
from ros_wam.types import Command

pytest.importorskip("dynamixel_sdk")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]


@pytest.fixture
def holding(rig: DriverRig, arms: EmulatedAloha) -> Iterator[DriverRig]:
    """A right gripper that has closed on something, and a left elbow that stays 0.04 rad off its goal."""
    rig.driver.connect()
    start = rig.read().position
    rig.run_until(lambda state: float(state.position[-1]) > 0.9, np.where(ALOHA.is_gripper, 1.0, start))
    arms.ask("object_at", 0.4)
    arms.inject("stuck_servo")
    closed = np.append(start[:-1], 0.0)
    for _ in range(20):
        closed[2] += 0.002
        rig.hold(closed)
    rig.run_until(lambda state: float(state.effort[-1]) < -15.0, closed)
    yield rig
    arms.ask("object_at", None)


def goals(arms: EmulatedAloha) -> tuple[int, int]:
    return register(arms, LEFT, ELBOW, "goal_position"), register(arms, RIGHT, GRIPPER, "goal_position")


def hold_in_the_loop(rig: DriverRig) -> float:
    """Let the control loop take the robot where it is; return the gripper's force [N]."""
    loop = build_control_loop(ALOHA, rig.driver, load_station(ROOT / "calib/aloha/sim"))
    for _ in range(30):
        loop.tick(rig.clock.now_ns())
        rig.step()
    return float(rig.read().effort[-1])


def test_neither_grip_nor_arm_is_let_go_when_the_robot_is_taken_anew(holding: DriverRig, arms: EmulatedAloha) -> None:
    rig, before = holding, goals(arms)
    for again in range(2):
        rig.driver.close()
        rig.driver = open_driver(arms)
        rig.driver.connect()
        assert hold_in_the_loop(rig) == pytest.approx(-20.0, abs=0.5)
        assert goals(arms) == before, again
    rig.driver.recover()
    assert hold_in_the_loop(rig) == pytest.approx(-20.0, abs=0.5)
    rig.driver.stop()
    assert hold_in_the_loop(rig) == pytest.approx(-20.0, abs=0.5)
    assert goals(arms) == before
    rig.run_until(lambda state: float(state.position[-1]) > 0.9, np.append(rig.read().position[:-1], 1.0))


def test_others_go_on_while_one_servo_is_silent(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    position = rig.read().position
    step = rig.inwards(position, 0.005) - position
    arms.ask("forget")
    arms.inject("silent_servo")
    sent = 0
    while sent < 40:
        position = position + step
        try:
            rig.driver.send(Command(rig.clock.now_ns(), position))
        except DriverError:  # after 0.5 s the arm is lost
            break
        sent += 1
        rig.step()
    arrived = len(np.unique(arms.targets()[:, 0]))
    assert arrived > 0.2 * sent  # with a wait for the silent one at each, a tenth
    speeds = [register(arms, LEFT, servo, "profile_velocity") for servo in (1, 2, 3, 4, 5, 6, 7, 8)]
    assert speeds == [84] * 8  # 2.01 rad/s: what comes late is no leap


def test_a_watchdog_is_cleared_without_going_on_to_an_old_goal(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    arms.ask("keep_goals", True)
    rig.driver.close()
    before = arms.ask("position")
    for servo in (1, 4, 6):
        old = register(arms, LEFT, servo, "goal_position") + 400
        arms.ask("set", [LEFT, servo, "bus_watchdog", WATCHDOG_EXPIRED])
        arms.ask("set", [LEFT, servo, "goal_position", old])
    rig.driver.connect()
    np.testing.assert_allclose(arms.ask("position"), before, atol=2e-3)
    arms.ask("set", [LEFT, ELBOW, "bus_watchdog", WATCHDOG_EXPIRED])
    rig.driver.close()
    assert register(arms, LEFT, ELBOW, "bus_watchdog") == WATCHDOG_EXPIRED  # where it stopped it stays
    arms.ask("keep_goals", False)


def test_what_another_program_left_is_set_or_told(rig: DriverRig, arms: EmulatedAloha) -> None:
    kept = {"position_p": 800, "position_i": 0, "position_d": 0, "goal_pwm": 885}
    for name in kept:
        arms.ask("set", [LEFT, 2, name, 100])
    rig.driver.connect()
    assert {name: register(arms, LEFT, 2, name) for name in kept} == kept
    rig.driver.close()
    for servo, name, value, told in (
        (2, "homing_offset", 512, "homing offset is 512, must be 0"),
        (2, "shutdown", 0, "shutdown is 0, must be 52"),
        (3, "homing_offset", 100, "0.153 rad from the servo that it follows"),
    ):
        right = register(arms, LEFT, servo, name)
        arms.ask("set", [LEFT, servo, name, value])
        with pytest.raises(DriverError, match=told):
            rig.driver.connect()
        arms.ask("set", [LEFT, servo, name, right])
    arms.ask("set", [LEFT, 3, "homing_offset", round(0.02 * TICKS_PER_RAD)])  # as Interbotix's launch sets a shadow's
    rig.driver.connect()
    rig.driver.close()
    arms.ask("set", [LEFT, 3, "homing_offset", 0])


def test_an_adapter_that_takes_nothing_more_makes_nobody_wait(rig: DriverRig, arms: EmulatedAloha) -> None:
    rig.driver.connect()
    rig.read()
    arms.signal(signal.SIGSTOP)
    try:
        line = os.open(arms.settings["ports"]["left"], os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        for size in (512, 1):
            with pytest.raises(BlockingIOError):
                while True:
                    os.write(line, b"\0" * size)
        os.close(line)
        rig.steps(70)
        rig.driver.close()
        with pytest.raises(DriverError):
            rig.driver.connect()
    finally:
        arms.signal(signal.SIGCONT)
    rig.driver.connect()


def test_a_port_that_refuses_its_speed_is_given_back(
    rig: DriverRig, arms: EmulatedAloha, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dynamixel_sdk

    with monkeypatch.context() as patched:
        patched.setattr(dynamixel_sdk.PortHandler, "setBaudRate", lambda *_: False)
        for _ in range(2):
            with pytest.raises(DriverUnreachable, match="does not take 1000000 baud"):
                rig.driver.connect()
    rig.driver.connect()
