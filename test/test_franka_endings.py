"""How motions of the real franky end against an emulated FR3: by our stop, by the robot's, or not at all."""

import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from driver_rig import DriverRig
from emulated_franka import EmulatedFranka
from test_franka import FRANKA, driver_for
from test_franka import controller as controller
from test_franka import rig as rig
from waiting import wait_until

from ros_wam.clock import StationClock
from ros_wam.drivers import franka_link
from ros_wam.drivers.franka import open_driver
from ros_wam.drivers.franka_link import STALE_NS, connected
from ros_wam.errors import ConfigError, DriverError, RobotStopped

pytest.importorskip("franky")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]


def hold(rig: DriverRig, periods: int = 20) -> np.ndarray:
    """Connect and hold still; return where."""
    rig.driver.connect()
    position = rig.read().position
    for _ in range(periods):
        rig.hold(position)
    return position


@pytest.mark.parametrize("asks", [True, False])
def test_a_pause_of_the_process_skips_no_stop(rig: DriverRig, controller: EmulatedFranka, asks: bool) -> None:
    position, count = hold(rig), 1 << 20
    for _ in range(6):
        for _ in range(10):
            rig.hold(position)
        assert controller.ask("mode") == "MOVE"
        paused_ns = 0
        while paused_ns < 3 * STALE_NS:
            begin_ns = rig.clock.now_ns()
            sum(range(count))  # no other thread of Python runs meanwhile
            paused_ns = rig.clock.now_ns() - begin_ns
            count *= 1 if paused_ns > 3 * STALE_NS else 2
        if asks:
            rig.driver.stop()
        wait_until(lambda: controller.ask("mode") == "IDLE", "the motion is ended", 1.0)


def test_a_motion_that_the_robot_ended_is_told_until_the_robot_is_stopped(
    rig: DriverRig, controller: EmulatedFranka
) -> None:
    position = hold(rig)
    controller.inject("user_stop")
    controller.ask("clear")  # so soon that the state need not have told it
    for _ in range(2):
        with pytest.raises(RobotStopped):
            rig.run_until(lambda state: False, position, 0.5)
    assert controller.ask("mode") == "IDLE"
    with pytest.raises(RobotStopped, match=r"safety function|user stop"):
        rig.driver.read()
    with pytest.raises(RobotStopped):
        rig.hold(position)
    rig.driver.stop()
    rig.driver.recover()
    rig.hold(rig.read().position)
    wait_until(lambda: controller.ask("mode") == "MOVE", "the motion goes on")


def test_a_robot_that_refuses_its_motions_is_told_before_it_is_sent_far(
    rig: DriverRig, controller: EmulatedFranka
) -> None:
    position = hold(rig, 0)
    controller.ask("willing", False)
    with pytest.raises(RobotStopped, match="Move command rejected"):
        for _ in range(60):
            rig.hold(position)
    rig.driver.stop()
    controller.ask("willing", True)
    rig.driver.recover()
    rig.hold(position)
    wait_until(lambda: controller.ask("mode") == "MOVE", "the motion begins")


@pytest.mark.skipif(Path("/sys/kernel/realtime").exists(), reason="this kernel is a real-time one")
def test_a_kernel_that_is_not_real_time_is_told_as_a_setting(controller: EmulatedFranka) -> None:
    settings = {"address": controller.address, "fci_version": 10, "realtime": "enforce"}
    with pytest.raises(ConfigError, match="realtime"):
        open_driver(FRANKA, settings, StationClock()).connect()


def test_whatever_fails_as_franky_connects_is_told(controller: EmulatedFranka, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(address: str, enforce_realtime: bool) -> None:
        raise ValueError("of a kind that nobody expects")

    monkeypatch.setattr(franka_link, "connected", fail)
    monkeypatch.setattr(threading, "excepthook", lambda raised: None)
    with pytest.raises(DriverError, match="the log tells why"):
        driver_for(controller.address).connect()


def test_every_limit_is_set_before_the_first_motion(controller: EmulatedFranka) -> None:
    robot = connected(controller.address, enforce_realtime=False)
    share = franka_link.SHARE
    joints = {
        "joint_velocity": share * np.array(franka_link.VELOCITY_RAD_S),
        "joint_acceleration": np.full(7, share * franka_link.ACCELERATION_RAD_S2),
        "joint_jerk": np.full(7, share * franka_link.JERK_RAD_S3),
    }
    cartesian = {
        f"{kind}_{name}": share * value
        for kind, values in franka_link.CARTESIAN.items()
        for name, value in zip(("velocity", "acceleration", "jerk"), values, strict=True)
    }
    for name, expected in (joints | cartesian).items():
        limit = getattr(robot, f"{name}_limit")
        np.testing.assert_allclose(limit.get(), np.minimum(expected, limit.max), err_msg=name)
        assert (np.array(limit.get()) <= expected).all()
    del robot
    given = bytes.fromhex(controller.ask("settings")["SET_COLLISION_BEHAVIOR"])
    torque, force = list(franka_link.COLLISION_TORQUE_NM), [100.0] * 3 + [50.0] * 3
    assert struct.unpack("<52d", given) == (*(torque * 4), *(force * 4))
