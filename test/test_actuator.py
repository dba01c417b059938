"""The actuator model: speed limits, no overshoot, arrival; and the lag of the whole simulated servo."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.embodiment import load_embodiment
from ros_wam.sim.actuator import CONTROLLER_VELOCITY_RAD_S, ArmActuator, GripperActuator
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.world import World

ROOT = Path(__file__).parents[1]
DT_S = 0.002


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=2), st.lists(st.floats(-3, 3), min_size=2, max_size=2))
def test_arm_approaches_its_target_below_the_speed_limit_and_never_passes_it(
    start: list[float], end: list[float]
) -> None:
    arm = ArmActuator(np.array(start))
    arm.set_target(np.array(end))
    last = np.array(start)
    for _ in range(50):
        setpoint = arm.step(DT_S)
        assert (np.abs(setpoint - last) <= CONTROLLER_VELOCITY_RAD_S * DT_S + 1e-12).all()
        assert (np.abs(np.array(end) - setpoint) <= np.abs(np.array(end) - last) + 1e-12).all()
        last = setpoint
    for _ in range(150):
        last = arm.step(10 * DT_S)
    np.testing.assert_allclose(last, end, atol=1e-6)


@given(st.floats(0, 1), st.floats(-0.5, 1.5), st.floats(0.1, 5))
def test_gripper_moves_at_its_speed_to_the_clamped_target(start: float, end: float, speed_1_s: float) -> None:
    gripper = GripperActuator(start, 1.0)
    gripper.set_target(end, speed_1_s)
    wanted = min(max(end, 0.0), 1.0)
    steps = int(abs(wanted - start) / (speed_1_s * DT_S)) + 2
    last = start
    for _ in range(steps):
        setpoint = gripper.step(DT_S)
        assert abs(setpoint - last) <= speed_1_s * DT_S + 1e-12
        last = setpoint
    assert last == pytest.approx(wanted)


def test_a_gripper_that_is_stopped_goes_no_further() -> None:
    gripper = GripperActuator(1.0, 1.0)
    gripper.set_target(0.0)
    assert gripper.step(0.3) == pytest.approx(0.7)
    gripper.stop()
    assert gripper.step(0.3) == pytest.approx(0.7)


def test_hold_forgets_the_target() -> None:
    arm, gripper = ArmActuator(np.zeros(6)), GripperActuator(0.0, 1.0)
    arm.set_target(np.ones(6))
    gripper.set_target(1.0)
    arm.hold(np.full(6, 0.5))
    gripper.hold(0.5)
    np.testing.assert_array_equal(arm.step(DT_S), 0.5)
    assert gripper.step(DT_S) == 0.5


@pytest.mark.parametrize("name", ["ur5", "ur5e"])
def test_every_joint_follows_a_ramp_with_the_same_lag(name: str) -> None:
    """Actuator 30 ms and servo 30 ms; one lag on all joints keeps the tool on its path."""
    world = World(load_embodiment(ROOT / f"robots/{name}.yaml"), ROOT / f"calib/{name}/sim", "move_objects_into_box", 0)
    robot = SimRobot(world)
    target, speed = world.embodiment.home_position.copy(), np.array([0.5, 0.2, -0.3, 0.5, 0.5, -0.5, 0.0])
    for _ in range(400):
        target = target + speed * DT_S
        robot.set_target(target)
        robot.step()
    lag_s = (target - world.joint_position())[:6] / speed[:6]
    np.testing.assert_allclose(lag_s, 0.06, atol=0.008)
