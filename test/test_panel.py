"""What the baseline sees of a light switch: where it is, to millimetres, from pictures alone; and nothing elsewhere."""

from collections.abc import Iterator

import numpy as np
import pytest
from switch_station import ARX5, KINEMATICS, VIEWS, SwitchStation

from ros_wam.policies.panel import Panel, find_green, find_panel, sees_light
from ros_wam.policies.projection import PlacedCamera

SEEDS = (1, 2, 3)
PROUD_M = 0.0255
BASE_FROM_WORLD = np.diag([-1.0, -1.0, 1.0])
GLOBAL = PlacedCamera(VIEWS["global"], np.eye(4))


@pytest.fixture(scope="module")
def station() -> Iterator[SwitchStation]:
    station = SwitchStation()
    yield station
    station.renderer.close()


def true_panel(station: SwitchStation) -> Panel:
    body = station.world.data.body("panel")
    return Panel((BASE_FROM_WORLD @ body.xpos)[:2], (BASE_FROM_WORLD @ body.xmat.reshape(3, 3)[:, 0])[:2])


def look_from(station: SwitchStation, distance_m: float) -> PlacedCamera:
    """Put the arm, its fingers closed, level before the green half; return the wrist camera."""
    panel, axle = true_panel(station), BASE_FROM_WORLD @ station.world.data.body("rocker").xpos
    inwards, down = np.append(-panel.normal, 0.0), np.array([0.0, 0.0, -1.0])
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([np.cross(down, inwards), down, inwards])
    pose[:3, 3] = panel.before(axle + np.array([0.0, 0.0, 0.015]), distance_m)
    joints = KINEMATICS.solve(pose, ARX5.home_position)
    station.robot.place(np.where(ARX5.is_gripper, 0.0, joints))
    return PlacedCamera(VIEWS["wrist"], pose)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_panel_is_found_from_behind(station: SwitchStation, seed: int) -> None:
    station.reset(seed)
    found, true = find_panel(station.look()["global"], GLOBAL), true_panel(station)
    assert found is not None
    np.testing.assert_allclose(found.front_m, true.front_m, atol=0.003)
    np.testing.assert_allclose(found.normal, true.normal, atol=0.03)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("off_m", [0.0, 0.002, 0.03, -0.03])
def test_the_green_half_is_found_though_the_panel_is_not_where_it_was_thought(
    station: SwitchStation, seed: int, off_m: float
) -> None:
    station.reset(seed)
    camera = look_from(station, 0.12)
    true = true_panel(station)
    wrong = Panel(true.front_m + off_m * true.normal, true.normal)
    green = find_green(station.look()["wrist"], camera, wrong, PROUD_M)
    assert green is not None and green.whole
    rocker = station.world.data.body("rocker")
    middle = BASE_FROM_WORLD @ (rocker.xpos + rocker.xmat.reshape(3, 3) @ [0.004, 0.0, 0.012])
    np.testing.assert_allclose(green.middle_m, middle, atol=0.007)


def test_what_the_fingers_hide_is_not_seen_whole(station: SwitchStation) -> None:
    station.reset(1)
    camera = look_from(station, 0.04)
    green = find_green(station.look()["wrist"], camera, true_panel(station), PROUD_M)
    assert green is None or not green.whole


def test_the_light_is_seen_when_it_is_on(station: SwitchStation) -> None:
    station.reset(1)
    look_from(station, 0.12)
    assert not sees_light(station.look()["wrist"])
    station.world.data.joint("rocker").qpos = 0.22
    station.world.step(100)
    assert sees_light(station.look()["wrist"])


def test_without_a_panel_nothing_is_found(station: SwitchStation) -> None:
    table = np.full((240, 320, 3), (147, 117, 90), np.uint8)
    assert find_panel(table, GLOBAL) is None
    assert find_green(table, GLOBAL, Panel(np.array([0.5, 0.0]), np.array([-1.0, 0.0])), PROUD_M) is None
    assert not sees_light(table)
