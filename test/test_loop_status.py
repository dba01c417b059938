"""What the control loop says of itself: at once when it changes, with the force that was met in between."""

import json
from dataclasses import replace

import numpy as np
import pytest
from control_rig import PERIOD_NS, Rig, started_rig
from motion_fixtures import SETTINGS

from ros_wam.active import active_as_json, read_active
from ros_wam.causes import Action, Cause
from ros_wam.errors import DriverUnreachable, SpecError
from ros_wam.ladder import SLOW_SHARE, Active
from ros_wam.motion.status import STATUS_PERIOD_NS, LoopStatus
from ros_wam.types import Mode


@pytest.fixture
def rig() -> Rig:
    return started_rig()


def test_something_is_said_ten_times_a_second_and_at_every_change(rig: Rig) -> None:
    status = LoopStatus(rig.loop)
    assert status.due(rig.now_ns)
    assert status.say(rig.now_ns)["mode"] == "HOLD"
    rig.run(1)
    assert not status.due(rig.now_ns)
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    assert status.due(rig.now_ns)
    rig.run(1)
    said = status.say(rig.now_ns)
    assert (said["mode"], said["cause"], said["action"]) == ("POLICY", "source_stale", "HOLD")
    assert [item["cause"] for item in said["active"]] == ["source_stale"]
    rig.run(STATUS_PERIOD_NS // PERIOD_NS)
    assert not status.due(rig.now_ns)
    rig.run(1)
    assert status.due(rig.now_ns)


def test_the_largest_force_since_the_last_word_is_told(rig: Rig) -> None:
    status = LoopStatus(rig.loop)
    (record,) = rig.run(1)
    assert record.state is not None
    for force_n in (3.0, 40.0, 7.0):
        status.take(replace(record, state=replace(record.state, tool_force_n=np.array([force_n]))))
    assert status.say(rig.now_ns)["tool_force_n"] == [40.0]
    status.take(replace(record, state=replace(record.state, tool_force_n=np.array([7.0]))))
    status.take(replace(record, state=None))
    assert status.say(rig.now_ns)["tool_force_n"] == [7.0]
    assert status.say(rig.now_ns)["tool_force_n"] == [], "nothing was measured since"


def test_the_speed_at_which_chunks_are_followed_is_told_at_once(rig: Rig) -> None:
    status = LoopStatus(rig.loop)
    assert status.say(rig.now_ns)["speed"] == 1.0
    rig.run(1)
    rig.loop.active = (Active(Cause.LAGGING, rig.now_ns, Action.SLOW),)
    rig.loop._prepare(rig.now_ns)
    rig.loop.active = ()
    assert status.due(rig.now_ns)
    assert status.say(rig.now_ns)["speed"] == rig.loop._source.buffer._path_time.share == SLOW_SHARE
    assert started_rig(settings=replace(SETTINGS, speed_override=0.5)).loop.speed == 0.5


def test_what_acts_comes_back_as_it_was() -> None:
    acting = (Active(Cause.PROTECTIVE_STOP, 7, Action.STOP), Active(Cause.LAGGING, 5, Action.SLOW))
    assert read_active(json.dumps(active_as_json(acting))) == acting
    assert read_active("") == ()


@pytest.mark.parametrize("text", ["{", "[1]", '[{"cause": "bad luck", "action": "HOLD", "since_ns": 1}]', "{}x"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="must be a list of cause, action and since_ns"):
        read_active(text)


def test_what_the_driver_tells_is_passed_on_and_nothing_while_it_is_not_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = started_rig()
    assert rig.loop.facts()["safety_mode"] == "normal"

    def unconnected() -> dict[str, str]:
        raise DriverUnreachable("not connected")

    monkeypatch.setattr(rig.robot, "facts", unconnected)
    assert rig.loop.facts() == {}
