"""The gate's door: closed by default, closed by whatever is missing for longer than it may, opened only from rest."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from gate_bench import ARM, FOREVER_NS, HOME, KINEMATICS, PERIOD_NS, STEP, UR5, Bench, away
from motion_fixtures import START_NS, robot, state_at

from ros_wam.causes import Action, Cause, Limit
from ros_wam.errors import SpecError
from ros_wam.ladder import LADDER
from ros_wam.motion.safety import REST_RAD_S, SafetyGate
from ros_wam.types import Command

DELAY_NS = {cause: rung.delay_ns(UR5.period_s) for cause, rung in LADDER.items()}


def new_bench() -> Bench:
    return Bench(SafetyGate(UR5, KINEMATICS))


def test_the_first_command_is_the_measured_position_whatever_is_asked() -> None:
    bench = new_bench()
    assert bench.gate.position is None and not bench.gate.velocity.any() and bench.gate.closing == {}
    assert bench.gate.at_rest and bench.gate.may_open
    verdict = bench.ask(HOME + 1.0)
    np.testing.assert_array_equal(verdict.command.position, HOME)
    assert (verdict.cause, verdict.command.stamp_ns, bench.gate.closing) == (None, bench.now_ns, {})
    assert bench.gate.at_rest and bench.gate.may_open


def test_the_first_command_clamps_a_gripper_and_nothing_else() -> None:
    bench = new_bench()
    bench.measured = np.append(HOME[:6] + 9.0, 1.2)
    np.testing.assert_array_equal(bench.ask(HOME).command.position, np.append(HOME[:6] + 9.0, 1.0))
    bench.gate.reseed()
    bench.measured = np.append(HOME[:6], -0.1)
    np.testing.assert_array_equal(bench.ask(HOME).command.position, np.append(HOME[:6], 0.0))


@pytest.mark.parametrize("state_age_ns", [None, DELAY_NS[Cause.STATE_STALE]])
def test_without_a_fresh_state_there_is_no_command(state_age_ns: int | None) -> None:
    bench = new_bench()
    verdict = bench.ask(HOME, state_age_ns=state_age_ns)
    assert verdict.cause is Cause.STATE_STALE
    assert verdict.command.stamp_ns == bench.now_ns
    assert verdict.command.position.shape == (7,) and np.isnan(verdict.command.position).all()
    assert bench.gate.position is None
    with pytest.raises(SpecError, match=r"^safety gate: nothing was given yet$"):
        bench.gate._given()


def test_the_first_command_tells_what_closes_the_gate() -> None:
    bench = new_bench()
    bench.enabled = False
    assert bench.ask(HOME, source_until_ns=None).cause is Cause.ENABLE_LOST
    assert bench.gate.closing.keys() == {Cause.ENABLE_LOST, Cause.SOURCE_STALE}


def test_after_a_reseed_the_measured_position_is_given_at_rest_once_there_is_one() -> None:
    bench = Bench.at().moving()
    bench.gate.reseed()
    bench.measured = away(0, 0.2)
    verdict = bench.ask(HOME, state_age_ns=None)  # the state before is still fresh, but no measurement of now
    assert verdict.cause is Cause.STATE_STALE and np.isnan(verdict.command.position).all()
    np.testing.assert_array_equal(bench.ask(HOME).command.position, bench.measured)
    assert not bench.gate.velocity.any()
    assert bench.gate.may_open


def close_state(bench: Bench, lasted_ns: int) -> Cause | None:
    return bench.ask(bench.given, state_age_ns=lasted_ns).cause


def close_enable(bench: Bench, lasted_ns: int) -> Cause | None:
    bench.enabled = False
    bench.gate.enable(bench.now_ns + PERIOD_NS - lasted_ns)
    return bench.ask(bench.given).cause


def close_source(bench: Bench, lasted_ns: int) -> Cause | None:
    return bench.ask(bench.given, source_until_ns=bench.now_ns + PERIOD_NS - lasted_ns).cause


def close_leader(bench: Bench, lasted_ns: int) -> Cause | None:
    until_ns = bench.now_ns + PERIOD_NS - lasted_ns + DELAY_NS[Cause.LEADER_LOST]
    return bench.ask(bench.given, source_until_ns=until_ns, source_lost=Cause.LEADER_LOST).cause


def close_force(bench: Bench, lasted_ns: int) -> Cause | None:
    bench.force_n = 100.1
    bench.now_ns -= PERIOD_NS
    bench.ask(bench.given)
    bench.now_ns += lasted_ns - PERIOD_NS
    return bench.ask(bench.given).cause


@pytest.mark.parametrize(
    ("close", "cause"),
    [
        (close_state, Cause.STATE_STALE),
        (close_enable, Cause.ENABLE_LOST),
        (close_source, Cause.SOURCE_STALE),
        (close_leader, Cause.LEADER_LOST),
        (close_force, Cause.CONTACT_FORCE),
    ],
)
@pytest.mark.parametrize("more_ns", [-1, 0, 1])
def test_each_input_may_be_missing_for_its_delay_and_no_nanosecond_longer(
    close: Callable[[Bench, int], Cause | None], cause: Cause, more_ns: int
) -> None:
    bench = Bench.at()
    lasted_ns = DELAY_NS[cause] + more_ns
    assert close(bench, lasted_ns) is (None if more_ns < 0 else cause)
    assert bench.gate.closing == ({} if more_ns < 0 else {cause: bench.now_ns - lasted_ns})


def test_at_what_rate_a_robot_is_controlled_decides_how_old_its_state_may_be() -> None:
    assert DELAY_NS[Cause.STATE_STALE] == 32_000_000
    gate = SafetyGate(robot("ur5e"), KINEMATICS)
    assert gate._delay_ns[Cause.STATE_STALE] == 8_000_000


def test_a_state_that_comes_again_is_no_new_state_whatever_its_stamp_says() -> None:
    bench = Bench.at()
    stamp_ns = bench.now_ns + 10**9  # a controller's clock that has leapt ahead, and then stands still
    for ticks in range(1, 7):
        bench.now_ns += PERIOD_NS
        bench.gate.enable(bench.now_ns)
        verdict = bench.gate.check(Command(bench.now_ns, HOME), state_at(HOME, stamp_ns), FOREVER_NS, bench.now_ns)
        assert verdict.cause is (Cause.STATE_STALE if ticks > 4 else None)


def test_a_missing_measurement_counts_from_the_last_state() -> None:
    bench = Bench.at()
    causes = [bench.ask(HOME, state_age_ns=None).cause for _ in range(6)]
    assert causes == [None] * 3 + [Cause.STATE_STALE] * 3
    assert bench.gate.closing == {Cause.STATE_STALE: bench.now_ns - 6 * PERIOD_NS}


def test_enable_is_lost_after_80_ms_and_at_once_when_it_is_released() -> None:
    gate = SafetyGate(UR5, KINEMATICS)
    assert not gate.is_enabled(START_NS)
    gate.enable(START_NS)
    assert gate.is_enabled(START_NS + 79_999_999)
    assert not gate.is_enabled(START_NS + 80_000_000)
    gate.disable()
    assert not gate.is_enabled(START_NS)


def test_releasing_enable_closes_at_once_and_counts_as_lost() -> None:
    bench = Bench.at()
    bench.enabled = False
    bench.gate.disable()
    assert bench.ask(HOME).cause is Cause.ENABLE_LOST
    assert bench.gate.closing == {Cause.ENABLE_LOST: bench.now_ns - DELAY_NS[Cause.ENABLE_LOST]}


def test_nothing_to_follow_closes_at_once() -> None:
    bench = Bench.at()
    assert bench.ask(HOME, source_until_ns=None).cause is Cause.SOURCE_STALE
    assert bench.ask(HOME, source_until_ns=None, source_lost=Cause.LEADER_LOST).cause is Cause.LEADER_LOST


def test_a_force_at_its_limit_is_allowed_and_one_that_ends_begins_anew() -> None:
    bench = Bench.at()
    for force_n in [100.0] * 10 + [100.1, 100.1, 100.0] * 3:
        bench.force_n = force_n
        assert bench.ask(HOME).cause is None
    bench.force_n = 100.1
    assert [bench.ask(HOME).cause for _ in range(4)] == [None, None, None, Cause.CONTACT_FORCE]
    assert bench.gate.closing == {Cause.CONTACT_FORCE: bench.now_ns - 3 * PERIOD_NS}
    assert bench.ask(HOME, state_age_ns=None).cause is Cause.CONTACT_FORCE  # nothing says that it has ended
    bench.force_n = 0.0
    assert bench.ask(HOME).cause is None


def test_of_several_causes_the_most_severe_is_told_and_all_are_known() -> None:
    bench = Bench.at()
    bench.force_n = 200.0
    bench.drive(0, 0.0, 5)
    bench.enabled = False
    bench.gate.disable()
    invalid = bench.ask(HOME * np.nan, state_age_ns=10**9, source_until_ns=None)
    assert invalid.cause is Cause.COMMAND_INVALID
    causes = [Cause.STATE_STALE, Cause.ENABLE_LOST, Cause.CONTACT_FORCE, Cause.SOURCE_STALE, Cause.COMMAND_INVALID]
    assert list(bench.gate.closing) == causes
    assert bench.gate.closing[Cause.COMMAND_INVALID] == bench.now_ns
    assert all(LADDER[cause].action >= Action.HOLD for cause in causes)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_command_that_is_not_finite_is_a_fault_and_not_a_clamp(bad: float) -> None:
    bench = Bench.at().moving(1, -0.3)
    asked = np.array(bench.given)
    asked[3] = bad
    verdict = bench.ask(asked)
    assert verdict.cause is Cause.COMMAND_INVALID
    assert np.isfinite(verdict.command.position).all()
    assert bench.gate.velocity[1] == pytest.approx(-0.3 + STEP)
    assert "joint4" in [item.joint for item in verdict.interventions if item.limit is Limit.HOLD]


@pytest.mark.parametrize("length", [3, 8, 1])
def test_a_command_of_another_length_is_invalid(length: int) -> None:
    verdict = Bench.at().ask(np.zeros(length))
    assert verdict.cause is Cause.COMMAND_INVALID
    assert verdict.interventions == ()
    np.testing.assert_array_equal(verdict.command.position, HOME)


@pytest.mark.parametrize("velocity", [0.5, -0.5])
def test_a_hold_brakes_to_rest_and_ends_after_two_samples_at_rest(velocity: float) -> None:
    bench = Bench.at().moving(0, velocity)
    asked = away(0, math.copysign(0.001, velocity), bench.given)
    closed = bench.ask(asked, state_age_ns=10**9)
    assert (closed.cause, closed.command.stamp_ns) == (Cause.STATE_STALE, bench.now_ns)
    since_ns = bench.now_ns - 10**9
    velocities = [float(bench.gate.velocity[0])]
    for _ in range(8):
        assert bench.ask(asked).cause is Cause.STATE_STALE
        velocities.append(float(bench.gate.velocity[0]))
        assert bench.gate.closing == {Cause.STATE_STALE: since_ns}
    braking = [math.copysign(max(abs(velocity) - STEP * (k + 1), 0.0), velocity) for k in range(9)]
    np.testing.assert_allclose(velocities, braking, atol=1e-12)
    assert [abs(value) > 0.0 for value in velocities] == [True] * 7 + [False] * 2
    assert bench.ask(asked).cause is None
    assert bench.gate.closing == {}


def test_rest_is_told_within_2_mrad_per_second_and_a_hold_ends_only_at_0() -> None:
    bench = Bench.at()
    assert bench.gate.may_open
    for velocity, at_rest in ((REST_RAD_S * 1.01, False), (REST_RAD_S * 0.99, True), (-REST_RAD_S * 1.01, False)):
        bench.drive(4, velocity, 1)
        assert bench.gate.at_rest is at_rest
        assert not bench.gate.may_open
    bench.ask(bench.given)
    assert not bench.gate.velocity.any()
    assert not bench.gate.may_open
    bench.ask(bench.given)
    assert bench.gate.may_open


def test_a_moving_gripper_keeps_nothing_from_resting_and_a_hold_stops_it() -> None:
    bench = Bench.at()
    bench.drive(6, -0.5, 3)
    assert bench.gate.velocity[6] == pytest.approx(-0.5)
    assert bench.gate.at_rest and bench.gate.may_open
    before = bench.given
    verdict = bench.ask(away(6, -0.1, before), source_until_ns=None)
    np.testing.assert_array_equal(verdict.command.position, before)
    assert not bench.gate.velocity[~ARM].any()


def test_while_it_holds_every_new_cause_is_told() -> None:
    bench = Bench.at().moving()
    bench.ask(HOME, state_age_ns=10**9)
    bench.enabled = False
    bench.gate.disable()
    assert bench.ask(HOME).cause is Cause.ENABLE_LOST
    bench.enabled = True
    assert bench.ask(HOME).cause is Cause.ENABLE_LOST


def test_a_hold_tells_what_it_keeps_from_whom() -> None:
    bench = Bench.at()
    asked = HOME + np.array([0.0, 2e-6, -2e-6, 0.5e-6, 0.0, 0.0, -0.5])
    verdict = bench.ask(asked, source_until_ns=None)
    assert [(item.limit, item.joint) for item in verdict.interventions] == [
        (Limit.HOLD, "joint2"),
        (Limit.HOLD, "joint3"),
        (Limit.HOLD, "gripper"),
    ]
    assert [item.asked for item in verdict.interventions] == asked[[1, 2, 6]].tolist()
    assert [item.given for item in verdict.interventions] == HOME[[1, 2, 6]].tolist()
