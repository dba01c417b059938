"""The Franka Hand by the real franky: what presses, what is a fault, and what a stop does to fingers that move."""

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from driver_rig import DriverRig
from emulated_franka import EmulatedFranka
from test_franka import FRANKA
from test_franka import controller as controller
from test_franka import rig as rig

from ros_wam.clock import StationClock
from ros_wam.drivers import franka_gripper
from ros_wam.drivers.franka import open_driver
from ros_wam.drivers.franka_gripper import _Session
from ros_wam.errors import DriverError, RobotStopped, StateStale
from ros_wam.motion.realtime import FIFO_PRIORITY
from ros_wam.process import set_realtime_priority

pytest.importorskip("franky")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

FORCE_N = FRANKA.grippers["gripper"].force_n


@pytest.fixture(autouse=True)
def hand_open(rig: DriverRig) -> None:
    """Connected, with an open hand; its threads have the priority that a control process gives its own."""
    scheduler, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    set_realtime_priority(FIFO_PRIORITY)
    rig.driver.connect()
    os.sched_setscheduler(0, scheduler, parameters)
    rig.run_until(lambda state: float(state.position[-1]) > 0.98, asked(rig, 1.0))


def asked(rig: DriverRig, opening: float) -> np.ndarray:
    return np.where(FRANKA.is_gripper, opening, rig.read().position)


def opening(controller: EmulatedFranka) -> float:
    return float(controller.ask("position")[-1])


def test_a_motion_that_the_hand_refuses_is_told_and_closes_nothing(rig: DriverRig, controller: EmulatedFranka) -> None:
    controller.ask("hand_refuses", True)
    position = asked(rig, 0.6)
    with pytest.raises(RobotStopped, match=r"from 1\.00 to 0\.60, at 1\.00; recover"):
        rig.run_until(lambda state: False, position, 2.0)
    with pytest.raises(RobotStopped):
        rig.hold(position)
    rig.steps(100)
    assert opening(controller) > 0.98
    controller.ask("hand_refuses", False)
    rig.driver.stop()
    rig.driver.recover()
    rig.run_until(lambda state: abs(float(state.position[-1]) - 0.6) < 0.02, position)


def test_a_stop_stops_a_moving_hand_where_it_is(rig: DriverRig, controller: EmulatedFranka) -> None:
    for target in (0.0, 0.2):  # a grasp, and a move
        rig.run_until(lambda state: float(state.position[-1]) < 0.85, asked(rig, target))
        rig.driver.stop()
        rig.steps(40)  # 0.2 s: the hand's own thread has to get to it
        rest = opening(controller)
        rig.steps(60)
        assert opening(controller) == pytest.approx(rest, abs=1e-3)
        assert rest > 0.3
        rig.run_until(lambda state: float(state.position[-1]) > 0.98, asked(rig, 1.0))


def test_a_stop_leaves_a_hand_that_holds_something_its_grip(rig: DriverRig, controller: EmulatedFranka) -> None:
    controller.ask("object_at", 0.4)
    rig.run_until(lambda state: float(state.effort[-1]) < 0.0, asked(rig, 0.0))
    rig.driver.stop()
    rig.steps(60)
    assert rig.read().effort[-1] == -FORCE_N
    rig.driver.recover()
    measured = rig.read().position
    for _ in range(100):  # as the gate does: it holds what is measured
        rig.hold(measured)
    assert rig.read().effort[-1] == -FORCE_N
    rig.run_until(lambda state: float(state.position[-1]) > 0.98, asked(rig, 1.0))


@pytest.mark.parametrize("begin", [1.0, 0.603])
def test_closing_to_less_than_an_object_is_wide_presses_on_it(
    rig: DriverRig, controller: EmulatedFranka, begin: float
) -> None:
    rig.run_until(lambda state: abs(float(state.position[-1]) - begin) < 0.003, asked(rig, begin))
    controller.ask("object_at", 0.6)
    state = rig.run_until(lambda state: float(state.effort[-1]) < 0.0, asked(rig, 0.3))
    assert state.effort[-1] == -FORCE_N


