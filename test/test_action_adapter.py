"""Rows of joint actions to joint positions: spaces, references, degrees, grippers, normalisation."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from action_world import RATE_HZ, adapter_for, profile_for, seen_at
from fake_policy import UR5
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from policy_world import S, World

from ros_wam.causes import RefusalReason
from ros_wam.errors import ChunkRefused, ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policy.action_spec import ActionSpec, ToolOffset
from ros_wam.policy.execution import Execution
from ros_wam.policy.gripper_range import GripperRange
from ros_wam.policy.normalized import Normalized
from ros_wam.types import FloatArray

JOINTS = UR5.joint_names
KINEMATICS = Kinematics(UR5)
HERE = UR5.home_position + np.array([0.1, -0.1, 0.2, 0.0, 0.05, 0.3, -0.6])
SEEN, AT_HOME = seen_at(UR5, HERE), seen_at(UR5, UR5.home_position)
ROWS = np.arange(21.0).reshape(3, 7) / 120.0  # as motions, within the limits
CHUNKS = arrays(np.float64, st.tuples(st.integers(1, 8), st.just(7)), elements=st.floats(-3.0, 3.0))


def rows_of(
    rows: FloatArray, space: str = "joint_position", columns: tuple[str, ...] = JOINTS, **how: Any
) -> FloatArray:
    return adapter_for(UR5, columns, space, **how).joint_rows(rows, SEEN)


def test_absolute_rows_come_in_the_order_of_the_robot() -> None:
    shuffled = ("gripper", "unused.2", *JOINTS[:6])
    rows = np.hstack([ROWS[:, 6:], np.full((3, 2), 99.0), ROWS[:, :6]])
    np.testing.assert_allclose(rows_of(rows, columns=shuffled), ROWS)


def test_relative_rows_begin_where_the_robot_was_at_the_observation() -> None:
    expected = np.hstack([HERE[:6] + ROWS[:, :6], ROWS[:, 6:]])
    np.testing.assert_allclose(rows_of(ROWS, reference="relative"), expected)


def test_initial_rows_begin_where_the_episode_began() -> None:
    adapter = adapter_for(UR5, JOINTS, "joint_position", reference="initial")
    adapter.begin()
    for seen in (AT_HOME, SEEN):
        np.testing.assert_allclose(adapter.joint_rows(ROWS, seen)[:, :6], UR5.home_position[:6] + ROWS[:, :6])
    adapter.begin()
    np.testing.assert_allclose(adapter.joint_rows(ROWS, SEEN)[:, :6], HERE[:6] + ROWS[:, :6])


def test_deltas_add_up_from_where_the_robot_was_which_is_the_first_row() -> None:
    chunk = rows_of(ROWS, reference="delta")
    assert chunk.shape == (4, 7)
    np.testing.assert_allclose(chunk[0, :6], HERE[:6])
    np.testing.assert_allclose(np.diff(chunk[:, :6], axis=0), ROWS[:, :6])


def test_velocities_hold_until_the_next_row() -> None:
    chunk = rows_of(ROWS, "joint_velocity")
    assert chunk.shape == (4, 7)
    np.testing.assert_allclose(chunk[0, :6], HERE[:6])
    np.testing.assert_allclose(np.diff(chunk[:, :6], axis=0) * RATE_HZ, ROWS[:, :6])


@pytest.mark.parametrize(("space", "scale"), [("joint_velocity", 1.0), ("joint_position", 1.0 / RATE_HZ)])
def test_motions_beyond_a_limit_are_slowed_together(space: str, scale: float) -> None:
    rows = np.zeros((2, 7))
    rows[0, :3] = np.array([-3.0, 1.5, 0.3]) * UR5.velocity[0]
    rows[1, :3] = 0.9 * UR5.velocity[0]
    chunk = rows_of(scale * rows, space, reference="delta" if space == "joint_position" else "absolute")
    speeds = np.diff(chunk[:, :3], axis=0) * RATE_HZ / UR5.velocity[0]
    np.testing.assert_allclose(speeds, [[-1.0, 0.5, 0.1], [0.9, 0.9, 0.9]])


def test_how_much_is_slowed_is_told_of_each_answer() -> None:
    adapter = adapter_for(UR5, JOINTS, "joint_velocity")
    rows = np.zeros((3, 7))
    for excess, share in ((4.0, 0.25), (1.0, 1.0)):
        rows[1, 0] = excess * UR5.velocity[0]
        adapter.joint_rows(rows, seen_at(UR5, HERE))
        assert adapter.slowest_share == pytest.approx(share)


@pytest.mark.parametrize("asked", [2.5, 1e308])
def test_motions_that_no_robot_makes_are_refused_instead(asked: float) -> None:
    """As of a policy that means degrees, where its profile does not say so."""
    rows = np.zeros((2, 7))
    rows[1, 2] = -asked
    with pytest.raises(ChunkRefused, match=r"velocity.*row 1 asks for \S+ times .* at most 10 times is slowed"):
        rows_of(rows, reference="delta")


@settings(max_examples=30)
@given(rows=arrays(np.float64, (8, 7), elements=st.floats(-10.0 * UR5.velocity[0], 10.0 * UR5.velocity[0])))
def test_no_velocity_is_beyond_what_admission_allows(rows: FloatArray) -> None:
    speeds = np.abs(np.diff(rows_of(rows, "joint_velocity")[:, :6], axis=0)) * RATE_HZ
    assert (speeds <= UR5.velocity[:6] + 1e-9).all()


@pytest.mark.parametrize(("space", "reference"), [("joint_position", "delta"), ("joint_velocity", "absolute")])
def test_a_gripper_is_asked_for_when_its_row_begins_and_is_never_opened_to_where_it_was(
    space: str, reference: str
) -> None:
    held = HERE.copy()
    held[6] = 0.4  # an object keeps the fingers from closing
    rows = np.zeros((3, 7))
    rows[:, 6] = (0.0, 0.0, 1.0)
    chunk = adapter_for(UR5, JOINTS, space, reference=reference).joint_rows(rows, seen_at(UR5, held))
    np.testing.assert_array_equal(chunk[:, 6], [0.0, 0.0, 1.0, 1.0])


@settings(max_examples=30)
@given(rows=CHUNKS)
def test_deltas_of_places_are_those_places(rows: FloatArray) -> None:
    places = HERE[:6] + np.vstack([np.zeros(6), 0.03 * rows[:, :6]])
    motions = np.hstack([np.diff(places, axis=0), rows[:, 6:]])
    np.testing.assert_allclose(rows_of(motions, reference="delta")[:, :6], places, atol=1e-9)


@settings(max_examples=30)
@given(rows=CHUNKS, reference=st.sampled_from(["absolute", "relative", "delta", "initial"]))
def test_degrees_are_for_joints_alone(rows: FloatArray, reference: str) -> None:
    rows = 0.5 * rows  # as motions, slowed and not refused
    in_degrees = np.hstack([np.degrees(rows[:, :6]), rows[:, 6:]])
    np.testing.assert_allclose(
        rows_of(in_degrees, reference=reference, degrees=True), rows_of(rows, reference=reference), atol=1e-9
    )


def test_grippers_are_read_in_the_numbers_of_the_server() -> None:
    rows = ROWS.copy()
    rows[:, 6] = (0.0, 0.4, 1.2)
    droid = GripperRange(closed=1.0, open=0.0)
    np.testing.assert_allclose(rows_of(rows, gripper=droid)[:, 6], [1.0, 0.6, 0.0])
    either = GripperRange(closed=1.0, open=0.0, threshold=0.5)
    np.testing.assert_array_equal(rows_of(rows, gripper=either)[:, 6], [1.0, 1.0, 0.0])


def test_normalised_rows_are_made_physical_before_all_else() -> None:
    normalized = Normalized(low=(-0.2,) * 6 + (-1.0,), high=(0.2,) * 6 + (1.0,))
    rows = np.full((1, 7), 0.5)
    rows[0, 0] = 7.0  # cut to 1
    chunk = rows_of(rows, reference="delta", normalized=normalized, gripper=GripperRange(-1.0, 1.0))
    np.testing.assert_allclose(chunk[1] - [*HERE[:6], 0.0], [0.2, *[0.1] * 5, 0.75])


def test_the_answer_is_not_changed() -> None:
    rows = ROWS.copy()
    rows.setflags(write=False)
    rows_of(rows, degrees=True)[0, 0] = 1.0
    np.testing.assert_array_equal(rows, ROWS)


def test_statistics_that_are_missing_are_named_before_anything_moves(tmp_path: Path) -> None:
    normalized = Normalized(file=tmp_path / "dataset_statistics.json", at="franka > action")
    with pytest.raises(
        ConfigError, match=r"policy baseline: action: normalized: .*dataset_statistics.json: No such file"
    ):
        rows_of(ROWS, normalized=normalized)


def test_a_tool_that_is_nowhere_is_named() -> None:
    with pytest.raises(ConfigError, match=r"action: tool is \(0.0, 0.0, inf\) m"):
        ToolOffset(xyz_m=(0.0, 0.0, float("inf")))


@pytest.mark.parametrize(
    ("key", "how"),
    [
        ("space", {"space": "joints"}),
        ("reference", {"space": "joint_position", "reference": "first"}),
        ("reference", {"space": "joint_velocity", "reference": "initial"}),
        ("frame", {"space": "tool_pose", "reference": "delta", "frame": "world"}),
        ("frame", {"space": "tool_pose", "frame": "tool"}),
        ("frame", {"space": "joint_position", "reference": "delta", "frame": "tool"}),
        ("horizon", {"space": "joint_position", "horizon": 1}),
    ],
)
def test_what_cannot_be_is_named(key: str, how: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"action: {key} is"):
        ActionSpec(**{"horizon": None, **how})


def test_poses_go_through_the_loop_and_unreachable_ones_are_counted_by_their_reason() -> None:
    world = World(profile=profile_for(("arm.xyz", "arm.rotvec", "gripper"), "tool_pose", reference="relative"))
    down = np.zeros((5, 7))
    down[:, 2] = -0.005 * np.arange(5)
    world.client.actions = down
    chunk = world.tick().chunk
    assert chunk.positions.shape == (5, 7)
    lowered = [KINEMATICS.tool_position(chunk.positions[k])[2] for k in (0, -1)]
    assert lowered[0] - lowered[1] == pytest.approx(0.02, abs=1e-4)
    world.client.actions = 100.0 * down
    world.run_until(world.clock.now_ns() + 2 * S)
    step = world.tick()
    assert step.refused.reason is RefusalReason.UNREACHABLE
    assert "arm, row" in step.refused.detail
    assert step.refusals == {"unreachable": 1}


@pytest.mark.parametrize(("strategy", "rows"), [("sequential", 5), ("receding", 9)])
def test_so_many_motions_are_executed_as_the_horizon_says(strategy: str, rows: int) -> None:
    profile = profile_for(JOINTS, "joint_velocity")
    world = World(profile=dataclasses.replace(profile, execution=Execution(strategy, 4)))
    world.client.actions = np.full((8, 7), 0.01)
    assert len(world.tick().chunk.positions) == rows  # the first is where the robot was


@pytest.mark.parametrize("reference", ["relative", "initial"])
def test_a_new_episode_begins_anew_through_the_loop(reference: str) -> None:
    world = World(profile=profile_for(JOINTS, "joint_position", reference=reference))
    world.client.actions = np.zeros((5, 7))
    for shift in (0.0, 0.3):
        world.position = UR5.home_position + np.where(UR5.is_gripper, 0.0, shift)
        world.run_until(world.clock.now_ns() + S)
        world.loop.start("tidy up")
        np.testing.assert_allclose(world.tick().chunk.positions[:, :6], np.tile(world.position[:6], (5, 1)))
