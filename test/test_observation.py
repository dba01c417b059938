"""Observations: interpolated, fresh and together, or refused with the cause."""

from dataclasses import replace

import numpy as np
import pytest
from fake_policy import UR5, frame, state
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.causes import Cause
from ros_wam.errors import ObservationError, SpecError
from ros_wam.policy.frame_history import FrameHistory
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Freshness
from ros_wam.types import JointState

MS = 1_000_000
FRAME_PERIOD_S = 1.0 / 30.0
T = 10_000 * MS


def builder(*states: JointState) -> ObservationBuilder:
    observations = ObservationBuilder(UR5, ("wrist", "global"), FRAME_PERIOD_S, Freshness())
    for joint_state in states:
        observations.add_joint_state(joint_state)
    return observations


def refused(observations: ObservationBuilder, now_ns: int) -> ObservationError:
    with pytest.raises(ObservationError) as caught:
        observations.build(now_ns, "go")
    return caught.value


def ramp(first_ns: int, last_ns: int, period_ns: int = 8 * MS) -> list[JointState]:
    """States whose position is their time in seconds."""
    return [state(stamp_ns, stamp_ns * 1e-9) for stamp_ns in range(first_ns, last_ns + 1, period_ns)]


def test_joint_state_is_interpolated_to_the_oldest_frame() -> None:
    observations = builder(*ramp(T - 100 * MS, T))
    observations.add_frame(frame("wrist", T - 33 * MS))
    observations.add_frame(frame("global", T - 10 * MS))
    observation = observations.build(T + 2 * MS, "go")
    assert observation.stamp_ns == observation.joint_state.stamp_ns == T - 33 * MS
    np.testing.assert_allclose(observation.joint_state.position, (T - 33 * MS) * 1e-9)
    assert observation.frames["global"].stamp_ns == T - 10 * MS
    assert observation.prompt == "go"


def test_the_force_at_the_tools_is_interpolated_like_all_that_is_measured() -> None:
    before, after = (replace(state(T + k * MS, 0.0), tool_force_n=np.array([10.0 + k])) for k in (-10, 10))
    observations = builder(before, after)
    for view in UR5.views:
        observations.add_frame(frame(view, T))
    np.testing.assert_allclose(observations.build(T + 10 * MS, "go").joint_state.tool_force_n, [10.0])


def test_earlier_frames_come_with_it_until_an_episode_begins() -> None:
    history = FrameHistory({"wrist": (-1,)}, FRAME_PERIOD_S)
    observations = ObservationBuilder(UR5, UR5.views, FRAME_PERIOD_S, Freshness(), history)
    assert observations.looks_back(0) and not builder().looks_back(0)
    for joint_state in ramp(T - 100 * MS, T + 8 * MS):
        observations.add_joint_state(joint_state)
    for stamp_ns in (T - 33 * MS, T - 33 * MS, T):
        for view in UR5.views:
            observations.add_frame(frame(view, stamp_ns))
    ((where, earlier),) = observations.build(T, "go").history.items()
    assert where == ("wrist", -1) and earlier.stamp_ns == T - 33 * MS
    observations.begin_episode()
    assert observations.build(T, "go").history == {}


@given(st.integers(0, 100 * MS))
def test_interpolated_state_lies_between_its_neighbours(age_ns: int) -> None:
    observations = builder(*ramp(T - 120 * MS, T, 7 * MS), state(T, T * 1e-9))
    for view in UR5.views:
        observations.add_frame(frame(view, T - age_ns))
    position = observations.build(T, "go").joint_state.position
    np.testing.assert_allclose(position, (T - age_ns) * 1e-9, rtol=0, atol=1e-9)


def test_exactly_measured_state_is_taken_as_it_is() -> None:
    only = state(T, 0.5)
    observations = builder(only)
    for view in UR5.views:
        observations.add_frame(frame(view, T))
    assert observations.build(T, "go").joint_state is only


@pytest.mark.parametrize(("age_ms", "good"), [(0, True), (99.9, True), (100, True), (100.1, False)])
def test_frames_older_than_100_ms_are_refused(age_ms: float, good: bool) -> None:
    observations = builder(*ramp(T - 200 * MS, T))
    for view in UR5.views:
        observations.add_frame(frame(view, T - round(age_ms * MS)))
    if good:
        observations.build(T, "go")
        return
    error = refused(observations, T)
    assert error.cause is Cause.CAMERA_STALE
    assert "newest frame of view wrist is 100.1 ms old, at most 100.0 ms" in str(error)


@pytest.mark.parametrize(("skew_ms", "good"), [(0, True), (43.3, True), (43.4, False)])
def test_frames_a_period_and_10_ms_apart_are_refused(skew_ms: float, good: bool) -> None:
    observations = builder(*ramp(T - 200 * MS, T))
    observations.add_frame(frame("wrist", T))
    observations.add_frame(frame("global", T - round(skew_ms * MS)))
    if good:
        observations.build(T, "go")
        return
    error = refused(observations, T)
    assert error.cause is Cause.CAMERA_SKEWED
    assert "views global and wrist are 43.4 ms apart, at most 43.3 ms" in str(error)


