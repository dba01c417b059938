"""What a station file may say of a leader, and what is told of one that says something else."""

from pathlib import Path
from typing import Any

import pytest
from emulated_leader import LEADERS, of_robot

from ros_wam.clock import FakeClock
from ros_wam.config import build
from ros_wam.errors import ConfigError
from ros_wam.teleop import make_device
from ros_wam.teleop.leader_settings import LeaderSettings

GRIPPER = {"id": 3, "model": "XL330-M077", "open_rad": 0.5, "closed_rad": 0.0}
ARM = {
    "port": "/dev/gello",
    "ids": [1, 2],
    "models": ["XL330-M288", "XL330-M288"],
    "signs": [1, -1],
    "offsets_rad": [0.0, 1.0],
    "gripper": GRIPPER,
}


def settings(arm: dict[str, Any] | None = None, **others: Any) -> LeaderSettings:
    return build({"arms": {"arm": ARM | (arm or {})}} | others, LeaderSettings, "leader gello")


def test_a_leader_has_an_id_a_sign_and_an_offset_for_each_joint() -> None:
    assert settings().arms["arm"].numbers == (1, 2, 3)
    assert settings().hold_opening is None


@pytest.mark.parametrize(
    ("arm", "text"),
    [
        ({"signs": [1]}, "signs has 1 values for 2 ids"),
        ({"signs": [1, 0]}, r"signs \[1, 0\] must each be one of -1, 1"),
        ({"models": ["XL330-M288", "MX-28"]}, "model 'MX-28' of servo 2 is not known; known: XM430-W350, "),
        ({"ids": [1, 1]}, r"ids \[1, 1, 3\] name a servo twice"),
        ({"ids": [1, 253]}, "id is 253, must be 0 to 252"),
        ({"others": [3]}, "name a servo twice"),
        ({"gripper": GRIPPER | {"open_rad": 0.05}}, "open_rad 0.05 and closed_rad 0.0 must differ by 0.1 rad"),
    ],
)
def test_what_is_wrong_with_an_arm_is_named(arm: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        settings(arm)


def test_what_is_wrong_with_a_leader_is_named() -> None:
    with pytest.raises(ConfigError, match=r"hold_opening is 0.2, must be 0.5 to 0.98"):
        settings(hold_opening=0.2)
    with pytest.raises(ConfigError, match=r"latency_s is 2.0, must be 0 to 1 s"):
        settings(latency_s=2.0)
    with pytest.raises(ConfigError, match="two arms on /dev/gello have a servo with the same ID"):
        build({"arms": {"left": ARM, "right": ARM}}, LeaderSettings, "leader gello")


@pytest.mark.parametrize("robot", LEADERS)
def test_the_leaders_of_the_simulated_stations_fit_their_robots_and_no_other(robot: str, tmp_path: Path) -> None:
    embodiment, station = of_robot(robot, tmp_path)
    make_device(LEADERS[robot], station, embodiment, tmp_path, FakeClock())
    other, _ = of_robot("franka" if robot != "franka" else "ur5", tmp_path)
    with pytest.raises(ConfigError, match=f"leader {LEADERS[robot]}: "):
        make_device(LEADERS[robot], station, other, tmp_path, FakeClock())
