"""A leader leads a robot only while it is held, and from where the robot is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_rig import HOME, PERIOD_NS, UR5, SessionRig, away

from ros_wam.errors import SpecError
from ros_wam.teleop.device import Button, Jog, Reading
from ros_wam.teleop.session import Phase
from ros_wam.types import FloatArray, Mode


def test_nothing_is_sent_in_another_mode() -> None:
    rig = SessionRig()
    for mode, text in ((Mode.POLICY, "mode is POLICY"), (None, "the robot's mode is not known")):
        rig.mode = mode
        step = rig.step(50)
        assert (step.command, step.enabled, step.phase, step.detail) == (None, False, Phase.ELSEWHERE, text)
    lost = rig.session.step(None, None, Mode.POLICY, rig.now_ns, "the port is gone")
    assert (lost.phase, lost.detail) == (Phase.ELSEWHERE, "mode is POLICY; the port is gone")


def test_nothing_is_sent_until_the_leader_has_been_where_the_robot_is_for_a_while() -> None:
    rig = SessionRig()
    rig.leader = away(2, -0.5)
    step = rig.step(100)
    assert (step.command, step.enabled, step.phase) == (None, False, Phase.ALIGNING)
    assert step.detail == "turn joint3 of the leader by +0.50 rad (+29°)"
    assert step.lag_rad == pytest.approx(0.5)
    rig.leader = away(2, -0.15)
    step = rig.step(25)
    assert step.phase is Phase.ALIGNING
    assert step.detail == "aligned: hold still for 0.0 s"
    rig.leader = away(2, -0.3)  # it only came past
    rig.step()
    rig.leader = away(2, -0.15)
    assert rig.step(25).phase is Phase.ALIGNING
    step = rig.step()
    assert (step.phase, step.enabled) == (Phase.FOLLOWING, True)
    assert step.command is not None
    np.testing.assert_allclose(step.command.position, HOME, atol=0.03)


def test_the_gripper_is_aligned_too_but_what_is_held_stays_held() -> None:
    rig = SessionRig()
    rig.position = away(6, -0.6)
    rig.leader = away(6, -0.1)
    assert rig.step(50).detail == "close gripper of the leader by 0.50 of its stroke"
    rig.leader = away(6, -1.0)
    assert rig.step(50).detail == "open gripper of the leader by 0.40 of its stroke"
    rig.effort = -20.0  # there is something between the fingers
    step = rig.step(30)
    assert step.command is not None
    assert step.command.position[6] == 0.0


def test_releasing_ends_it_at_once_and_a_leader_that_has_gone_on_is_aligned_anew() -> None:
    rig = SessionRig().following()
    step = rig.step(held=False)
    assert (step.command, step.enabled, step.phase, step.detail) == (None, False, Phase.RELEASED, "hold to move")
    assert rig.step(held=None).phase is Phase.RELEASED
    rig.leader = away(0, 0.4)
    assert rig.step(100).phase is Phase.ALIGNING
    np.testing.assert_array_equal(rig.position, HOME)


def test_a_leader_that_is_lost_is_told_with_its_cause_and_aligned_anew() -> None:
    rig = SessionRig().following()
    rig.now_ns += PERIOD_NS
    step = rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns, "the servo bus /dev/x is gone")
    assert (step.command, step.phase, step.detail) == (None, Phase.LOST, "the servo bus /dev/x is gone")
    assert step.enabled  # so that control tells of the leader and not of enable
    rig.now_ns += 200_000_000
    assert not rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns).enabled
    assert rig.step().phase is Phase.ALIGNING
    assert not rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns).enabled


def test_hold_that_was_released_before_the_leader_was_lost_stays_released() -> None:
    rig = SessionRig().following()
    rig.step(held=False)
    assert not rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns).enabled


def test_what_is_old_leads_nothing() -> None:
    rig = SessionRig().following()
    reading = Reading(rig.now_ns, joints=HOME, held=True)
    state = rig.state()
    late = rig.session.step(reading, state, Mode.TELEOP, rig.now_ns + 80_000_001)
    assert (late.phase, late.command) == (Phase.LOST, None)
    assert late.detail == "the newest state of the leader is 0.08 s old, at most 0.08 s"
    fresh = replace(reading, stamp_ns=rig.now_ns + 201_000_000)
    assert rig.session.step(fresh, state, Mode.TELEOP, fresh.stamp_ns).detail.startswith(
        "the newest state of the robot"
    )
    assert rig.session.step(fresh, None, Mode.TELEOP, fresh.stamp_ns).detail == "no state of the robot"


def test_a_leader_that_went_on_while_nothing_was_sent_is_aligned_anew() -> None:
    rig = SessionRig().following()
    rig.leader = away(0, 0.4)
    rig.now_ns += 200_000_000
    step = rig.step()
    assert (step.command, step.enabled, step.phase) == (None, False, Phase.ALIGNING)
    assert step.detail == "turn joint1 of the leader by -0.40 rad (-23°)"
    rig = SessionRig().following()
    rig.now_ns += 180_000_000  # no more than that is a hiccup
    assert rig.step().phase is Phase.FOLLOWING


def test_the_target_goes_after_the_leader_no_faster_than_the_speed_scale_and_stops_there() -> None:
    rig = SessionRig().following()
    rig.leader = away(0, 0.5)
    assert rig.step(pressed=(Button.SLOWER,) * 9).speed == 0.1
    way = [rig.position[0] for _ in range(20) if rig.step()]
    assert np.diff(way).max() == pytest.approx(0.1 * 2.0 * 0.02)
    assert rig.step(pressed=(Button.FASTER,) * 9).speed == 1.0
    rates = [0.28]
    while rig.position[0] < HOME[0] + 0.4999:
        before = rig.position[0]
        rig.step()
        rates.append((rig.position[0] - before) / 0.02)
    assert 1.0 < max(rates) <= 2.0
    assert np.abs(np.diff(rates)).max() <= 0.5 * 8.0 * 0.02 + 1e-9
    assert rates[-1] < 0.15
    rig.step(20)
    np.testing.assert_allclose(rig.position, rig.leader, atol=1e-6)


def test_a_clutched_leader_moves_alone_and_leads_from_where_it_is_then() -> None:
    rig = SessionRig().following()
    rig.leader = away(1, 0.6)
    step = rig.step(20, clutch=True)
    assert (step.phase, step.enabled) == (Phase.CLUTCHED, True)
    np.testing.assert_array_equal(rig.position, HOME)
    rig.step(20)
    np.testing.assert_allclose(rig.position, HOME, atol=1e-9)
    rig.leader = away(1, 0.7)
    rig.step(20)
    np.testing.assert_allclose(rig.position, away(1, 0.1), atol=1e-9)
    rig.step(held=False)
    assert rig.step(40).phase is Phase.FOLLOWING  # neither has moved since
    rig.step(held=False)
    rig.leader = away(1, 1.5)
    assert rig.step(40).detail == "turn joint2 of the leader by -1.40 rad (-80°)"  # from the truth: the clutch is over


def test_a_robot_that_does_not_follow_is_not_led_away_from_and_is_aligned_anew() -> None:
    rig = SessionRig().following()
    rig.follows = False
    rig.leader = away(0, 0.5)
    step = rig.step(100)
    assert step.command is not None
    assert step.command.position[0] - HOME[0] == pytest.approx(0.75 * UR5.start_distance_rad)
    rig.leader = away(0, 0.9)
    step = rig.step()
    assert (step.phase, step.command) == (Phase.ALIGNING, None)
    assert step.detail == "the leader is 0.90 rad ahead of the robot in joint1, at most 0.8 rad"
    rig = SessionRig().following()
    rig.position = away(0, 0.2)  # by something else
    assert rig.step().detail == "the robot is 0.20 rad from where it is led to in joint1, at most 0.15 rad"


def test_a_joint_stops_at_its_limit_and_the_others_go_on() -> None:
    rig = SessionRig()
    rig.position = rig.leader = away(5, UR5.upper[5] - 0.05 - HOME[5])
    rig.following()
    rig.leader = rig.leader + np.array([0.1, 0, 0, 0, 0, 0.3, 0])
    step = rig.step(60)
    assert rig.position[5] == UR5.upper[5]
    assert rig.position[0] == pytest.approx(HOME[0] + 0.1)
    assert step.detail == "joint6 is at its limit, the leader 0.25 rad beyond it"


def test_a_device_that_does_not_fit_the_robot_is_an_error() -> None:
    for jogs, text in (
        ({"left": Jog()}, "jog of arm 'left'; ur5 has: arm"),
        ({"arm": Jog(np.zeros(3))}, "must be 6 numbers"),
        ({"arm": Jog(joint_velocity=np.full(6, np.nan))}, "joint_velocity"),
        ({"arm": Jog(gripper=np.nan)}, "jog of arm: gripper is nan, must be a number"),
    ):
        rig = SessionRig()
        rig.jogs = jogs
        with pytest.raises(SpecError, match=text):
            rig.step(2)
    for joints in (HOME[:6], HOME * np.nan):
        rig = SessionRig()
        rig.leader = joints
        with pytest.raises(SpecError, match=r"joints of the leader are .* must be 7 numbers for ur5"):
            rig.step()


def test_lag_is_told_in_radians_and_in_time() -> None:
    rig = SessionRig().following()
    rig.follows = False
    rig.step(pressed=(Button.FASTER,) * 9)
    asked: list[FloatArray] = []
    lags = []
    for k in range(200):
        rig.leader = away(0, 0.1 * np.sin(k * 0.08))
        asked.append(rig.leader)
        rig.position = asked[max(k - 4, 0)]  # 80 ms later
        lags.append(rig.step())
    assert lags[10].lag_s is None  # it has not seen enough
    assert lags[-1].lag_s == pytest.approx(0.1, abs=0.03)
    assert 0.0 < max(lag.lag_rad or 0.0 for lag in lags) < 0.05


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("hhrlcmgg"), st.integers(0, 6), st.floats(-1.0, 1.0)), max_size=40))
def test_whatever_happens_it_is_sent_only_while_held_and_never_farther_than_its_speed_allows(
    events: list[tuple[str, int, float]],
) -> None:
    """The hand goes to the robot (g) or off (h), hold is released, the leader lost or clutched, or the mode left."""
    rig = SessionRig()
    last: FloatArray | None = None
    aligned, was_clutched = 0, False
    for event, joint, value in events:
        mode = Mode.POLICY if event == "m" else Mode.TELEOP
        if event == "g":
            rig.leader = rig.position
        elif event == "h":
            rig.leader = away(joint, value, rig.position)
        held, rig.mode = event != "r", mode
        for _ in range(30 if event == "g" else 8):
            before = rig.position
            if event == "l":
                rig.now_ns += PERIOD_NS
                step = rig.session.step(None, rig.state(), mode, rig.now_ns)
            else:
                step = rig.step(held=held, clutch=event == "c")
            assert rig.leader is not None
            near = was_clutched or np.abs(rig.leader - before)[:6].max() <= 0.2 + 1e-12
            if step.command is None:
                aligned = aligned + 1 if near and held and event not in "lm" else 0
                last = None
                assert not step.enabled or step.phase is Phase.LOST
                continue
            assert held and mode is Mode.TELEOP and event != "l" and step.enabled
            if last is None:
                last = before
                assert aligned >= 25  # half a second before it began
            was_clutched = was_clutched or step.phase is Phase.CLUTCHED
            speed = 0.0 if step.phase is Phase.CLUTCHED else step.speed
            bound = UR5.velocity * 0.02 * np.where(UR5.is_gripper, float(speed > 0.0), speed) + 1e-9
            assert (np.abs(step.command.position - last) <= bound).all()
            last = step.command.position
