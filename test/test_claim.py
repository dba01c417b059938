"""Claims are exclusive on this machine, and given back."""

from pathlib import Path

import pytest

from ros_wam.claim import claim, claim_robot
from ros_wam.errors import ConfigError


def test_a_value_is_somebodys_until_it_is_given_back() -> None:
    first = claim("test", ["7", "8"])
    second = claim("test", ["7", "8"])
    try:
        assert (first.value, second.value) == ("7", "8")
        with pytest.raises(ConfigError, match="no test is free"):
            claim("test", ["7", "8"])
        first.close()
        first.close()
        again = claim("test", ["7", "8"])
        assert again.value == "7"
        again.close()
    finally:
        first.close()
        second.close()


def test_a_device_is_the_same_by_each_of_its_names(tmp_path: Path) -> None:
    device, name = tmp_path / ("tty" + 80 * "_"), tmp_path / "left_arm"
    device.touch()
    name.symlink_to(device)
    mine = list(claim_robot({"ports": {"left": str(device), "right": f"{device}2"}}))
    assert len(mine) == 2
    with pytest.raises(ConfigError, match=r"has the robot at .*left_arm"):
        list(claim_robot({"ports": {"left": str(name)}}))
    for each in mine:
        each.close()
    assert list(claim_robot({})) == []
