"""Emulated leaders drive simulated robots through the whole line, under a clock that only the test moves."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from motion_fixtures import chunk_of, ramp
from teleop_rig import TASKS, TeleopRig

from ros_wam.causes import Cause
from ros_wam.teleop.session import Phase
from ros_wam.types import Mode

pytestmark = [pytest.mark.slow, pytest.mark.virtual]
WITHIN_100_MS = 10
"""Ticks of ALOHA's control."""


@pytest.fixture
def aloha(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TeleopRig]:
    rig = TeleopRig("aloha", tmp_path, monkeypatch)
    yield rig
    rig.close()


@pytest.mark.parametrize("robot", TASKS)
def test_a_leader_leads_its_robot_once_it_was_where_the_robot_is(
    robot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = TeleopRig(robot, tmp_path, monkeypatch)
    first = rig.embodiment.joint_names[0]
    rig.lead({first: 0.5}, 0.0)
    rig.loop.set_mode(Mode.TELEOP, rig.clock.now_ns())
    assert rig.away(rig.run(200)) < 1e-9
    assert {step.phase for step in rig.steps[-190:]} == {Phase.ALIGNING}
    assert rig.steps[-1].detail == f"turn {first} of the leader by -0.50 rad (-29°)"
    rig.lead({first: -0.5}, 1.0)
    rig.run(400)
    assert rig.steps[-1].phase is Phase.FOLLOWING
    start = rig.position
    rig.lead({first: 0.3}, 2.0)
    rig.run(800)
    assert rig.position[0] - start[0] == pytest.approx(0.3, abs=0.01)
    assert rig.refusals == []
    rig.close()


def test_both_arms_and_grippers_follow_within_the_lag_that_is_told(aloha: TeleopRig) -> None:
    aloha.following()
    aloha.lead({"left_joint1": 0.3, "right_joint6": -0.4, "left_gripper": -0.8}, 2.0)
    begun = len(aloha.steps)
    aloha.run(200)
    steps = aloha.steps[begun:]
    lags_s = [step.lag_s for step in steps if step.lag_s is not None]
    assert 0.05 < np.median(lags_s) < 0.15
    assert 0.02 < max(step.lag_rad or 0.0 for step in steps) < 0.06
    aloha.run(100)
    goal = aloha.leader.hand.position()
    np.testing.assert_allclose(aloha.position, goal, atol=0.03)
    assert aloha.steps[-1].lag_rad is not None and aloha.steps[-1].lag_rad < 0.02
    assert aloha.refusals == []


@pytest.mark.parametrize(("turn", "takes_s", "over"), [(0.5, 1.0, 0.03), (0.7, 0.2, 0.06)])
def test_a_quick_leader_is_followed_without_a_refusal_and_stopped_at(
    aloha: TeleopRig, turn: float, takes_s: float, over: float
) -> None:
    aloha.faster = 9
    aloha.following()
    for by in (turn, -turn):
        start = aloha.position[0]
        aloha.lead({"left_joint1": by}, takes_s)
        records = aloha.run(250)
        measured = np.array([record.state.position[0] for record in records if record.state is not None])
        assert np.abs(measured - start).max() < turn + over
        assert measured[-1] == pytest.approx(start + by, abs=0.005)
        assert {record.verdict.cause for record in records} == {None}
    assert aloha.refusals == []


@pytest.mark.parametrize("triggers", [True, False], ids=["trigger", "key"])
def test_releasing_hold_to_run_holds_within_100_ms(
    triggers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aloha = TeleopRig("aloha", tmp_path, monkeypatch, triggers)
    aloha.following()
    aloha.lead({"left_joint1": 0.5}, 1.0)
    assert aloha.run(50)[-1].verdict.cause is None
    if triggers:
        aloha.leader.hand.holds = False
    else:
        aloha.keys.clear()
    records = aloha.run(60)
    assert all(record.verdict.cause is not None for record in records[WITHIN_100_MS:])
    assert aloha.loop.cause is Cause.ENABLE_LOST
    assert aloha.steps[-1].phase is Phase.RELEASED
    assert aloha.away(records[30:]) < 1e-9
    aloha.close()


def test_a_leader_that_is_unplugged_holds_with_its_cause_and_its_port(aloha: TeleopRig) -> None:
    aloha.following()
    aloha.lead({"left_joint1": 0.5}, 1.0)
    aloha.run(50)
    aloha.leader.inject("leader_unplugged")
    records = aloha.run(60)
    assert all(record.verdict.cause is not None for record in records[WITHIN_100_MS:])
    assert aloha.loop.cause is Cause.LEADER_LOST
    assert aloha.steps[-1].phase is Phase.LOST
    assert "ttyDXL_leader_left" in aloha.steps[-1].detail
    at = aloha.position
    aloha.leader.clear()
    aloha.run(150)
    assert aloha.steps[-1].phase is Phase.ALIGNING  # the hand has gone on meanwhile
    np.testing.assert_allclose(aloha.position, at, atol=0.01)


def test_a_silent_servo_is_named_and_holds(aloha: TeleopRig) -> None:
    aloha.following()
    aloha.leader.inject("leader_servo_silent")
    aloha.run(40)
    assert aloha.steps[-1].phase is Phase.LOST
    assert "servo 4 of" in aloha.steps[-1].detail
    assert aloha.loop.cause is Cause.LEADER_LOST


def test_taking_over_and_handing_back_take_one_period(aloha: TeleopRig) -> None:
    loop, clock = aloha.loop, aloha.clock
    loop.set_mode(Mode.POLICY, clock.now_ns())
    far = aloha.position + np.where(aloha.embodiment.is_gripper, 0.0, 0.3 * np.eye(14)[0])
    loop.accept(chunk_of(ramp(aloha.position, far, 60), clock.now_ns()), clock.now_ns())
    driven = aloha.run(60)
    assert driven[-1].verdict.cause is None and aloha.away(driven) > 0.05
    loop.set_mode(Mode.TELEOP, clock.now_ns())
    taken = aloha.run(1)[0]
    assert taken.mode is Mode.TELEOP
    assert taken.target is None and taken.verdict.cause is Cause.LEADER_LOST
    aloha.run(60)
    turned = aloha.position[0] - aloha.leader.hand.position()[0]
    aloha.lead({"left_joint1": turned}, 0.3)
    aloha.run(120)
    assert aloha.steps[-1].phase is Phase.FOLLOWING
    aloha.lead({"left_joint2": 0.15}, 1.0)
    led = aloha.run(200)
    assert led[-1].target is not None and led[-1].target.provenance.inference_id == -1
    loop.set_mode(Mode.POLICY, clock.now_ns())
    start = aloha.position
    back = aloha.run(1)[0]
    assert back.mode is Mode.POLICY and back.target is None
    assert aloha.steps[-1].phase is Phase.ELSEWHERE
    loop.accept(chunk_of(ramp(start, start + 0.1 * np.eye(14)[0], 30), clock.now_ns(), number=2), clock.now_ns())
    followed = aloha.run(20)[-1]
    assert followed.target is not None and followed.target.provenance.chunk_id == 2
    assert followed.verdict.cause is None
