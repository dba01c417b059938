"""What the baseline believes about the scene."""

import numpy as np
import pytest
from toy_tabletop import BOX_POSE, POSES, camera, draw, ur5

from ros_wam.policies.scene_memory import SceneMemory
from ros_wam.policies.tool_vector import to_matrix
from ros_wam.types import FloatArray

OVER_TABLE = to_matrix(np.array([-0.46, 0.0, 0.34, np.pi / 2, 0.0, 0.0]))
WORKSPACE = ur5().arms["arm"].workspace
SCENE = {"box": BOX_POSE, **POSES}


def look(memory: SceneMemory, view: str, scene: dict[str, FloatArray], now_ns: int = 0, speed_m_s: float = 0.0) -> None:
    placed = camera(view, OVER_TABLE)
    memory.look(draw(placed, scene, {}), placed, now_ns, speed_m_s, find_box=view == "global")


def remembered() -> SceneMemory:
    memory = SceneMemory(WORKSPACE)
    look(memory, "global", SCENE)
    look(memory, "wrist", SCENE)
    return memory


def test_the_box_and_all_clutter_are_found() -> None:
    memory = remembered()
    assert memory.box is not None
    assert (memory.box.x_m, memory.box.y_m) == pytest.approx(BOX_POSE[:2], abs=0.01)
    assert abs(memory.box.yaw_rad) < 0.1
    for name, pose in POSES.items():
        assert (memory.clutter[name].x_m, memory.clutter[name].y_m) == pytest.approx(pose[:2], abs=0.002)


def test_the_wrist_view_is_believed_rather_than_the_global_one() -> None:
    memory = SceneMemory(WORKSPACE)
    look(memory, "global", SCENE)
    far = memory.clutter["cube"].error_m
    look(memory, "wrist", SCENE)
    near = memory.clutter["cube"]
    look(memory, "global", SCENE, now_ns=1)
    assert near.error_m < far
    assert memory.clutter["cube"].error_m == near.error_m


def test_a_picture_taken_in_motion_is_believed_less() -> None:
    memory = SceneMemory(WORKSPACE)
    look(memory, "wrist", SCENE, speed_m_s=0.4)
    moving = memory.clutter["bar"].error_m
    look(memory, "wrist", SCENE)
    assert memory.clutter["bar"].error_m < moving


def test_trust_fades_while_a_thing_is_not_seen() -> None:
    sighting = remembered().clutter["cube"]
    assert sighting.error_at(10_000_000_000) > sighting.error_at(0)


def test_a_thing_that_was_moved_is_found_at_its_new_place() -> None:
    memory = remembered()
    moved = np.array([-0.40, 0.04, 0.0])
    look(memory, "global", {**SCENE, "cube": moved}, now_ns=1)
    assert (memory.clutter["cube"].x_m, memory.clutter["cube"].y_m) == pytest.approx(moved[:2], abs=0.004)


def test_what_lies_in_the_box_is_not_clutter() -> None:
    memory = SceneMemory(WORKSPACE)
    look(memory, "global", {"box": BOX_POSE, "cube": np.array([*BOX_POSE[:2], 0.0])})
    assert memory.clutter == {}


def test_what_is_out_of_reach_is_not_clutter() -> None:
    memory = SceneMemory(WORKSPACE)
    look(memory, "global", {"box": BOX_POSE, "cube": np.array([-0.10, -0.20, 0.0])})
    assert memory.clutter == {}


def test_what_is_in_the_hand_is_not_looked_for() -> None:
    memory = SceneMemory(WORKSPACE)
    placed = camera("wrist", OVER_TABLE)
    memory.look(draw(placed, SCENE, {}), placed, 0, skip={"cube"})
    assert set(memory.clutter) == {"cylinder", "bar"}


def test_a_half_hidden_thing_is_worth_a_closer_look() -> None:
    memory, placed = SceneMemory(WORKSPACE), camera("wrist", OVER_TABLE)
    image = draw(placed, {"bar": POSES["bar"]}, {})
    rows = np.flatnonzero((image == (26, 64, 219)).all(axis=2).any(axis=1))
    image[: int(rows.mean())] = 0
    memory.look(image, placed, 0)
    assert memory.clutter["bar"].error_m > 0.02


def test_nothing_is_seen_in_the_dark() -> None:
    memory, placed = SceneMemory(WORKSPACE), camera("global", OVER_TABLE)
    memory.look(np.zeros((240, 320, 3), np.uint8), placed, 0, find_box=True)
    assert memory.box is None
    assert memory.clutter == {}
