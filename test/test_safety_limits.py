"""What the gate lets through: no sequence of inputs makes it give a motion outside the limits."""

import math

import numpy as np
import pytest
from gate_bench import ACCELERATION, ARM, FOREVER_NS, HOME, KINEMATICS, PERIOD_S, STEP, UR5, Bench, away, wide
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.causes import Cause, Limit
from ros_wam.motion.bounds import stopping_distance
from ros_wam.motion.safety import LARGEST_RAD
from ros_wam.types import FloatArray, Intervention, SafetyVerdict

BOX = UR5.arms["arm"].workspace
GRIPPER = 6


def by_limit(verdict: SafetyVerdict) -> dict[Limit, Intervention]:
    found = {item.limit: item for item in verdict.interventions}
    assert len(found) == len(verdict.interventions)
    return found


@pytest.mark.parametrize("sign", [1, -1])
def test_an_open_gate_passes_what_holds_every_limit_unchanged(sign: int) -> None:
    bench = Bench.at()
    position = HOME
    for k in range(1, 6):
        position = away(0, sign * 0.999 * ACCELERATION * PERIOD_S**2 * k, position)
        verdict = bench.ask(position)
        assert (verdict.cause, verdict.interventions) == (None, ())
        np.testing.assert_allclose(verdict.command.position, position, atol=1e-15)
        assert verdict.command.stamp_ns == bench.now_ns


@pytest.mark.parametrize("sign", [1, -1])
def test_too_fast_is_told_with_what_was_asked_and_given(sign: int) -> None:
    bench = Bench.at(embodiment=wide()).moving(2, sign * 0.5)
    found = by_limit(bench.ask(away(2, sign * 50.0 * PERIOD_S, bench.given)))
    assert found.keys() == {Limit.VELOCITY, Limit.ACCELERATION}
    assert {item.joint for item in found.values()} == {"joint3"}
    assert found[Limit.VELOCITY].asked == pytest.approx(sign * 50.0)
    assert found[Limit.VELOCITY].given == pytest.approx(sign * 2.0)
    assert found[Limit.ACCELERATION].asked == pytest.approx(sign * 1.5 / PERIOD_S)
    assert found[Limit.ACCELERATION].given == pytest.approx(sign * ACCELERATION)
    assert bench.gate.velocity[2] == pytest.approx(sign * (0.5 + STEP))


@pytest.mark.parametrize("sign", [1, -1])
def test_at_its_speed_limit_a_joint_is_only_told_to_be_too_fast(sign: int) -> None:
    bench = Bench.at(embodiment=wide()).moving(0, sign * 2.0)
    found = by_limit(bench.ask(away(0, sign * 2.5 * PERIOD_S, bench.given)))
    assert found == {Limit.VELOCITY: Intervention(Limit.VELOCITY, "joint1", pytest.approx(sign * 2.5), sign * 2.0)}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_joint_stops_at_its_position_limit_within_its_acceleration(sign: int) -> None:
    bench = Bench.at(embodiment=wide())
    edge = UR5.upper[2] if sign > 0 else UR5.lower[2]
    verdicts = bench.drive(2, sign * 1.5, 600)
    positions = np.array([verdict.command.position[2] for verdict in verdicts])
    assert positions[-1] == pytest.approx(edge, abs=1e-6)
    assert np.abs(positions).max() <= abs(edge)
    first = next(verdict for verdict in verdicts if Limit.POSITION in {item.limit for item in verdict.interventions})
    told, k = by_limit(first)[Limit.POSITION], verdicts.index(first)
    assert told.asked == pytest.approx(positions[k - 1] + sign * 1.5 * PERIOD_S)
    assert told.given == pytest.approx(positions[k])
    assert abs(told.asked) > abs(told.given)
    check_limits(np.array([verdict.command.position for verdict in verdicts]))


def test_a_change_that_is_only_rounding_is_not_told() -> None:
    for excess, told in ((0.8e-6, ()), (1.2e-6, (Limit.VELOCITY,))):
        bench = Bench.at(embodiment=wide()).moving(0, 2.0)
        verdict = bench.ask(away(0, (2.0 + excess) * PERIOD_S, bench.given))
        assert tuple(item.limit for item in verdict.interventions) == told
        assert bench.gate.velocity[0] == 2.0


def test_a_joint_that_still_moves_the_other_way_is_told_to_turn_too_fast() -> None:
    bench = Bench.at(embodiment=wide()).moving(0, -0.1)
    turned = STEP - 0.1  # what it still does after as much change as is allowed
    found = by_limit(bench.ask(away(0, -turned * PERIOD_S, bench.given)))
    assert bench.gate.velocity[0] == pytest.approx(turned)
    assert found.keys() == {Limit.ACCELERATION}


