"""The simulated world: kinematics against the DH formula, determinism, layout, cameras where the calibration says."""

import dataclasses
from pathlib import Path

import mujoco
import numpy as np
import pytest

from ros_wam.calibration import load_view
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import SimError
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.tasks.move_objects_into_box import OBJECTS
from ros_wam.sim.world import STEP_NS, World

ROOT = Path(__file__).parents[1]
TASK = "move_objects_into_box"
ROBOTS = ("ur5", "ur5e")
# d1, a2, a3, d4, d5, d6 [m] (Universal Robots, DH parameters for calculations of kinematics and dynamics)
DH = {
    "ur5": (0.089159, -0.425, -0.39225, 0.10915, 0.09465, 0.0823),
    "ur5e": (0.1625, -0.425, -0.3922, 0.1333, 0.0997, 0.0996),
}


def make_world(robot: str = "ur5", seed: int = 0) -> World:
    return World(load_embodiment(ROOT / f"robots/{robot}.yaml"), ROOT / f"calib/{robot}/sim", TASK, seed)


def flange_by_dh(robot: str, q: np.ndarray) -> np.ndarray:
    d1, a2, a3, d4, d5, d6 = DH[robot]
    T = np.eye(4)
    half_pi = np.pi / 2
    rows = zip(q, (d1, 0, 0, d4, d5, d6), (0, a2, a3, 0, 0, 0), (half_pi, 0, 0, half_pi, -half_pi, 0), strict=True)
    for theta, d, a, alpha in rows:
        c, s, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
        T = T @ np.array([[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0, sa, ca, d], [0, 0, 0, 1]])
    return T


@pytest.mark.parametrize("robot", ROBOTS)
def test_flange_agrees_with_the_dh_formula(robot: str) -> None:
    world = make_world(robot)
    for q in np.random.default_rng(0).uniform(-3, 3, (20, 6)):
        world.place_robot(np.append(q, 1.0))
        flange, wanted = world.data.site("flange"), flange_by_dh(robot, q)
        np.testing.assert_allclose(flange.xpos, wanted[:3, 3], atol=1e-6)
        np.testing.assert_allclose(flange.xmat.reshape(3, 3), wanted[:3, :3], atol=1e-6)


@pytest.mark.parametrize("robot", ROBOTS)
def test_home_holds_still_above_the_work_area(robot: str) -> None:
    world = make_world(robot)
    world.step(500)
    np.testing.assert_allclose(world.joint_position(), world.embodiment.home_position, atol=1e-3)
    np.testing.assert_allclose(world.joint_velocity(), 0.0, atol=1e-3)
    np.testing.assert_allclose(world.data.site("tool").xpos, [-0.46, 0.0, 0.34], atol=1e-3)
    np.testing.assert_allclose(world.data.site("tool").xmat.reshape(3, 3)[:, 2], [0, 0, -1], atol=1e-3)


@pytest.mark.parametrize("robot", ROBOTS)
def test_cameras_are_where_the_calibration_says(robot: str) -> None:
    world = make_world(robot)
    for view, frame in (("wrist", world.data.site("tool")), ("global", world.data.body("base"))):
        calibration = load_view(ROOT / f"calib/{robot}/sim", view)
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = frame.xmat.reshape(3, 3), frame.xpos
        T = T @ calibration.T_frame_camera
        camera = world.data.camera(view)
        np.testing.assert_allclose(camera.xpos, T[:3, 3], atol=1e-6)
        np.testing.assert_allclose(-camera.xmat.reshape(3, 3)[:, 2], T[:3, 2], atol=1e-6)


def test_same_seed_and_commands_give_the_same_states() -> None:
    finals = []
    for _ in range(2):
        world = make_world(seed=3)
        target = world.embodiment.home_position.copy()
        for k in range(100):
            target[0] += 0.002
            world.set_ctrl(target)
            world.step(4)
            if k == 50:
                world.reset(4)
        finals.append(world.snapshot())
    assert finals[0].time_ns == finals[1].time_ns == 400 * STEP_NS
    np.testing.assert_array_equal(finals[0].qpos, finals[1].qpos)


