"""A bus of a leader's servos where something is missing; `test_dynamixel_leader.py` has the rest, with servos."""

import sys

import pytest

from ros_wam.clock import FakeClock
from ros_wam.errors import LeaderError
from ros_wam.teleop.leader_bus import LeaderBus


def test_a_library_that_is_not_installed_is_told_like_a_leader_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "dynamixel_sdk", None)
    bus = LeaderBus("/dev/none", {1: "XL330-M288"}, (), FakeClock())
    with pytest.raises(LeaderError, match=r"needs dynamixel_sdk: pip install '.\[aloha\]'"):
        bus.open()
    with pytest.raises(LeaderError, match="the servo bus /dev/none is not open"):
        bus.read()