def test_a_change_of_a_millionth_is_not_told_yet() -> None:
    gate = Bench.at().gate
    assert gate._changes(Limit.VELOCITY, np.full(7, 1e-6), np.zeros(7), 0.0, 1.0) == []
    assert len(gate._changes(Limit.VELOCITY, np.full(7, 1.001e-6), np.zeros(7), 0.0, 1.0)) == 7
    bench = Bench.at(np.zeros(7), wide())
    assert bench.ask(np.full(7, 1e-6), source_until_ns=None).interventions == ()
    assert len(bench.ask(np.full(7, -1.001e-6), source_until_ns=None).interventions) == 7


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_absurd_is_told_as_at_most_a_million_radians(sign: int) -> None:
    bench = Bench.at()
    verdict = bench.ask(away(0, sign * 1e300))
    asked = (sign * LARGEST_RAD - HOME[0]) / PERIOD_S
    assert by_limit(verdict)[Limit.VELOCITY].asked == pytest.approx(asked, rel=1e-12)


def test_the_gripper_has_its_own_rate_and_no_acceleration_limit() -> None:
    bench = Bench.at()
    verdict = bench.ask(away(GRIPPER, -4.0))
    rate = UR5.velocity[GRIPPER] * PERIOD_S
    assert HOME[GRIPPER] - verdict.command.position[GRIPPER] == pytest.approx(rate)
    assert by_limit(verdict).keys() == {Limit.VELOCITY}
    for _ in range(200):
        verdict = bench.ask(away(GRIPPER, -4.0))
    assert verdict.command.position[GRIPPER] == 0.0
    opened = [bench.ask(away(GRIPPER, 0.0)).command.position[GRIPPER] for _ in range(3)]
    np.testing.assert_allclose(opened, [rate, 2 * rate, 3 * rate])
    for _ in range(200):
        verdict = bench.ask(away(GRIPPER, 4.0))
    assert verdict.command.position[GRIPPER] == 1.0


def test_a_gripper_is_told_where_its_stroke_ends() -> None:
    bench = Bench.at(away(GRIPPER, -0.995))
    found = by_limit(bench.ask(away(GRIPPER, -4.0)))
    rate = UR5.velocity[GRIPPER] * PERIOD_S
    assert found[Limit.POSITION].asked == pytest.approx(0.005 - rate)
    assert found[Limit.POSITION].given == pytest.approx(0.0)
    assert bench.gate.velocity[GRIPPER] == pytest.approx(-0.005 / PERIOD_S)


def test_a_robot_outside_its_limits_may_stay_or_come_back() -> None:
    outside = np.array(HOME)
    outside[2] = UR5.upper[2] + 0.005
    bench = Bench.at(outside, wide())
    assert bench.ask(outside).command.position[2] == outside[2]
    assert bench.ask(away(2, 0.001, outside)).command.position[2] == outside[2]
    assert bench.ask(away(2, -0.0001, outside)).command.position[2] == pytest.approx(outside[2] - 0.0001)
    below = np.array(HOME)
    below[2] = UR5.lower[2] - 0.005
    bench = Bench.at(below, wide())
    assert bench.ask(away(2, -0.001, below)).command.position[2] == below[2]
    assert bench.ask(away(2, 0.0001, below)).command.position[2] == pytest.approx(below[2] + 0.0001)


@pytest.mark.parametrize(
    ("joint", "velocity", "edge"),
    [(0, 1.0, BOX.max_m[0]), (0, -1.0, BOX.max_m[0]), (1, 0.5, BOX.min_m[2]), (2, -0.5, BOX.max_m[2])],
)
def test_the_tool_stops_inside_the_workspace_and_may_come_back(joint: int, velocity: float, edge: float) -> None:
    bench = Bench.at()
    verdicts = bench.drive(joint, velocity, 400)
    closed = [verdict for verdict in verdicts if verdict.cause is Cause.WORKSPACE]
    told = closed[0].interventions[0]
    assert (told.limit, told.joint, told.given) == (Limit.WORKSPACE, "arm", edge)
    assert 0.0 < abs(told.asked - edge) < 0.01
    assert Limit.HOLD in {item.limit for item in closed[0].interventions[1:]}
    for verdict in verdicts:
        tool = KINEMATICS.tool_position(verdict.command.position)
        assert (tool >= np.array(BOX.min_m) - 1e-3).all()
        assert (tool <= np.array(BOX.max_m) + 1e-3).all()
    assert bench.gate.at_rest
    bench.drive(0, 0.0, 2)
    assert bench.drive(joint, -0.01 * velocity, 5)[-1].cause is None


