"""The table of topics: what is expected is what is published."""

from pathlib import Path

import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.topics import recorded_stride, topic_table

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("control_hz", "stride"), [(100.0, 1), (125.0, 1), (200.0, 2), (500.0, 4)])
def test_joint_states_are_expected_as_often_as_ticks_are_told(control_hz: float, stride: int) -> None:
    assert recorded_stride(control_hz) == stride
    topics = topic_table({}, control_hz)
    assert topics["joint_states"].rate_hz == topics["joint_commands"].rate_hz == control_hz / stride


@pytest.mark.parametrize("robot", ["ur5", "ur5e", "franka", "arx5", "arx5_x5", "aloha"])
def test_every_robot_is_told_of_often_enough_to_learn_from(robot: str) -> None:
    rate_hz = topic_table({}, load_embodiment(ROOT / f"robots/{robot}.yaml").control_rate_hz)["joint_states"].rate_hz
    assert rate_hz is not None
    assert 100.0 <= rate_hz <= 125.0
