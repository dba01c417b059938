"""Experts: noise by seed, a hand that waits for the robot, settings with bounds, an expert for every task."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ros_wam.config import load
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, SimError
from ros_wam.kinematics import Kinematics
from ros_wam.sim.expert import SCRIPTS, script_for, task_of
from ros_wam.sim.expert.hand import Hand
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.settings import ExpertSettings, expert_settings
from ros_wam.sim.expert.tool import tool_at
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.sim.world import World
from ros_wam.types import FloatArray

ROOT = Path(__file__).parents[1]
UR5 = load_embodiment(ROOT / "robots/ur5.yaml")
KINEMATICS = Kinematics(UR5)
HOME = tool_at(UR5, KINEMATICS, UR5.home_position, "arm")
SETTINGS = ExpertSettings(position_m=0.01, yaw_rad=0.1, speed=0.2, miss=0.5)
STILL = np.zeros(len(UR5.joint_names))
BEAT_S = 0.02


def waypoint(dx_m: float = 0.0, dz_m: float = 0.0, **others: float) -> Waypoint:
    return Waypoint("arm", HOME + np.array([dx_m, 0.0, dz_m, 0.0, 0.0, 0.0]), **{"opening": 1.0, **others})


def hand_with(*script: Waypoint) -> Hand:
    return Hand(UR5, KINEMATICS, iter(script), UR5.home_position)


def follow(hand: Hand, beats: int) -> list[FloatArray]:
    """Return the leader's joints at each beat, with a robot that is always where the leader is."""
    rows = [UR5.home_position]
    for _ in range(beats):
        rows.append(hand.beat(BEAT_S, rows[-1], STILL))
    return rows


def tool_of(joints: FloatArray) -> FloatArray:
    return tool_at(UR5, KINEMATICS, joints, "arm")


def test_the_same_seed_gives_the_same_noise() -> None:
    first, second, other = (Noise(SETTINGS, seed) for seed in (7, 7, 8))
    disturbed = [noise.disturbed(waypoint()) for noise in (first, second, other)]
    np.testing.assert_array_equal(disturbed[0].tool, disturbed[1].tool)
    assert disturbed[0].speed_m_s == disturbed[1].speed_m_s
    assert np.abs(disturbed[0].tool - disturbed[2].tool).max() > 0.0


def test_noise_is_bounded_never_lower_and_none_where_there_is_no_slack() -> None:
    noise = Noise(SETTINGS, 0)
    off = np.array([noise.disturbed(waypoint()).tool - HOME for _ in range(500)])
    assert np.abs(off[:, :3]).max() <= 2 * SETTINGS.position_m + 1e-12
    assert np.abs(off[:, 3]).max() <= 2 * SETTINGS.yaw_rad + 1e-12
    assert off[:, 2].min() >= 0.0
    assert np.std(off[:, 0]) > 0.5 * SETTINGS.position_m
    np.testing.assert_array_equal(noise.disturbed(waypoint(slack=0.0)).tool, HOME)


def test_misses_are_as_frequent_as_set() -> None:
    noise = Noise(SETTINGS, 0)
    assert np.mean([noise.misses() for _ in range(1000)]) == pytest.approx(SETTINGS.miss, abs=0.05)
    assert not any(Noise(ExpertSettings(0.0, 0.0, 0.0, 0.0), seed).misses() for seed in range(50))


@pytest.mark.parametrize(("name", "value"), [("position_m", 0.04), ("yaw_rad", -0.1), ("speed", 0.6), ("miss", 1.0)])
def test_settings_out_of_bounds_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"expert: {name} is {value}, must be from 0 to "):
        ExpertSettings(**{"position_m": 0.0, "yaw_rad": 0.0, "speed": 0.0, "miss": 0.0, name: value})


def test_every_simulated_task_has_an_expert_with_settings() -> None:
    assert set(SCRIPTS) == set(SIM_TASKS)
    assert {path.stem for path in (ROOT / "config/experts").glob("*.yaml")} == set(SCRIPTS)
    assert expert_settings("stack_bowls") == load(ROOT / "config/experts/stack_bowls.yaml", ExpertSettings)