def test_what_is_compared_with_the_workspace_is_where_the_tool_would_stop() -> None:
    bench = Bench.at()
    position, velocity = HOME, np.zeros(7)
    for k in range(400):
        verdict = bench.ask(away(0, PERIOD_S * (k + 1)))
        if verdict.cause is Cause.WORKSPACE:
            break
        position, velocity = bench.given, bench.gate.velocity
    asked = verdict.interventions[0].asked
    moved = position + velocity * PERIOD_S  # at the speed that it had reached
    stop = moved + stopping_distance(velocity, np.full(7, ACCELERATION), PERIOD_S)
    assert asked == pytest.approx(KINEMATICS.tool_position(stop)[0], abs=1e-9)
    assert bench.gate.closing == {Cause.WORKSPACE: bench.now_ns}


@pytest.mark.parametrize("creep_rad", [1e-7, 1e-6, 2e-6])
def test_the_edge_of_the_workspace_cannot_be_crept_through(creep_rad: float) -> None:
    bench = Bench.at(away(0, math.radians(70.0)))  # of 71 to the edge
    bench.drive(0, 0.05, 200)
    for _ in range(600):
        bench.ask(away(0, creep_rad, bench.given))
    assert beyond_the_box(bench.given) <= 1e-6


def test_a_bent_way_to_rest_does_not_lead_out_of_the_workspace() -> None:
    bench, rng = Bench.at(), np.random.default_rng(4)
    for _ in range(30):
        goal = bench.given + rng.uniform(-2.0, 2.0, 7)
        for _ in range(10):
            bench.ask(goal)
    for _ in range(100):
        bench.ask(HOME, source_until_ns=None)
    assert bench.gate.at_rest
    assert beyond_the_box(bench.given) <= 1e-6


def beyond_the_box(position: FloatArray) -> float:
    """Return how far the tool is outside its workspace [m]."""
    tool = KINEMATICS.tool_position(position)
    return float(np.maximum(np.array(BOX.min_m) - tool, tool - np.array(BOX.max_m)).max(initial=0.0))


def test_from_outside_the_workspace_only_the_way_back_is_open() -> None:
    outside = np.array(HOME)
    outside[1] = -0.9  # the arm leans far over the edge of the box
    bench = Bench.at(outside)
    assert bench.ask(outside).cause is None  # to stay leads no farther out
    assert bench.drive(1, 0.01, 1)[0].cause is Cause.WORKSPACE
    assert bench.drive(1, -0.01, 1)[0].cause is None


numbers = st.one_of(
    st.floats(-7.0, 7.0),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0]),
    st.floats(allow_nan=True, allow_infinity=True),
)
ticks = st.tuples(
    st.lists(numbers, min_size=7, max_size=7),
    st.sampled_from(["jump", "creep", "same"]),
    st.booleans(),
    st.sampled_from([0, 0, 0, 10**9, None]),
    st.sampled_from([FOREVER_NS, FOREVER_NS, FOREVER_NS, None]),
    st.integers(1, 40),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ticks, min_size=1, max_size=12), st.booleans())
def test_no_sequence_of_inputs_makes_it_give_a_motion_outside_the_limits(
    sequence: list[tuple[list[float], str, bool, int | None, int | None, int]], in_the_box: bool
) -> None:
    bench = Bench.at(embodiment=UR5 if in_the_box else wide())
    given_positions = [HOME] * 2
    for values, manner, enabled, age_ns, until_ns, repeats in sequence:
        bench.enabled = enabled
        if not enabled:
            bench.gate.disable()
        for k in range(repeats):
            asked = np.array(values)
            if manner == "creep":
                asked = given_positions[-1] + np.nan_to_num(np.clip(asked, -0.02, 0.02)) * (k + 1)
            elif manner == "same":
                asked = given_positions[-1]
            given_positions.append(bench.ask(asked, state_age_ns=age_ns, source_until_ns=until_ns).command.position)
    bench.enabled = False
    bench.gate.disable()
    for _ in range(100):
        given_positions.append(bench.ask(HOME).command.position)
    assert bench.gate.at_rest and bench.gate.may_open
    np.testing.assert_array_equal(given_positions[-1], given_positions[-2])
    check_limits(np.array(given_positions))
    if in_the_box:
        assert beyond_the_box(given_positions[-1]) <= 2e-6


def check_limits(positions: FloatArray) -> None:
    velocity = np.diff(positions, axis=0) / PERIOD_S
    acceleration = np.diff(velocity, axis=0) / PERIOD_S
    assert np.isfinite(positions).all()
    assert (positions >= UR5.lower).all()
    assert (positions <= UR5.upper).all()
    assert (np.abs(velocity) <= UR5.velocity + 1e-9).all()
    assert (np.abs(acceleration[:, ARM]) <= UR5.acceleration[ARM] + 1e-6).all()