@pytest.mark.parametrize("left", [None, 0.2])
def test_fingers_whose_object_is_gone_are_where_they_were_asked_to_be(
    rig: DriverRig, controller: EmulatedFranka, left: float | None
) -> None:
    controller.ask("object_at", 0.6)
    narrow = asked(rig, 0.3)
    rig.run_until(lambda state: float(state.effort[-1]) < 0.0, narrow)
    controller.ask("object_at", left)
    rig.run_until(lambda state: float(state.position[-1]) < 0.25, narrow)
    rig.run_until(lambda state: abs(float(state.position[-1]) - 0.3) < 0.01, narrow)
    for _ in range(200):  # 1 s: no grasp follows the move
        rig.hold(narrow)
        assert opening(controller) == pytest.approx(0.3, abs=0.02)
    assert rig.read().effort[-1] == 0.0


def test_a_grip_that_a_stop_left_is_kept_while_its_object_yields(rig: DriverRig, controller: EmulatedFranka) -> None:
    controller.ask("object_at", 0.5)
    rig.run_until(lambda state: float(state.effort[-1]) < 0.0, asked(rig, 0.0))
    rig.driver.stop()
    rig.steps(40)
    held = rig.read().position
    controller.ask("object_at", 0.45)
    for _ in range(100):
        rig.hold(held)
    assert opening(controller) == pytest.approx(0.45)
    assert rig.read().effort[-1] == -FORCE_N


def test_a_hand_that_cannot_open_is_no_fault_and_opens_once_it_can(rig: DriverRig, controller: EmulatedFranka) -> None:
    rig.run_until(lambda state: abs(float(state.position[-1]) - 0.5) < 0.02, asked(rig, 0.5))
    controller.ask("wall_at", 0.7)
    opened = asked(rig, 1.0)
    for _ in range(220):  # longer than a move takes to be told as unsuccessful
        rig.hold(opened)
        rig.read()
    assert opening(controller) == pytest.approx(0.7)
    controller.ask("wall_at", 1.0)
    rig.run_until(lambda state: float(state.position[-1]) > 0.98, opened)


def test_a_stop_just_after_a_move_was_blocked_begins_no_grasp(rig: DriverRig, controller: EmulatedFranka) -> None:
    import franky

    rig.driver.close()
    controller.ask("object_at", 0.5)
    hand = franky.Gripper(controller.address)
    session = _Session(hand, FRANKA.grippers["gripper"], 0.1)
    session._begin(0.3, 0.024, 1.0, rests=True)
    assert session._future.wait(5.0)
    session._halt(holds=False, position=0.5)
    assert session._finish(None, 0.5, rests=True) == ""
    assert session._future is None and not hand.state.is_grasped


def test_losing_a_hand_that_moves_ends_no_process(rig: DriverRig, controller: EmulatedFranka) -> None:
    narrow = asked(rig, 0.2)
    rig.run_until(lambda state: float(state.position[-1]) < 0.95, narrow)
    controller.inject("gripper_freeze")
    rig.steps(240)  # libfranka gives a silent hand up after 1 s
    with pytest.raises(StateStale):
        rig.driver.read()
    controller.clear()
    rig.run_until(lambda state: float(state.position[-1]) < 0.22, narrow)


@pytest.mark.parametrize("kind", ["NetworkException", "RuntimeError"])
def test_a_lost_hand_is_kept_until_its_motion_has_ended(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    import franky

    class LostHand:
        """Its state raises what franky raises of a silent hand, or of one that hung up."""

        @property
        def state(self) -> None:
            raise getattr(franky, kind, RuntimeError)("Net Exception")

    kept: list[_Session] = []
    monkeypatch.setattr(franka_gripper, "_unended", kept)
    session = _Session(LostHand(), FRANKA.grippers["gripper"], 0.1)
    session._future = SimpleNamespace(wait=lambda timeout_s: False)
    session._let_end()
    assert kept == [session]


def test_a_hand_of_another_stroke_is_told_when_connecting(controller: EmulatedFranka) -> None:
    (limits,) = FRANKA.grippers.values()
    other = replace(FRANKA, grippers={"gripper": replace(limits, stroke_m=0.06)})
    settings = {"address": controller.address, "fci_version": 10, "realtime": "ignore"}
    driver = open_driver(other, settings, StationClock())
    with pytest.raises(DriverError, match=r"opens 0.08 m at most, the robot file's stroke_m is 0.06: home"):
        driver.connect()
    driver.close()
