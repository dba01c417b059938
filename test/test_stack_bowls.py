"""The task with the bowls: where they begin, what counts as lifted, nested and done, and that it can be done."""

import json
from pathlib import Path

import mujoco
import numpy as np
import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies.tool_vector import to_matrix
from ros_wam.request import Request
from ros_wam.sim.lockstep import run_sitting
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.scoring import Scorer
from ros_wam.sim.tasks.stack_bowls import LARGEST, SMALLER
from ros_wam.sim.world import World
from ros_wam.task import load_task
from ros_wam.types import FloatArray

ROOT = Path(__file__).parents[1]
ALOHA = load_embodiment(ROOT / "robots/aloha.yaml")
TASK = load_task(ROOT / "config/tasks/stack_bowls.yaml")
FOOT_M = 0.008
NESTED = ((0.003, -0.004, FOOT_M + 0.004), (0.0, 0.0, 2 * FOOT_M + 0.006))
ALL_NESTED = {"medium bowl nested", "small bowl nested", "both nested and the arms clear"}


def make_world(seed: int = 0) -> World:
    return World(ALOHA, ROOT / "calib/aloha/sim", TASK.name, seed)


@pytest.fixture(scope="module")
def shared_world() -> World:
    return make_world()


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.place_robot(ALOHA.home_position)
    shared_world.reset(0)
    return shared_world


@pytest.fixture
def scorer(world: World) -> Scorer:
    return Scorer(world, TASK)


def middle(world: World, name: str) -> FloatArray:
    return np.array(world.data.body(name).xpos)


def put(world: World, name: str, offset_m: tuple[float, float, float], tilt_rad: float = 0.0) -> None:
    """Put a bowl at `offset_m` from the largest one's origin, at rest."""
    place(world, name, middle(world, LARGEST.name) + offset_m, tilt_rad)
    world.step()


def place(world: World, name: str, position_m: FloatArray, tilt_rad: float) -> None:
    joint = world.data.joint(name)
    joint.qpos = [*position_m, np.cos(tilt_rad / 2), np.sin(tilt_rad / 2), 0.0, 0.0]
    joint.qvel = 0.0


def stack(world: World, foot_m: FloatArray, tilt_rad: float = 0.0) -> None:
    """Put all bowls into one another, the foot of the largest at `foot_m`."""
    axis = np.array([0.0, -np.sin(tilt_rad), np.cos(tilt_rad)])
    for k, bowl in enumerate((LARGEST, *SMALLER)):
        place(world, bowl.name, foot_m + k * FOOT_M * axis, tilt_rad)
    mujoco.mj_forward(world.model, world.data)


def holding(world: World) -> set[str]:
    return {name for name, holds in world.task.conditions(world.model, world.data).items() if holds}


def watch(world: World, scorer: Scorer, duration_s: float) -> None:
    for _ in range(round(duration_s / 0.01)):
        world.step(5)
        scorer.update(world.time_ns)


def reached(scorer: Scorer) -> set[str]:
    return {stage.name for stage in scorer.stages() if stage.points > 0.0}


def test_it_is_worth_ten_points_and_for_aloha() -> None:
    assert sum(stage.points for stage in TASK.stages) == 10.0
    assert TASK.robots == ("aloha",)


def test_a_smaller_bowl_stands_on_each_side_and_which_is_left_to_the_seed(world: World) -> None:
    sides, places = set(), set()
    for seed in range(8):
        world.reset(seed)
        medium, small = (middle(world, bowl.name) for bowl in SMALLER)
        assert medium[1] * small[1] < 0.0, "one on each side"
        assert min(abs(medium[1]), abs(small[1])) > LARGEST.rim_m + max(bowl.rim_m for bowl in SMALLER) + 0.02
        sides.add(medium[1] > 0.0)
        places.add(tuple(medium))
    assert sides == {True, False}
    assert len(places) == 8
    world.reset(3)
    layout = world.data.qpos.copy()
    world.reset(4)
    world.reset(3)
    np.testing.assert_array_equal(world.data.qpos, layout)


def test_nothing_done_scores_nothing_and_bowls_stay_where_they_stand(world: World, scorer: Scorer) -> None:
    before = [middle(world, bowl.name) for bowl in (LARGEST, *SMALLER)]
    watch(world, scorer, 0.6)
    assert reached(scorer) == set()
    assert not scorer.succeeded()
    after = [middle(world, bowl.name) for bowl in (LARGEST, *SMALLER)]
    np.testing.assert_allclose(after, before, atol=5e-4)


