"""The gate: closed by default, and no sequence of inputs makes it give a motion outside the limits."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_fixtures import START_NS, robot, state_at

from ros_wam.causes import Cause, Limit
from ros_wam.embodiment import Embodiment, Workspace
from ros_wam.errors import SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.ladder import LADDER
from ros_wam.motion.safety import SafetyGate
from ros_wam.types import Command, FloatArray, SafetyVerdict

UR5 = robot()
KINEMATICS = Kinematics(UR5)
PERIOD_NS = round(UR5.period_s * 1e9)
FOREVER_NS = 2**62
ENABLE_TIMEOUT_NS = LADDER[Cause.ENABLE_LOST].delay_ns(UR5.period_s)
STATE_MAX_AGE_NS = LADDER[Cause.STATE_STALE].delay_ns(UR5.period_s)
ARM = ~UR5.is_gripper


@dataclass
class Bench:
    """A gate with a clock, and an observer that keeps what it gave."""

    gate: SafetyGate
    now_ns: int = START_NS
    measured: FloatArray = field(default_factory=lambda: UR5.home_position)

    @classmethod
    def opened(cls, embodiment: Embodiment = UR5) -> "Bench":
        bench = cls(SafetyGate(embodiment, KINEMATICS))
        bench.ask(UR5.home_position)
        return bench

    def ask(
        self,
        position: FloatArray,
        *,
        enabled: bool = True,
        state_age_ns: int | None = 0,
        source_until_ns: int | None = FOREVER_NS,
    ) -> SafetyVerdict:
        self.now_ns += PERIOD_NS
        if enabled:
            self.gate.enable(self.now_ns)
        state = None if state_age_ns is None else state_at(self.measured, self.now_ns - state_age_ns)
        return self.gate.check(Command(self.now_ns, position), state, source_until_ns, self.now_ns)

    def drive(self, joint: int, velocity: float, ticks: int) -> list[SafetyVerdict]:
        """Ask for a ramp of one joint from where the gate is."""
        start = self.gate.position
        assert start is not None
        moving = np.zeros(7)
        moving[joint] = velocity * UR5.period_s
        return [self.ask(start + moving * (k + 1)) for k in range(ticks)]


def test_the_first_command_is_the_measured_position_whatever_is_asked() -> None:
    bench = Bench(SafetyGate(UR5, KINEMATICS))
    verdict = bench.ask(UR5.home_position + 1.0)
    np.testing.assert_array_equal(verdict.command.position, UR5.home_position)
    assert bench.gate.at_rest


@pytest.mark.parametrize("state_age_ns", [None, STATE_MAX_AGE_NS + 1])
def test_without_a_fresh_state_there_is_no_command(state_age_ns: int | None) -> None:
    bench = Bench(SafetyGate(UR5, KINEMATICS))
    verdict = bench.ask(UR5.home_position, state_age_ns=state_age_ns)
    assert verdict.cause is Cause.STATE_STALE
    assert np.isnan(verdict.command.position).all()
    with pytest.raises(SpecError, match="nothing was given"):
        bench.gate._given()


@pytest.mark.parametrize(
    ("closing", "cause"),
    [
        ({"enabled": False}, Cause.ENABLE_LOST),
        ({"state_age_ns": STATE_MAX_AGE_NS + 1}, Cause.STATE_STALE),
        ({"source_until_ns": None}, Cause.SOURCE_STALE),
        ({"source_until_ns": 0}, Cause.SOURCE_STALE),
    ],
)
def test_each_missing_input_closes_the_gate(closing: dict[str, int | bool | None], cause: Cause) -> None:
    bench = Bench.opened()
    bench.drive(0, 0.5, 100)
    if closing.get("enabled") is False:
        bench.now_ns += ENABLE_TIMEOUT_NS
    before = bench.gate.velocity[0]
    verdict = bench.ask(UR5.home_position, **closing)  # type: ignore[arg-type]
    assert verdict.cause is cause
    assert bench.gate.velocity[0] == pytest.approx(before - UR5.acceleration[0] * UR5.period_s)


def test_enable_is_lost_after_80_ms_and_at_once_when_it_is_taken_away() -> None:
    gate = SafetyGate(UR5, KINEMATICS)
    assert not gate.is_enabled(START_NS)
    gate.enable(START_NS)
    assert gate.is_enabled(START_NS + 79_999_999)
    assert not gate.is_enabled(START_NS + 80_000_000)
    gate.disable()
    assert not gate.is_enabled(START_NS)


def test_an_open_gate_passes_what_holds_every_limit_unchanged() -> None:
    bench = Bench.opened()
    verdicts = bench.drive(0, 0.9 * UR5.acceleration[0] * UR5.period_s, 5)
    assert all(verdict.cause is None and verdict.interventions == () for verdict in verdicts)
    assert bench.gate.position is not None
    assert bench.gate.position[0] == pytest.approx(UR5.home_position[0] + 5 * 0.9 * 8.0 * UR5.period_s**2)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_command_that_is_not_finite_is_a_fault_and_not_a_clamp(bad: float) -> None:
    bench = Bench.opened()
    bench.drive(1, -0.3, 50)
    asked = np.array(bench.gate.position)
    asked[3] = bad
    verdict = bench.ask(asked)
    assert verdict.cause is Cause.COMMAND_INVALID
    assert np.isfinite(verdict.command.position).all()
    assert any(item.limit is Limit.HOLD and item.joint == "joint4" for item in verdict.interventions)


def test_a_command_of_another_length_is_invalid() -> None:
    assert Bench.opened().ask(np.zeros(3)).cause is Cause.COMMAND_INVALID


def test_interventions_name_limit_joint_asked_and_given() -> None:
    bench = Bench.opened()
    verdict = bench.drive(2, 50.0, 1)[0]
    by_limit = {item.limit: item for item in verdict.interventions}
    assert by_limit[Limit.VELOCITY].joint == "joint3"
    assert by_limit[Limit.VELOCITY].asked == pytest.approx(50.0)
    assert by_limit[Limit.VELOCITY].given == pytest.approx(UR5.velocity[2])
    assert by_limit[Limit.ACCELERATION].asked == pytest.approx(UR5.velocity[2] / UR5.period_s)
    assert by_limit[Limit.ACCELERATION].given == pytest.approx(UR5.acceleration[2])


def wide(embodiment: Embodiment) -> Embodiment:
    arm = embodiment.arms["arm"]
    return replace(embodiment, arms={"arm": replace(arm, workspace=Workspace((-2.0,) * 3, (2.0,) * 3))})


def test_a_joint_driven_at_its_limit_stops_there_within_its_acceleration() -> None:
    bench = Bench.opened(wide(UR5))
    verdicts = bench.drive(2, 2.0, 300)
    positions = np.array([verdict.command.position[2] for verdict in verdicts])
    assert positions[-1] == pytest.approx(UR5.upper[2], abs=1e-6)
    assert positions.max() <= UR5.upper[2]
    assert any(item.limit is Limit.POSITION for verdict in verdicts for item in verdict.interventions)


def test_the_gripper_has_its_own_rate_and_no_acceleration_limit() -> None:
    bench = Bench.opened()
    asked = np.array(UR5.home_position)
    asked[6] = -3.0
    verdict = bench.ask(asked)
    assert UR5.home_position[6] - verdict.command.position[6] == pytest.approx(UR5.velocity[6] * UR5.period_s)
    for _ in range(200):
        verdict = bench.ask(asked)
    assert verdict.command.position[6] == 0.0


def test_the_tool_stops_inside_the_workspace_and_may_come_back() -> None:
    bench = Bench.opened()
    workspace = UR5.arms["arm"].workspace
    verdicts = bench.drive(0, 1.0, 400)
    closed = [verdict for verdict in verdicts if verdict.cause is Cause.WORKSPACE]
    assert closed
    assert closed[0].interventions[0].limit is Limit.WORKSPACE
    for verdict in verdicts:
        tool = KINEMATICS.tool_position(verdict.command.position)
        assert (tool >= np.array(workspace.min_m) - 1e-3).all()
        assert (tool <= np.array(workspace.max_m) + 1e-3).all()
    assert bench.gate.at_rest
    assert bench.drive(0, -0.01, 5)[-1].cause is None


@pytest.mark.parametrize("creep_rad", [1e-7, 1e-6, 2e-6])
def test_the_edge_of_the_workspace_cannot_be_crept_through(creep_rad: float) -> None:
    beside = np.array(UR5.home_position)
    beside[0] += math.radians(70.0)  # of 71 to the edge
    bench = Bench(SafetyGate(UR5, KINEMATICS), measured=beside)
    bench.ask(beside)
    bench.drive(0, 0.05, 200)
    for _ in range(2000):
        bench.ask(bench.gate._given() + creep_rad * np.eye(7)[0])
    assert beyond_the_box(bench.gate._given()) <= 1e-6


def test_a_bent_way_to_rest_does_not_lead_out_of_the_workspace() -> None:
    bench, rng = Bench.opened(), np.random.default_rng(4)
    for _ in range(30):
        goal = bench.gate._given() + rng.uniform(-2.0, 2.0, 7)
        for _ in range(10):
            bench.ask(goal)
    for _ in range(100):
        bench.ask(UR5.home_position, source_until_ns=None)
    assert bench.gate.at_rest
    assert beyond_the_box(bench.gate._given()) <= 1e-6


def beyond_the_box(position: FloatArray) -> float:
    """Return how far the tool is outside its workspace [m]."""
    box, tool = UR5.arms["arm"].workspace, KINEMATICS.tool_position(position)
    return float(np.maximum(np.array(box.min_m) - tool, tool - np.array(box.max_m)).max(initial=0.0))


def test_from_outside_the_workspace_only_the_way_back_is_open() -> None:
    outside = np.array(UR5.home_position)
    outside[1] = -0.9  # the arm leans far over the edge of the box
    bench = Bench(SafetyGate(UR5, KINEMATICS), measured=outside)
    bench.ask(outside)
    assert bench.drive(1, 0.01, 1)[0].cause is Cause.WORKSPACE
    assert bench.drive(1, -0.01, 1)[0].cause is None


def test_after_a_reseed_the_measured_position_is_given() -> None:
    bench = Bench.opened()
    bench.measured = UR5.home_position + np.array([0.2, 0, 0, 0, 0, 0, 0.0])
    bench.gate.reseed()
    np.testing.assert_array_equal(bench.ask(UR5.home_position).command.position, bench.measured)


numbers = st.one_of(
    st.floats(-7.0, 7.0),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0]),
    st.floats(allow_nan=True, allow_infinity=True),
)
ticks = st.tuples(
    st.lists(numbers, min_size=7, max_size=7),
    st.sampled_from(["jump", "creep", "same"]),
    st.booleans(),
    st.sampled_from([0, 0, 0, STATE_MAX_AGE_NS + 1, None]),
    st.sampled_from([FOREVER_NS, FOREVER_NS, FOREVER_NS, None]),
    st.integers(1, 40),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ticks, min_size=1, max_size=12), st.booleans())
def test_no_sequence_of_inputs_makes_it_give_a_motion_outside_the_limits(
    sequence: list[tuple[list[float], str, bool, int | None, int | None, int]], in_the_box: bool
) -> None:
    bench = Bench.opened(UR5 if in_the_box else wide(UR5))
    given_positions = [UR5.home_position] * 2
    for values, manner, enabled, age_ns, until_ns, repeats in sequence:
        if not enabled:
            bench.gate.disable()
        for k in range(repeats):
            asked = np.array(values)
            if manner == "creep":
                asked = given_positions[-1] + np.nan_to_num(np.clip(asked, -0.02, 0.02)) * (k + 1)
            elif manner == "same":
                asked = given_positions[-1]
            verdict = bench.ask(asked, enabled=enabled, state_age_ns=age_ns, source_until_ns=until_ns)
            given_positions.append(verdict.command.position)
    bench.gate.disable()
    for _ in range(100):
        given_positions.append(bench.ask(UR5.home_position, enabled=False).command.position)
    assert bench.gate.at_rest
    np.testing.assert_array_equal(given_positions[-1], given_positions[-2])
    check_limits(np.array(given_positions))
    if in_the_box:
        assert beyond_the_box(given_positions[-1]) <= 2e-6


def check_limits(positions: FloatArray) -> None:
    velocity = np.diff(positions, axis=0) / UR5.period_s
    acceleration = np.diff(velocity, axis=0) / UR5.period_s
    assert np.isfinite(positions).all()
    assert (positions >= UR5.lower).all()
    assert (positions <= UR5.upper).all()
    assert (np.abs(velocity) <= UR5.velocity + 1e-9).all()
    assert (np.abs(acceleration[:, ARM]) <= UR5.acceleration[ARM] + 1e-6).all()
