"""The control loop runs through once before there is a robot."""

import pytest
from motion_fixtures import robot, site

from ros_wam.motion.rehearsal import DT_S, HOMING_S, ROWS, rehearse


@pytest.mark.parametrize("name", ["ur5", "ur5e", "franka", "arx5", "arx5_x5", "aloha"])
def test_a_motion_is_followed_to_its_end_and_the_way_home_to_its(name: str) -> None:
    embodiment = robot(name)
    followed, homing = rehearse(embodiment, site())
    assert (ROWS - 1) * DT_S < followed * embodiment.period_s < 2.0 * ROWS * DT_S - 0.1
    assert 0.0 < homing * embodiment.period_s < HOMING_S
