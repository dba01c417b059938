"""Three buttons in simulation: what counts as a press, and that only the right order earns points."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import fingertips
from ros_wam.policies.buttons import asked_for
from ros_wam.sim.contact import touches_robot
from ros_wam.sim.scoring import Scorer
from ros_wam.sim.tasks.press_three_buttons import ORDER
from ros_wam.sim.world import World
from ros_wam.task import load_task
from ros_wam.types import FloatArray

ROOT = Path(__file__).parents[1]
TASK = load_task(ROOT / "config/tasks/press_three_buttons.yaml")
UR5 = load_embodiment(ROOT / "robots/ur5.yaml")
KINEMATICS = Kinematics(UR5)
REACH_M = fingertips.reach_m(UR5, "arm")
UP_M = 0.058  # a cap that is not pressed
FINGERS_APART_M = 0.097  # of a gripper that is open
DOWN_M = 0.010


@pytest.fixture(scope="module")
def shared_world() -> World:
    return World(UR5, ROOT / "calib/ur5/sim", TASK.name, 0)


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.place_robot(UR5.home_position)
    shared_world.reset(0)
    return shared_world


@pytest.fixture
def scorer(world: World) -> Scorer:
    return Scorer(world, TASK)


def reaching(x_m: float, y_m: float, tip_m: float, opening: float = 0.0) -> FloatArray:
    """Return the joint positions with the finger tips at that place and height, all pointing down."""
    pose = KINEMATICS.tool_pose(UR5.home_position)
    pose[:3, 3] = x_m, y_m, tip_m + REACH_M
    joints = KINEMATICS.solve(pose, UR5.home_position)
    joints[UR5.is_gripper] = opening
    return joints


def over(world: World, *colours: str) -> tuple[float, float]:
    """Return the middle between buttons."""
    x, y = np.mean([world.data.body(f"{colour}_housing").xpos[:2] for colour in colours], axis=0)
    return float(x), float(y)


def hold(world: World, scorer: Scorer, depths_m: dict[str, float], looks: int = 20) -> None:
    """Hold caps there for a while, whatever else pushes on them."""
    caps = {world.data.joint(f"{colour}_button"): -depth_m for colour, depth_m in depths_m.items()}
    for _ in range(looks):
        for cap, place in caps.items():
            cap.qpos, cap.qvel = place, 0.0
        world.step()
        for cap, place in caps.items():
            cap.qpos = place
        scorer.update(world.time_ns)


def push(world: World, scorer: Scorer, depth_m: float, *colours: str) -> None:
    """Hold buttons at `depth_m` with the robot: one with closed fingers, two with a finger each."""
    opening = float(len(colours) > 1)
    world.place_robot(reaching(*over(world, *colours), UP_M - depth_m - 0.001, opening))
    hold(world, scorer, dict.fromkeys(colours, depth_m))
    world.place_robot(UR5.home_position)


def side_by_side(world: World, *colours: str) -> None:
    """Stand two buttons where the fingers of an open gripper come down on one each."""
    ends = world.data.body("finger_left").xpos - world.data.body("finger_right").xpos
    for colour, side in zip(colours, (0.5, -0.5), strict=True):
        place = np.array([-0.46, -0.10]) + side * FINGERS_APART_M * ends[:2] / np.linalg.norm(ends[:2])
        world.data.joint(f"{colour}_housing").qpos[:2] = place
    mujoco.mj_forward(world.model, world.data)


def wait(world: World, scorer: Scorer, duration_s: float = 0.3) -> None:
    for _ in range(round(duration_s / 0.01)):
        world.step(5)
        scorer.update(world.time_ns)


def press(world: World, scorer: Scorer, *colours: str) -> None:
    for colour in colours:
        push(world, scorer, DOWN_M, colour)
        wait(world, scorer)


def points(scorer: Scorer) -> list[float]:
    return [stage.points for stage in scorer.stages()]


def test_the_task_is_worth_ten_points_and_its_prompt_names_the_order() -> None:
    assert sum(stage.points for stage in TASK.stages) == 10.0
    assert asked_for(TASK.prompt) == ORDER


def test_nothing_done_scores_nothing(world: World, scorer: Scorer) -> None:
    wait(world, scorer)
    assert points(scorer) == [0.0, 0.0, 0.0, 0.0]
    assert not scorer.succeeded()


def test_all_in_order_succeeds(world: World, scorer: Scorer) -> None:
    press(world, scorer, *ORDER)
    assert points(scorer) == [3.0, 3.0, 3.0, 1.0]
    assert scorer.succeeded()


@pytest.mark.parametrize(
    ("colours", "scored"),
    [
        (("blue", "pink", "green"), [0.0, 0.0, 0.0, 0.0]),
        (("pink", "green", "blue"), [3.0, 0.0, 0.0, 0.0]),
        (("pink", "pink", "blue", "green"), [3.0, 0.0, 0.0, 0.0]),
    ],
)
def test_a_wrong_press_ends_the_credit(
    world: World, scorer: Scorer, colours: tuple[str, ...], scored: list[float]
) -> None:
    press(world, scorer, *colours)
    assert points(scorer) == scored
    assert not scorer.succeeded()


@pytest.mark.parametrize(("first", "scored"), [((), 0.0), (("pink",), 3.0)])
def test_buttons_that_are_pressed_at_once_are_in_no_order(
    world: World, scorer: Scorer, first: tuple[str, ...], scored: float
) -> None:
    press(world, scorer, *first)
    rest = ORDER[len(first) :]
    side_by_side(world, *rest[:2])
    push(world, scorer, DOWN_M, *rest[:2])
    wait(world, scorer)
    press(world, scorer, *rest)
    assert points(scorer) == [scored, 0.0, 0.0, 0.0]
    assert not scorer.succeeded()


def test_a_button_that_is_pressed_while_another_is_down_is_pressed_wrongly(world: World, scorer: Scorer) -> None:
    side_by_side(world, "pink", "blue")
    world.place_robot(reaching(*over(world, "pink", "blue"), UP_M - DOWN_M - 0.001, 1.0))
    hold(world, scorer, {"pink": DOWN_M, "blue": 0.0}, looks=2)
    hold(world, scorer, {"pink": DOWN_M, "blue": DOWN_M})
    world.place_robot(UR5.home_position)
    wait(world, scorer)
    press(world, scorer, "blue", "green")
    assert points(scorer) == [3.0, 0.0, 0.0, 0.0]
    assert not scorer.succeeded()


def test_only_the_robot_presses_buttons(world: World, scorer: Scorer) -> None:
    for colour in ORDER:
        hold(world, scorer, {colour: DOWN_M})
        wait(world, scorer)
    assert points(scorer) == [0.0, 0.0, 0.0, 0.0]
    press(world, scorer, *ORDER)
    assert scorer.succeeded()


def test_a_button_that_is_not_upright_is_not_pressed(world: World, scorer: Scorer) -> None:
    x, y = over(world, "pink")
    world.data.joint("pink_housing").qpos = [x, y, 0.0585, 0.0, 1.0, 0.0, 0.0]  # on its cap
    world.place_robot(reaching(x, y, UP_M))
    wait(world, scorer)
    assert -world.data.joint("pink_button").qpos[0] > DOWN_M
    tilt_rad = np.radians(20.0)
    world.data.joint("pink_housing").qpos = [x, y, 0.0, np.cos(tilt_rad / 2), np.sin(tilt_rad / 2), 0.0, 0.0]
    world.place_robot(reaching(x, y, UP_M - DOWN_M))
    hold(world, scorer, {"pink": DOWN_M}, looks=2)
    assert touches_robot(world.model, world.data, "pink_button")
    world.place_robot(UR5.home_position)
    wait(world, scorer)
    assert points(scorer) == [0.0, 0.0, 0.0, 0.0]


def test_one_press_too_many_spoils_it(world: World, scorer: Scorer) -> None:
    press(world, scorer, *ORDER, "pink")
    assert not scorer.succeeded()
    assert points(scorer) == [3.0, 3.0, 3.0, 1.0]


def test_a_touch_is_no_press(world: World, scorer: Scorer) -> None:
    push(world, scorer, 0.005, "blue")
    press(world, scorer, "pink")
    assert points(scorer)[0] == 3.0


def test_a_button_that_does_not_come_up_is_not_pressed_again(world: World, scorer: Scorer) -> None:
    for depth_m in (0.010, 0.004, 0.010):
        push(world, scorer, depth_m, "pink")
    wait(world, scorer)
    press(world, scorer, "blue", "green")
    assert scorer.succeeded()


def test_an_arm_that_is_low_over_a_button_is_not_clear(world: World, scorer: Scorer) -> None:
    press(world, scorer, "pink", "blue")
    push(world, scorer, DOWN_M, "green")
    world.place_robot(reaching(*over(world, "green"), 0.08))
    wait(world, scorer)
    assert points(scorer) == [3.0, 3.0, 3.0, 0.0]
    assert not scorer.succeeded()
    world.place_robot(UR5.home_position)
    wait(world, scorer)
    assert points(scorer)[3] == 1.0
    assert scorer.succeeded()


@pytest.mark.parametrize("seed", range(20))
def test_buttons_begin_apart_up_and_within_reach(seed: int, shared_world: World) -> None:
    world = shared_world
    world.reset(seed)
    world.step(100)
    middles = [world.data.body(f"{colour}_housing").xpos.copy() for colour in ORDER]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(middles) for b in middles[:i]) > 0.115
    for middle in middles:
        assert -0.59 < middle[0] < -0.35
        assert -0.25 < middle[1] < 0.07
        assert abs(middle[2]) < 1e-3
    for colour in ORDER:
        assert abs(world.data.joint(f"{colour}_button").qpos[0]) < 1e-3


def test_buttons_stand_in_any_arrangement(shared_world: World) -> None:
    arrangements = set()
    for seed in range(30):
        shared_world.reset(seed)
        arrangements.add(tuple(sorted(ORDER, key=lambda c: shared_world.data.body(f"{c}_housing").xpos[1])))
    assert len(arrangements) == 6
