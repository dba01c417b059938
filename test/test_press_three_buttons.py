"""Three buttons in simulation: what counts as a press, and that only the right order earns points."""

from pathlib import Path

import numpy as np
import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies.buttons import asked_for
from ros_wam.sim.scoring import Scorer
from ros_wam.sim.tasks.press_three_buttons import ORDER
from ros_wam.sim.world import World
from ros_wam.task import load_task

ROOT = Path(__file__).parents[1]
TASK = load_task(ROOT / "config/tasks/press_three_buttons.yaml")


@pytest.fixture(scope="module")
def shared_world() -> World:
    return World(load_embodiment(ROOT / "robots/ur5.yaml"), ROOT / "calib/ur5/sim", TASK.name, 0)


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.reset(0)
    return shared_world


@pytest.fixture
def scorer(world: World) -> Scorer:
    return Scorer(world, TASK)


def push(world: World, scorer: Scorer, depth_m: float, *colours: str) -> None:
    """Hold buttons at `depth_m` for a while."""
    caps = [world.data.joint(f"{colour}_button") for colour in colours]
    for _ in range(20):
        for cap in caps:
            cap.qpos, cap.qvel = -depth_m, 0.0
        world.step()
        for cap in caps:
            cap.qpos = -depth_m
        scorer.update(world.time_ns)


def wait(world: World, scorer: Scorer, duration_s: float = 0.3) -> None:
    for _ in range(round(duration_s / 0.01)):
        world.step(5)
        scorer.update(world.time_ns)


def press(world: World, scorer: Scorer, *colours: str) -> None:
    for colour in colours:
        push(world, scorer, 0.010, colour)
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
    push(world, scorer, 0.010, *ORDER[len(first) :])
    wait(world, scorer)
    assert points(scorer) == [scored, 0.0, 0.0, 0.0]
    assert not scorer.succeeded()


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
    home = world.embodiment.home_position
    over = Kinematics(world.embodiment).tool_pose(home)
    over[:3, 3] = world.data.body("green_housing").xpos + np.array([0.0, 0.0, 0.09])
    world.place_robot(Kinematics(world.embodiment).solve(over, home))
    press(world, scorer, *ORDER)
    assert points(scorer) == [3.0, 3.0, 3.0, 0.0]
    assert not scorer.succeeded()
    world.place_robot(home)
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