def test_view_that_never_came_is_named() -> None:
    observations = builder(*ramp(T - 20 * MS, T))
    observations.add_frame(frame("wrist", T))
    error = refused(observations, T)
    assert error.cause is Cause.CAMERA_STALE
    assert "view global has sent no frame yet" in str(error)


def test_frame_from_the_future_is_refused() -> None:
    observations = builder(*ramp(T - 20 * MS, T))
    for view in UR5.views:
        observations.add_frame(frame(view, T + 11 * MS))
    error = refused(observations, T)
    assert error.cause is Cause.CAMERA_STALE
    assert "11.0 ms in the future" in str(error)


def test_frozen_camera_grows_stale_although_it_goes_on_sending() -> None:
    observations = builder(*ramp(T - 20 * MS, T + 200 * MS))
    for k in range(6):
        observations.add_frame(frame("wrist", T, shade=k))  # one stamp, again and again
        observations.add_frame(frame("global", T + k * 33 * MS))
    error = refused(observations, T + 165 * MS)
    assert error.cause is Cause.CAMERA_STALE
    assert "wrist" in str(error)


def test_frames_that_come_late_or_from_other_views_change_nothing() -> None:
    observations = builder(*ramp(T - 60 * MS, T))
    for view in ("wrist", "global", "side"):
        observations.add_frame(frame(view, T - 10 * MS, shade=1))
        observations.add_frame(frame(view, T - 43 * MS, shade=2))
    frames = observations.build(T, "go").frames
    assert set(frames) == {"wrist", "global"}
    assert all(kept.image[0, 0, 0] == 1 for kept in frames.values())


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], "none for the oldest frame"),
        (ramp(T - 60 * MS, T - 20 * MS), "newest joint state is 20.0 ms older than the oldest frame"),
        (ramp(T + 5 * MS, T + 20 * MS), "oldest joint state is 5.0 ms newer than the oldest frame"),
        (ramp(T - 60 * MS, T + 60 * MS, 120 * MS), "joint states around the oldest frame are 120.0 ms apart"),
    ],
)
def test_states_that_do_not_surround_the_oldest_frame_are_refused(states: list[JointState], message: str) -> None:
    observations = builder(*states)
    for view in UR5.views:
        observations.add_frame(frame(view, T))
    error = refused(observations, T + 30 * MS)
    assert error.cause is Cause.STATE_STALE
    assert message in str(error)


def test_states_that_do_not_advance_are_not_kept() -> None:
    observations = builder(state(T, 0.1), state(T, 0.2), state(T - MS, 0.3))
    assert observations.newest_state(T).position[0] == 0.1


def test_newest_state_is_fresh_or_an_error() -> None:
    with pytest.raises(ObservationError, match="no joint state yet"):
        builder().newest_state(T)
    observations = builder(state(T))
    observations.newest_state(T + 100 * MS)
    with pytest.raises(ObservationError, match=r"joint state is 101\.0 ms old, at most 100\.0 ms"):
        observations.newest_state(T + 101 * MS)


def test_state_from_the_future_is_not_fresh_and_blocks_none_that_follow() -> None:
    observations = builder(*ramp(T - 200 * MS, T), state(T + 60_000 * MS, 0.5))
    with pytest.raises(ObservationError, match=r"joint state is from 60000\.0 ms in the future") as caught:
        observations.newest_state(T)
    assert caught.value.cause is Cause.STATE_STALE
    observations.add_joint_state(state(T + 8 * MS, 0.1))
    assert observations.newest_state(T + 8 * MS).position[0] == 0.1
    builder(state(T + 10 * MS)).newest_state(T)
    with pytest.raises(ObservationError, match="in the future"):
        builder(state(T + 11 * MS)).newest_state(T)


def test_frame_from_the_future_blocks_none_that_follow() -> None:
    observations = builder(state(T))
    observations.add_frame(frame("wrist", T + 60_000 * MS))
    for view in UR5.views:
        observations.add_frame(frame(view, T))
    assert observations.build(T, "go").stamp_ns == T


def test_moved_since_sees_a_way_there_and_back() -> None:
    observations = builder(state(T, 0.0), state(T + MS, 0.3), state(T + 2 * MS, 0.0))
    assert observations.moved_since(state(T)).max() == 0.3
    assert observations.moved_since(state(T + 2 * MS)).max() == 0.0
    assert observations.moved_since(state(T + 3 * MS)).max() == 0.0


def test_still_is_known_only_after_a_while() -> None:
    assert not builder().is_still(0.2, 0.1)
    assert not builder(*ramp(T, T + 192 * MS)).is_still(0.2, 1.0)
    assert builder(*ramp(T, T + 200 * MS)).is_still(0.2, 0.201)
    assert not builder(*ramp(T, T + 200 * MS)).is_still(0.2, 0.199)


def test_history_is_bounded() -> None:
    observations = builder(*ramp(T, T + 10_000 * MS, 100 * MS))
    assert observations.moved_since(state(0, (T + 10_000 * MS) * 1e-9)).max() == pytest.approx(2.0)


def test_state_of_another_robot_is_an_error() -> None:
    with pytest.raises(SpecError, match="joint state has 3 joints, ur5 has 7"):
        builder(JointState(T, np.zeros(3), np.zeros(3), np.zeros(3)))