def test_bowls_that_are_let_go_a_little_off_nest_and_come_to_rest(world: World, scorer: Scorer) -> None:
    for bowl, offset in zip(SMALLER, NESTED, strict=True):
        put(world, bowl.name, offset, tilt_rad=0.1)
        watch(world, scorer, 0.8)
    assert reached(scorer) == ALL_NESTED
    assert scorer.succeeded()


@pytest.mark.parametrize(
    ("offset_m", "tilt_rad"),
    [((0.018, 0.0, FOOT_M), 0.0), ((0.0, 0.0, 0.055), 0.0), ((0.0, 0.0, 0.02), 0.2), ((0.0, 0.2, 0.0), 0.0)],
    ids=["off the axis", "above", "tilted", "beside"],
)
def test_a_bowl_that_is_not_quite_in_is_not_nested(
    world: World, offset_m: tuple[float, float, float], tilt_rad: float
) -> None:
    put(world, "medium bowl", offset_m, tilt_rad)
    assert "medium bowl nested" not in holding(world)


def test_a_stack_on_the_table_is_one(world: World) -> None:
    stack(world, middle(world, LARGEST.name))
    assert holding(world) == ALL_NESTED


@pytest.mark.parametrize(
    ("offset_m", "tilt_rad"),
    [((-1.0, 0.0, -0.80), 0.0), ((0.0, 0.0, 0.03), 0.0), ((0.0, 0.0, 0.0), np.pi / 2), ((0.0, 0.0, 0.0), np.pi)],
    ids=["on the floor", "in the air", "on its side", "upside down"],
)
def test_a_stack_that_does_not_stand_on_the_table_is_none(
    world: World, offset_m: tuple[float, float, float], tilt_rad: float
) -> None:
    stack(world, middle(world, LARGEST.name) + offset_m, tilt_rad)
    assert holding(world) == set()


def test_the_small_bowl_belongs_in_the_medium_one(world: World, scorer: Scorer) -> None:
    put(world, "small bowl", (0.0, 0.0, FOOT_M + 0.001))
    watch(world, scorer, 0.4)
    assert holding(world) == set(), "the medium one has no room any more"
    put(world, "medium bowl", (0.0, 0.0, 0.055))
    watch(world, scorer, 0.8)
    assert reached(scorer) == set()


def test_success_waits_until_both_arms_are_clear(world: World, scorer: Scorer) -> None:
    for bowl, offset in zip(SMALLER, NESTED, strict=True):
        put(world, bowl.name, offset)
    above = np.array([*middle(world, LARGEST.name)[:2], 0.14, np.pi, 0.0, 0.0])
    world.place_robot(Kinematics(ALOHA).solve(to_matrix(above), ALOHA.home_position, "left"))
    watch(world, scorer, 0.8)
    assert reached(scorer) == ALL_NESTED - {"both nested and the arms clear"}
    world.place_robot(ALOHA.home_position)
    watch(world, scorer, 0.4)
    assert scorer.succeeded()


def test_a_rim_between_the_fingers_counts_when_it_is_lifted(world: World) -> None:
    arms = {True: ("left", 1.0), False: ("right", -1.0)}
    bowl = SMALLER[0]
    arm, inwards = arms[bool(middle(world, bowl.name)[1] < 0.0)]
    column = ALOHA.joint_names.index(f"{arm}_gripper")
    x, y, _ = middle(world, bowl.name)
    kinematics, robot, joints, found = Kinematics(ALOHA), SimRobot(world), ALOHA.home_position, []
    yaw = np.pi / 2 if arm == "left" else -np.pi / 2
    for height_m, gripper in ((0.12, 0.6), (0.06, 0.6), (0.06, 0.0), (0.11, 0.0)):
        tool = np.array([x, y - inwards * bowl.rim_m, height_m, yaw, 0.0, 0.0])
        joints = kinematics.solve(to_matrix(tool), joints, arm)
        joints[column] = gripper
        robot.set_target(joints)
        robot.step(800)
        found.append("medium bowl grasped" in holding(world))
    assert found == [False, False, False, True]


@pytest.mark.virtual
@pytest.mark.slow
def test_the_baseline_stacks_them_with_both_arms(tmp_path: Path) -> None:
    request = Request(robot="aloha", sim=True, trials=1, record_dir=tmp_path, policy="baseline", task=TASK.name, seed=1)
    sitting = run_sitting(request, lambda line: None)
    (trial,) = json.loads((sitting / "results.json").read_text())["trials"]
    assert trial["outcome"] == "success"
    assert trial["score"] == 1.0
    assert all(stage["retries"] == 0 for stage in trial["stages"])