def test_an_episode_owes_nothing_to_the_one_before() -> None:
    finals = []
    for episodes in (1, 2):
        world = make_world()
        for _ in range(episodes):
            robot = SimRobot(world)
            robot.place(world.embodiment.home_position)
            world.reset(7)
            robot.step(100)
        finals.append(world.snapshot().qpos)
    np.testing.assert_array_equal(finals[0], finals[1])


def test_a_negative_seed_is_refused(shared_world: World) -> None:
    with pytest.raises(SimError, match="seed is -1, must be 0 or more"):
        shared_world.reset(-1)


def test_grippers_have_the_force_of_the_robot_file() -> None:
    embodiment = load_embodiment(ROOT / "robots/ur5.yaml")
    limits = dataclasses.replace(embodiment.grippers["gripper"], force_n=20.0)
    world = World(dataclasses.replace(embodiment, grippers={"gripper": limits}), ROOT / "calib/ur5/sim", TASK, 0)
    robot = SimRobot(world)
    bar = world.model.joint("bar").qposadr[0]
    robot.set_target(np.append(world.embodiment.home_position[:6], 0.0))
    for _ in range(500):  # held between the fingers
        world.data.qpos[bar : bar + 7] = [*world.data.site("tool").xpos, 1.0, 0.0, 0.0, 0.0]
        robot.step()
    assert world.joint_effort()[-1] == pytest.approx(-20.0)


def test_reset_lays_out_the_task_and_leaves_robot_and_time() -> None:
    world = make_world(seed=0)
    world.set_ctrl(world.embodiment.home_position + 0.1)
    world.step(50)
    before, time_ns = world.joint_position(), world.time_ns
    cube = world.data.body("cube").xpos.copy()
    world.reset(1)
    np.testing.assert_array_equal(world.joint_position(), before)
    assert world.time_ns == time_ns
    assert np.linalg.norm(world.data.body("cube").xpos - cube) > 1e-3


@pytest.mark.parametrize("seed", range(20))
def test_objects_begin_apart_at_rest_and_inside_the_workspace(seed: int, shared_world: World) -> None:
    world = shared_world
    world.reset(seed)
    arm = world.embodiment.arms["arm"]
    begin = {item.name: world.data.body(item.name).xpos.copy() for item in OBJECTS}
    for position in begin.values():
        assert (position >= arm.workspace.min_m).all()
        assert (position <= arm.workspace.max_m).all()
    touching = {frozenset(world.model.geom_bodyid[pair]) for pair in world.data.contact.geom}
    assert all(0 in pair for pair in touching), "only the table touches anything"
    world.step(100)
    for name, position in begin.items():
        np.testing.assert_allclose(world.data.body(name).xpos, position, atol=1e-3)


@pytest.fixture(scope="module")
def shared_world() -> World:
    return make_world()


def test_gripper_counts_from_closed_to_open(shared_world: World) -> None:
    world = shared_world
    for opening in (0.0, 1.0):
        target = world.embodiment.home_position.copy()
        target[-1] = opening
        world.set_ctrl(target)
        world.step(500)
        assert world.joint_position()[-1] == pytest.approx(opening, abs=0.02)


def test_unknown_task_names_the_ones_there_are() -> None:
    with pytest.raises(SimError, match="move_objects_into_box"):
        World(load_embodiment(ROOT / "robots/ur5.yaml"), ROOT / "calib/ur5/sim", "tidy_up", 0)


def test_robot_files_compile_alone() -> None:
    for robot in ROBOTS:
        model = mujoco.MjModel.from_xml_path(str(ROOT / f"robots/{robot}.xml"))
        names = [model.actuator(i).name for i in range(model.nu)]
        assert names == [*(f"joint{i}" for i in range(1, 7)), "gripper"]