def test_a_task_without_an_expert_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(SimError, match=r"no scripted expert does the task 'fold_dishcloth'; .*stack_bowls"):
        script_for("fold_dishcloth")
    with pytest.raises(ConfigError, match="no scripted expert does a task with toaster"):
        task_of("toaster")


@pytest.mark.parametrize(
    ("robot", "task"),
    [("ur5", "move_objects_into_box"), ("arx5", "turn_on_light_switch"), ("aloha", "stack_bowls")],
)
def test_a_robot_has_a_task_of_its_own(robot: str, task: str) -> None:
    assert task_of(robot) == task


def test_a_hand_goes_from_rest_to_rest_and_then_for_the_next() -> None:
    hand = hand_with(waypoint(0.1), waypoint(0.1, -0.1, opening=0.0))
    rows = follow(hand, 250)
    tools = np.array([tool_of(row) for row in rows])
    assert hand.finished
    np.testing.assert_allclose(tools[-1, :3] - HOME[:3], [0.1, 0.0, -0.1], atol=1e-4)
    assert rows[-1][-1] == 0.0
    turn = int(np.argmax(tools[:, 2] < HOME[2] - 1e-4))
    np.testing.assert_allclose(tools[turn, 0], HOME[0] + 0.1, atol=1e-3)
    speeds = np.linalg.norm(np.diff(tools[:, :3], axis=0), axis=1) / BEAT_S
    assert speeds.max() < 0.5
    assert np.abs(np.diff(speeds)).max() / BEAT_S < 5.0, "no jumps"


def test_a_hand_that_goes_on_early_does_not_stop() -> None:
    tools = np.array([tool_of(row) for row in follow(hand_with(waypoint(0.1, early_s=0.3), waypoint(0.2)), 60)])
    speeds = np.linalg.norm(np.diff(tools[:, :3], axis=0), axis=1) / BEAT_S
    moving = np.flatnonzero(speeds > 0.01)
    assert (speeds[moving[0] : moving[-1]] > 0.01).all()


def test_a_hand_waits_for_a_robot_that_does_not_come() -> None:
    hand = hand_with(waypoint(0.3))
    rows = [hand.beat(BEAT_S, UR5.home_position, STILL) for _ in range(200)]
    away = np.abs(rows[-1] - UR5.home_position)[~UR5.is_gripper].max()
    assert away < UR5.start_distance_rad, "no farther than control would take it"
    assert away > 0.5 * UR5.start_distance_rad
    np.testing.assert_allclose(rows[-1], rows[-50], atol=2e-3)


def test_a_hand_that_is_led_out_of_reach_rests() -> None:
    hand = hand_with(waypoint(0.05), waypoint(-1.5), waypoint(0.0))
    rows = follow(hand, 200)
    assert hand.finished
    np.testing.assert_allclose(tool_of(rows[-1])[0], HOME[0] + 0.05, atol=1e-3)


def test_truth_is_told_in_the_frame_of_the_base() -> None:
    franka = load_embodiment(ROOT / "robots/franka.yaml")
    world = World(franka, ROOT / "calib/franka/sim", "move_objects_into_box", 3)
    truth = Truth(world)
    in_world = world.data.body("cube").xpos
    np.testing.assert_allclose(truth.place("cube"), in_world * [-1.0, -1.0, 1.0], atol=1e-9)
    np.testing.assert_allclose(truth.tool("arm"), truth.home("arm"), atol=1e-3)
    assert truth.reaches("arm", truth.home("arm"))
    assert not truth.reaches("arm", truth.home("arm") + np.array([2.0, 0.0, 0.0, 0.0, 0.0, 0.0]))


def tidying_way(seed: int) -> Iterator[Waypoint]:
    world = World(UR5, ROOT / "calib/ur5/sim", "move_objects_into_box", 5)
    return script_for("move_objects_into_box")(Truth(world), Noise(SETTINGS, seed))


def test_what_is_not_in_the_fingers_is_tried_again() -> None:
    """Nothing moves the robot here, so nothing is ever grasped: it must not be carried either."""
    way = tidying_way(0)
    openings = [next(way).opening for _ in range(40)]
    heights = [next(way).tool[2] for _ in range(40)]
    assert openings.count(0.0) >= 4
    assert max(heights) < 0.2
    assert min(heights) > 0.02
