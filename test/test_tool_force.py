"""The simulated tool's force sensor: what a press, a grasp and nothing at all feel like."""

from pathlib import Path

import numpy as np
import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.sim.contact import touching
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.world import World

ROOT = Path(__file__).parents[1]
G = 9.81


@pytest.fixture
def robot(request: pytest.FixtureRequest) -> SimRobot:
    name = getattr(request, "param", "ur5")
    embodiment = load_embodiment(ROOT / f"robots/{name}.yaml")
    return SimRobot(World(embodiment, ROOT / f"calib/{name}/sim", "move_objects_into_box", 0))


def go_down_to(robot: SimRobot, height_m: float, opening: float, steps: int = 500) -> None:
    """Bring the tool straight down, above the free corner of the table."""
    embodiment = robot.world.embodiment
    kinematics = Kinematics(embodiment)
    pose = kinematics.tool_pose(embodiment.home_position)
    pose[:3, 3] += [0.05, 0.30, height_m - pose[2, 3]]
    q = kinematics.solve(pose, embodiment.home_position)
    q[-1] = opening
    robot.set_target(q)
    robot.step(steps)


@pytest.mark.parametrize("robot", ["ur5", "ur5e"], indirect=True)
def test_moving_freely_feels_nothing(robot: SimRobot) -> None:
    felt = []
    for k in range(10):
        go_down_to(robot, 0.30 - 0.02 * k, opening=k % 2, steps=50)
        felt.append(robot.world.tool_force_n())
    np.testing.assert_array_equal(felt, 0.0)


@pytest.mark.parametrize("robot", ["ur5", "ur5e"], indirect=True)
def test_a_press_on_the_table_pushes_the_tool_up(robot: SimRobot) -> None:
    go_down_to(robot, 0.10, opening=0.0, steps=1000)
    go_down_to(robot, 0.011, opening=0.0, steps=1000)
    force, torque = np.split(robot.plant("arm").tool_wrench(), 2)
    assert force[2] > 50.0 and np.linalg.norm(force[:2]) < 0.5 * force[2]
    assert np.linalg.norm(torque) < 0.05 * force[2]  # below the tool, not beside it
    assert robot.world.tool_force_n() == pytest.approx([np.linalg.norm(force)])
    go_down_to(robot, 0.10, opening=0.0)
    np.testing.assert_allclose(robot.world.tool_force_n(), 0.0, atol=1e-6)


def test_of_a_grasp_only_the_weight_is_felt(robot: SimRobot) -> None:
    world = robot.world
    closed = world.embodiment.home_position.copy()
    closed[-1] = 0.0
    bar = world.model.joint("bar")
    robot.set_target(closed)
    for _ in range(300):  # until the fingers hold it
        world.data.qpos[bar.qposadr[0] :][:7] = [*world.data.site("tool").xpos, 1.0, 0.0, 0.0, 0.0]
        world.data.qvel[bar.dofadr[0] :][:6] = 0.0
        robot.step()
    robot.step(300)
    assert world.joint_effort()[-1] == pytest.approx(-60.0), "squeezed with all that the gripper has"
    weight_n = float(world.model.body("bar").subtreemass[0]) * G
    assert world.tool_force_n() == pytest.approx([weight_n], rel=0.05)
    assert robot.plant("arm").tool_wrench()[2] == pytest.approx(-weight_n, rel=0.05)


def test_only_what_is_beyond_the_last_joint_is_felt(robot: SimRobot) -> None:
    world = robot.world
    folded = world.embodiment.home_position.copy()
    folded[1:3] = 0.095, -1.2  # the elbow is on the table, the tool above it
    robot.place(folded)
    robot.step(50)
    touched = {body for body in ("link2", "link3", "link6", "gripper") if touching(world.model, world.data, body)}
    assert touched == {"link2"}
    assert world.tool_force_n() == pytest.approx([0.0])


def test_a_new_scene_forgets_the_last_press(robot: SimRobot) -> None:
    go_down_to(robot, 0.10, opening=0.0, steps=1000)
    go_down_to(robot, 0.011, opening=0.0, steps=1000)
    assert robot.world.tool_force_n()[0] > 50.0
    robot.place(robot.world.embodiment.home_position)
    robot.world.reset(1)
    assert robot.world.tool_force_n() == pytest.approx([0.0])
