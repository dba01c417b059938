"""The control loop runs through once before there is a robot."""

import pytest
from motion_fixtures import robot, site

from ros_wam.motion.rehearsal import DT_S, ROWS, rehearse


@pytest.mark.parametrize("name", ["ur5", "ur5e"])
def test_a_motion_is_followed_to_its_end(name: str) -> None:
    embodiment = robot(name)
    followed, home = rehearse(embodiment, site())
    followed_s = followed * embodiment.period_s
    assert home
    assert (ROWS - 1) * DT_S < followed_s < 2.0 * ROWS * DT_S - 0.1
