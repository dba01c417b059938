"""Admission: every reason at its edge, and what a robot can follow is never refused."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_policy import ROOT, UR5
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ros_wam.causes import RefusalReason
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ChunkRefused
from ros_wam.policy.admission import FOLLOW_TOLERANCE_RAD, MAX_ROWS, Admission, build_admission, check_actions
from ros_wam.sweep import Obstacle
from ros_wam.types import ActionChunk, FloatArray

T0 = 10**12
DT_S = 1.0 / 30.0
DT_NS = round(DT_S * 1e9)
ROWS = 30
HOME = UR5.home_position
LIMIT = UR5.joints["joint1"]
MS = 1_000_000


def beside(position: FloatArray, arm: str) -> FloatArray:
    """A tool that moves along y with joint1, 0.5 m per radian from home, where it is in the middle of the workspace."""
    assert arm == "arm"
    pose = np.eye(4)
    pose[:3, 3] = [-0.5, 0.5 * (position[0] - HOME[0]), 0.3]
    return pose


def still(position: FloatArray, arm: str) -> FloatArray:
    """A tool that never leaves."""
    return beside(HOME, arm)


def free(path: FloatArray) -> Iterator[Obstacle | None]:
    """Nothing is in the way."""
    return iter([None] * len(path))


def chunk(positions: FloatArray, observed_ns: int = T0) -> ActionChunk:
    return ActionChunk(1, 1, observed_ns, T0, DT_S, positions)


def joint1(values: object) -> FloatArray:
    """Rows at home, joint1 displaced by `values`."""
    values = np.asarray(values, dtype=np.float64)
    rows = np.tile(HOME, (len(values), 1))
    rows[:, 0] += values
    return rows


def admit(positions: FloatArray, measured: FloatArray = HOME, now_ns: int = T0, rested: bool = True) -> None:
    Admission(UR5, still, free).check(chunk(positions), measured, now_ns, rested)


def reason(positions: FloatArray, **situation: object) -> tuple[RefusalReason, str]:
    with pytest.raises(ChunkRefused) as caught:
        admit(positions, **situation)
    return caught.value.reason, str(caught.value)


def test_actions_of_another_shape_are_refused() -> None:
    check_actions(np.zeros((30, 7)), (30, 7))
    for shape in ((29, 7), (30, 8), (7,), (1, 30, 7), (0, 7)):
        with pytest.raises(ChunkRefused, match=r"wrong_shape.*must be \(30, 7\)") as caught:
            check_actions(np.zeros(shape), (30, 7))
        assert caught.value.reason is RefusalReason.WRONG_SHAPE
    with pytest.raises(ChunkRefused, match=r"wrong_shape.*must be \(1 to 1000, 7\)"):
        check_actions(np.zeros((MAX_ROWS + 1, 7)), (None, 7))


@given(st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 29), st.integers(0, 6))
def test_one_value_that_is_not_finite_is_found(value: float, row: int, column: int) -> None:
    actions = np.zeros((30, 7))
    actions[row, column] = value
    with pytest.raises(ChunkRefused, match=rf"row {row}, column {column} is -?(nan|inf), of 1 such") as caught:
        check_actions(actions, (30, 7))
    assert caught.value.reason is RefusalReason.NON_FINITE


@pytest.mark.parametrize("shape", [(30, 6), (1, 7)])
def test_chunk_for_other_joints_or_of_one_row_is_refused(shape: tuple[int, int]) -> None:
    assert reason(np.zeros(shape))[0] is RefusalReason.WRONG_SHAPE


def test_staying_at_home_is_admitted() -> None:
    admit(joint1(np.zeros(ROWS)))


@pytest.mark.parametrize(("late_ns", "good"), [(0, True), (1 * MS, False)])
def test_chunk_whose_last_row_is_past_is_expired(late_ns: int, good: bool) -> None:
    now_ns = chunk(joint1(np.zeros(ROWS))).end_ns + late_ns
    if good:
        admit(joint1(np.zeros(ROWS)), now_ns=now_ns, rested=False)
    else:
        why, message = reason(joint1(np.zeros(ROWS)), now_ns=now_ns, rested=False)
        assert why is RefusalReason.EXPIRED
        assert "last row was due 1 ms ago" in message


def test_chunk_seen_in_the_future_is_refused() -> None:
    why, message = reason(joint1(np.zeros(ROWS)), now_ns=T0 - 20 * MS)
    assert why is RefusalReason.EXPIRED
    assert "from 20 ms in the future" in message


def test_robot_that_rested_takes_a_chunk_however_late() -> None:
    admit(joint1(np.zeros(ROWS)), now_ns=T0 + 60 * 10**9, rested=True)


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("joint", range(6))
@pytest.mark.parametrize(("distance", "good"), [(0.149, True), (0.151, False)])
def test_start_too_far_from_the_measured_state(distance: float, good: bool, joint: int, side: float) -> None:
    measured = HOME.copy()
    measured[joint] += side * distance
    if good:
        admit(joint1(np.zeros(ROWS)), measured=measured)
    else:
        why, message = reason(joint1(np.zeros(ROWS)), measured=measured)
        assert why is RefusalReason.START_DISTANCE
        assert f"joint{joint + 1} starts 0.151 rad from the robot in row 0, at most 0.15 rad" in message


def test_grippers_may_start_anywhere_and_jump() -> None:
    rows = joint1(np.zeros(ROWS))
    rows[:, 6] = np.arange(ROWS) % 2
    measured = HOME.copy()
    measured[6] = 0.0
    admit(rows, measured=measured)


def test_moving_robot_is_compared_with_where_the_chunk_is_now() -> None:
    rows = joint1(np.arange(ROWS) * 0.05)
    now_ns = T0 + round(10.5 * DT_NS)
    there = HOME.copy()
    there[0] += 0.525
    admit(rows, measured=there, now_ns=now_ns, rested=False)
    there[0] += 0.151
    why, message = reason(rows, measured=there, now_ns=now_ns, rested=False)
    assert why is RefusalReason.START_DISTANCE
    assert "0.151" in message


def test_rows_that_are_past_count_too_for_a_slowed_robot_takes_the_chunk_up_earlier() -> None:
    rows = joint1(np.zeros(ROWS))
    rows[:5, 0] += 0.14 * (-1.0) ** np.arange(5)
    why, _ = reason(rows, now_ns=T0 + 6 * DT_NS, rested=False)
    assert why in (RefusalReason.VELOCITY, RefusalReason.ACCELERATION)


def test_a_chunk_is_refused_before_its_start_unless_the_robot_has_rested() -> None:
    early = chunk(joint1(np.arange(ROWS) * 0.05), observed_ns=T0 - 2 * DT_NS)
    with pytest.raises(ChunkRefused, match="its first row is due only in 33 ms"):
        Admission(UR5, still, free).check(early, HOME, T0 - DT_NS, False)
    Admission(UR5, still, free).check(early, HOME, T0 - DT_NS, True)


@pytest.mark.parametrize(("speed", "good"), [(1.0, True), (2.0, True), (2.1, True), (2.2, False), (-2.2, False)])
def test_sustained_velocity(speed: float, good: bool) -> None:
    """Over the whole chunk the tolerance makes 5 % of the limit."""
    rows = joint1(np.arange(ROWS) * DT_S * speed)
    if good:
        admit(rows)
    else:
        why, message = reason(rows)
        assert why is RefusalReason.VELOCITY
        assert "joint1 needs 2.10 rad" in message
        assert "at most 2 rad/s" in message


@pytest.mark.parametrize(("step", "good"), [(0.16, True), (0.17, False), (-0.16, True), (-0.17, False)])
def test_jump_between_two_rows(step: float, good: bool) -> None:
    """2 rad/s for a thirtieth of a second, and twice the tolerance: 0.167 rad."""
    rows = joint1(np.where(np.arange(ROWS) < 15, 0.0, step))
    if good:
        admit(rows)
    else:
        assert reason(rows)[0] is RefusalReason.VELOCITY


@pytest.mark.parametrize(("amplitude", "good"), [(0.05, True), (0.054, False)])
def test_shaking_from_row_to_row_needs_acceleration(amplitude: float, good: bool) -> None:
    rows = joint1(amplitude * (-1.0) ** np.arange(ROWS))
    if good:
        admit(rows)
    else:
        why, message = reason(rows)
        assert why is RefusalReason.ACCELERATION
        assert "joint1 needs 14.4 rad/s² around row 1, at most 8 rad/s²" in message


def test_turning_round_too_fast_needs_acceleration() -> None:
    there_and_back = np.minimum(np.arange(ROWS), ROWS - 1 - np.arange(ROWS)) * DT_S
    admit(joint1(1.0 * there_and_back))
    tight = np.abs((np.arange(ROWS) % 8) - 4) * DT_S * 1.9
    assert reason(joint1(tight - tight[0]))[0] is RefusalReason.ACCELERATION


@pytest.mark.parametrize(("beyond", "good"), [(0.04, True), (0.06, False)])
def test_beyond_the_position_limits(beyond: float, good: bool) -> None:
    rows = joint1(np.zeros(ROWS))
    rows[:, 2] = LIMIT_OF_ELBOW + beyond
    measured = HOME.copy()
    measured[2] = LIMIT_OF_ELBOW
    if good:
        admit(rows, measured=measured)
    else:
        why, message = reason(rows, measured=measured)
        assert why is RefusalReason.WORKSPACE
        assert "joint3 would be at 3.202 rad in row 0, its range is -3.1416 to 3.1416 rad" in message


LIMIT_OF_ELBOW = UR5.joints["joint3"].position_rad[1]


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize(("last", "good"), [(1.09, True), (1.11, False)])
def test_tool_that_leaves_the_workspace(last: float, good: bool, side: float) -> None:
    admission = Admission(UR5, beside, free)
    rows = chunk(joint1(side * np.linspace(0.0, last, ROWS)))
    if good:
        admission.check(rows, HOME, T0, True)
        return
    with pytest.raises(
        ChunkRefused, match=r"tool would be at \[-0\.500, -?0\.55\d, 0\.300\] m on the way to row 29"
    ) as caught:
        admission.check(rows, HOME, T0, True)
    assert caught.value.reason is RefusalReason.WORKSPACE


def test_tool_that_is_outside_may_come_back_but_not_go_on() -> None:
    outside = HOME.copy()
    outside[0] += 1.3
    admission = Admission(UR5, beside, free)
    admission.check(chunk(joint1(np.linspace(1.3, 0.9, ROWS))), outside, T0, True)
    with pytest.raises(ChunkRefused, match="workspace"):
        admission.check(chunk(joint1(np.linspace(1.3, 1.32, ROWS))), outside, T0, True)
    with pytest.raises(ChunkRefused, match="on the way to row 0, the workspace"):
        admission.check(chunk(joint1(np.full(ROWS, 1.32))), outside, T0, True)


@pytest.mark.parametrize("rows", [2, 3])
def test_short_chunks(rows: int) -> None:
    admit(joint1(np.zeros(rows)))
    assert reason(joint1(np.arange(rows) * 0.5))[0] is RefusalReason.VELOCITY


velocities = arrays(np.float64, (200, 6), elements=st.floats(-1.0, 1.0))


@given(velocities, arrays(np.float64, (ROWS, 6), elements=st.floats(-1.0, 1.0)))
def test_what_a_robot_inside_its_limits_does_is_admitted_even_when_it_jitters(
    steering: FloatArray, jitter: FloatArray
) -> None:
    """Whatever motion the limits allow, sampled at the chunk's rows and disturbed by the tolerance, is admitted."""
    step_s = DT_S / 5
    position, velocity = HOME[:6].copy(), np.zeros(6)
    rows = []
    for tick, wish in enumerate(itertools.islice(itertools.cycle(steering), 5 * ROWS)):
        if tick % 5 == 0:
            rows.append(position.copy())
        acceleration = wish * LIMIT.acceleration_rad_s2 * 0.999
        after = np.clip(velocity + acceleration * step_s, -0.999 * LIMIT.velocity_rad_s, 0.999 * LIMIT.velocity_rad_s)
        position, velocity = position + 0.5 * (velocity + after) * step_s, after
    disturbed = np.array(rows) + 0.999 * FOLLOW_TOLERANCE_RAD * jitter
    disturbed = np.clip(disturbed, UR5.lower[:6], UR5.upper[:6])
    admit(np.hstack([disturbed, np.ones((ROWS, 1))]))


@given(
    arrays(np.float64, (ROWS, 7), elements=st.floats(-10, 10)),
    arrays(np.float64, 7, elements=st.floats(-7, 7)),
    st.integers(-(10**10), 10**10),
    st.booleans(),
)
def test_any_chunk_is_admitted_or_refused_with_a_reason(
    positions: FloatArray, measured: FloatArray, late_ns: int, rested: bool
) -> None:
    try:
        admit(positions, measured=measured, now_ns=T0 + late_ns, rested=rested)
    except ChunkRefused as refused:
        assert refused.reason in RefusalReason
        assert str(refused)


@pytest.mark.parametrize("robot", ["ur5", "ur5e"])
def test_home_is_admitted_with_the_robots_own_kinematics(robot: str) -> None:
    embodiment = load_embodiment(Path(ROOT / "robots" / f"{robot}.yaml"))
    home = embodiment.home_position
    admission = build_admission(embodiment, {})
    admission.check(chunk(np.tile(home, (ROWS, 1))), home, T0, True)
