"""The control loop with a robot that follows perfectly, under a clock that only the test moves."""

import numpy as np
import pytest
from control_rig import ARM, HOME, TICKS_PER_S, UR5, Rig, away, started_rig
from motion_fixtures import chunk_of, ramp

from ros_wam.causes import Cause, RefusalReason
from ros_wam.errors import ChunkRefused
from ros_wam.types import FloatArray, Mode


@pytest.fixture
def rig() -> Rig:
    return started_rig()


@pytest.fixture
def policy(rig: Rig) -> Rig:
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    return rig


def test_it_holds_the_measured_position_until_it_is_told_to_move(rig: Rig) -> None:
    records = rig.run(10)
    assert rig.loop.mode is Mode.HOLD
    assert [record.sequence for record in records] == list(range(3, 13))
    for record in records:
        np.testing.assert_array_equal(record.sent.position, HOME)
        assert record.target is None
        assert record.verdict.cause is Cause.SOURCE_STALE
        assert record.verdict.interventions == ()
    assert rig.loop.cause is None
    assert rig.loop.at_rest


def test_a_chunk_is_followed_to_rest_at_its_last_row(policy: Rig) -> None:
    policy.follow(ramp(HOME, away(0, 0.2)))
    records = policy.run(2 * TICKS_PER_S)
    np.testing.assert_allclose(policy.robot.position, away(0, 0.2), atol=2e-3)
    followed = [record for record in records if record.target is not None]
    assert followed[0].target is not None
    assert followed[0].target.provenance.index == 0
    assert followed[0].verdict.cause is None
    assert followed[-1].target is not None
    assert followed[-1].target.provenance.index == 29
    assert policy.loop.mode is Mode.POLICY
    assert policy.loop.cause is Cause.SOURCE_STALE


def test_a_late_first_chunk_is_reanchored_and_starts_at_its_first_row(policy: Rig) -> None:
    observed_ns = policy.now_ns
    policy.run(3 * TICKS_PER_S)
    followed = policy.loop.accept(chunk_of(ramp(HOME, away(0, 0.2)), observed_ns), policy.now_ns)
    assert followed.reanchored
    assert followed.t0_ns == policy.now_ns
    assert followed.observation_stamp_ns == observed_ns
    record = policy.run(1)[0]
    assert record.target is not None
    assert record.target.provenance.index == 0
    assert record.target.provenance.reanchored


def test_while_moving_past_rows_are_dropped_and_a_chunk_that_is_over_is_refused(policy: Rig) -> None:
    policy.follow(ramp(HOME, away(0, 0.2)))
    policy.run(TICKS_PER_S // 2)
    observed_ns = policy.now_ns
    rows = ramp(policy.robot.position, away(0, 0.3))
    policy.run(TICKS_PER_S // 5)
    followed = policy.loop.accept(chunk_of(rows, observed_ns, number=2), policy.now_ns)
    assert not followed.reanchored
    record = policy.run(1)[0]
    assert record.target is not None
    assert record.target.provenance.index == 6
    with pytest.raises(ChunkRefused, match="last row was due"):
        policy.loop.accept(chunk_of(rows, policy.now_ns - 10**9, number=3, observation_ns=observed_ns), policy.now_ns)


def test_a_slow_policy_degrades_to_stop_and_go_within_every_limit(policy: Rig) -> None:
    positions = [policy.robot.position]
    starts = []
    for k in range(5):
        observed_ns = policy.now_ns
        rows = ramp(policy.robot.position, away(0, 0.1 * (k + 1)), rows=15)
        positions += [record.sent.position for record in policy.run(TICKS_PER_S)]  # the policy takes a second
        followed = policy.loop.accept(chunk_of(rows, observed_ns, number=k), policy.now_ns)
        starts.append(followed.reanchored)
        positions += [record.sent.position for record in policy.run(TICKS_PER_S * 3 // 2)]
    assert all(starts)
    velocity = np.diff(np.array(positions), axis=0) / UR5.period_s
    acceleration = np.diff(velocity, axis=0) / UR5.period_s
    jerk = np.diff(acceleration, axis=0) / UR5.period_s
    assert (np.abs(velocity) <= UR5.velocity + 1e-9).all()
    assert (np.abs(acceleration[:, ARM]) <= UR5.acceleration[ARM] + 1e-6).all()
    assert (np.abs(jerk[:, ARM]) <= UR5.jerk[ARM] + 1e-3).all()
    np.testing.assert_allclose(policy.robot.position, away(0, 0.5), atol=3e-3)


def test_chunks_are_refused_with_a_reason(rig: Rig) -> None:
    def reason(rows: FloatArray, number: int = 1, observation_ns: int | None = None) -> RefusalReason:
        chunk = chunk_of(rows, rig.now_ns, number=number, observation_ns=observation_ns)
        with pytest.raises(ChunkRefused) as caught:
            rig.loop.accept(chunk, rig.now_ns)
        return caught.value.reason

    assert reason(ramp(HOME, HOME)) is RefusalReason.WRONG_MODE
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    assert reason(ramp(HOME, HOME)[:, :6]) is RefusalReason.WRONG_SHAPE
    assert reason(ramp(HOME, HOME)[:1]) is RefusalReason.WRONG_SHAPE
    assert reason(ramp(away(3, 0.2), HOME)) is RefusalReason.START_DISTANCE
    rig.follow(ramp(HOME, HOME))
    assert reason(ramp(HOME, HOME), 0, rig.now_ns - 1) is RefusalReason.EXPIRED
    assert reason(ramp(HOME, HOME), 2, rig.now_ns + 1) is RefusalReason.EXPIRED  # it would count as seen at rest


def test_a_gripper_is_exempt_from_the_start_distance(policy: Rig) -> None:
    policy.follow(ramp(away(6, -1.0), away(6, -1.0)))
    policy.run(TICKS_PER_S)
    assert policy.robot.position[6] == pytest.approx(0.0)
