"""The light switch in simulation: it snaps, it stays, and only an arm that is clear of it has turned it on."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.sim.scoring import SCORE_PERIOD_NS, Scorer
from ros_wam.sim.world import STEP_NS, World
from ros_wam.task import load_task

ROOT = Path(__file__).parents[1]
TASK = load_task(ROOT / "config/tasks/turn_on_light_switch.yaml")
PLACES = ("panel_x", "panel_y", "panel_yaw", "switch_z", "rocker")
TIP, TOUCHED, PAST, ON = (stage.name for stage in TASK.stages)


@pytest.fixture(scope="module")
def world() -> World:
    return World(load_embodiment(ROOT / "robots/arx5.yaml"), ROOT / "calib/arx5/sim", TASK.name, 0)


@pytest.fixture
def scorer(world: World) -> Scorer:
    world.place_robot(world.embodiment.home_position)
    world.reset(3)
    return Scorer(world, TASK)


def places(world: World) -> list[float]:
    return [float(world.data.joint(name).qpos[0]) for name in PLACES]


def run(world: World, scorer: Scorer, duration_s: float) -> None:
    for _ in range(round(duration_s * 1e9 / SCORE_PERIOD_NS)):
        world.step(SCORE_PERIOD_NS // STEP_NS)
        scorer.update(world.time_ns)


def push(world: World, scorer: Scorer, force_n: float, height_m: float = 0.018) -> None:
    """Push on the rocker for half a second, at that height above its axle, into the panel."""
    data, rocker = world.data, world.model.body("rocker").id
    turn = data.body("panel").xmat.reshape(3, 3)
    force = turn @ [-force_n, 0.0, 0.0]
    arm = data.xpos[rocker] + turn @ [0.0, 0.0, height_m] - data.xipos[rocker]
    data.xfrc_applied[rocker] = np.concatenate([force, np.cross(arm, force)])
    run(world, scorer, 0.5)
    data.xfrc_applied[rocker] = 0.0


def reached(scorer: Scorer) -> set[str]:
    return {stage.name for stage in scorer.stages() if stage.points > 0.0}


def test_the_layout_follows_the_seed_and_the_switch_is_off(world: World) -> None:
    layouts = []
    for seed in (1, 2, 1):
        world.reset(seed)
        layouts.append(places(world))
    assert layouts[0] == layouts[2] and layouts[0][-1] == layouts[1][-1] < 0.0
    assert all(a != b for a, b in zip(layouts[0][:-1], layouts[1][:-1], strict=True))


def test_nothing_moves_or_is_scored_by_itself(world: World, scorer: Scorer) -> None:
    before = places(world)
    run(world, scorer, 2.0)
    np.testing.assert_allclose(places(world), before, atol=0.005)
    assert not reached(scorer) and not scorer.succeeded()


def test_a_finger_s_force_snaps_it_over_and_there_it_stays(world: World, scorer: Scorer) -> None:
    push(world, scorer, 4.0)
    assert places(world)[-1] < 0.0 and not reached(scorer)
    push(world, scorer, 12.0)
    run(world, scorer, 0.3)
    assert places(world)[-1] > 0.2
    assert reached(scorer) == {PAST}


def test_its_lower_half_turns_it_off_again(world: World, scorer: Scorer) -> None:
    push(world, scorer, 12.0)
    run(world, scorer, 1.5)
    assert scorer.succeeded()
    push(world, scorer, 12.0, -0.018)
    run(world, scorer, 0.3)
    assert places(world)[-1] < -0.2
    assert not scorer.succeeded()


def test_it_has_to_be_on_for_a_second(world: World, scorer: Scorer) -> None:
    push(world, scorer, 12.0)
    run(world, scorer, 0.4)
    assert ON not in reached(scorer) and not scorer.succeeded()
    run(world, scorer, 0.4)
    assert ON in reached(scorer) and scorer.succeeded()


def test_while_the_arm_is_near_it_is_not_done(world: World, scorer: Scorer) -> None:
    """The panel is brought to the closed fingers."""
    home = world.embodiment.home_position
    world.place_robot(np.where(world.embodiment.is_gripper, 0.0, home))
    push(world, scorer, 12.0)
    tip = world.data.site("tool").xpos - [0.016, 0.0, 0.0]
    for name, place in {"panel_x": tip[0] - 0.05, "panel_y": tip[1], "panel_yaw": 0.0, "switch_z": tip[2]}.items():
        world.model.qpos_spring[world.model.joint(name).qposadr[0]] = place
        world.data.joint(name).qpos = place
    mujoco.mj_forward(world.model, world.data)
    run(world, scorer, 1.5)
    assert reached(scorer) == {TIP, PAST} and not scorer.succeeded()


def test_the_lamp_comes_out_of_its_lens_with_the_switch(world: World, scorer: Scorer) -> None:
    run(world, scorer, 0.2)
    lens, glow = (world.data.geom(name) for name in ("lens", "glow"))
    out = world.data.body("panel").xmat.reshape(3, 3)[:, 0]
    assert out @ (glow.xpos - lens.xpos) < 0.0
    push(world, scorer, 12.0)
    run(world, scorer, 0.3)
    assert out @ (glow.xpos - lens.xpos) > 0.002
