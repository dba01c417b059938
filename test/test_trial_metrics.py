"""What is measured of a trial, from a bag with known contents."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_bag import JOINTS, LATENCIES_MS, T0_NS, VIEWS, SyntheticBag

from ros_wam.errors import RecordError
from ros_wam.fields import MODES
from ros_wam.record.gaps import missing_messages
from ros_wam.trial.bag_trace import measure_bag, read_trace
from ros_wam.trial.episode import PICTURES
from ros_wam.trial.film import read_film
from ros_wam.trial.metrics import Metrics, _never_moved, measure
from ros_wam.trial.trace import Trace
from ros_wam.types import Mode


def test_a_bag_tells_the_metrics(tmp_path: Path) -> None:
    SyntheticBag(tmp_path / "bag", seconds=4.0, lost_frames=(10, 11, 50))
    metrics = measure_bag(tmp_path / "bag")
    assert metrics.idle_fraction == pytest.approx(0.5 / 4.0, abs=0.003)
    assert metrics.interventions == 2
    assert metrics.inference_ms == {"p50": 55.0, "p99": pytest.approx(np.percentile(LATENCIES_MS, 99))}
    assert metrics.dropped == {
        "global/image/compressed": 0,
        "joint_states": 0,
        "setpoint_provenance": 0,
        "setpoints": 0,
        "wrist/image/compressed": 3,
    }


def taken_over(trace: Trace, begin_s: float, end_s: float) -> Trace:
    """Return the trace with the robot in TELEOP, and nothing to follow, from `begin_s` to `end_s` of its run."""
    inside = (trace.times_s >= begin_s) & (trace.times_s < end_s)
    source = np.where(inside, MODES.index(Mode.TELEOP), trace.origin.source)
    target = np.where(inside[:, None], np.nan, trace.target)
    return replace(trace, origin=replace(trace.origin, source=source), target=target)


def test_what_a_person_does_is_none_of_the_policys_idleness(tmp_path: Path) -> None:
    SyntheticBag(tmp_path / "bag", seconds=4.0)
    trace = read_trace(tmp_path / "bag")
    alone, helped = measure(trace), measure(taken_over(trace, 2.0, 3.0))
    assert alone.idle_fraction is not None and helped.idle_fraction is not None
    assert helped.idle_fraction == pytest.approx(alone.idle_fraction * 4.0 / 3.0, abs=0.005)
    assert helped.idle_after_first == pytest.approx(0.0, abs=0.005)


def test_what_the_gate_changes_of_a_person_is_none_of_the_policys_interventions(tmp_path: Path) -> None:
    SyntheticBag(tmp_path / "bag", seconds=4.0)
    trace = read_trace(tmp_path / "bag")
    assert measure(trace).interventions == 2
    assert measure(taken_over(trace, 0.9, 1.5)).interventions == 1
    assert measure(taken_over(trace, -10.0, 10.0)).interventions == 2, "a demonstration has the leader's"


def test_a_demonstration_has_no_policy_that_could_be_idle_or_refused(tmp_path: Path) -> None:
    SyntheticBag(tmp_path / "bag", seconds=4.0)
    trace = taken_over(read_trace(tmp_path / "bag"), -10.0, 10.0)
    metrics = measure(trace)
    assert (metrics.idle_fraction, metrics.idle_after_first, metrics.failure_class) == (None, None, None)


def test_the_trace_holds_every_tick_in_order(tmp_path: Path) -> None:
    bag = SyntheticBag(tmp_path / "bag", seconds=4.0)
    trace = read_trace(tmp_path / "bag")
    assert trace.joint_names == JOINTS
    assert (trace.start_ns, trace.end_ns) == (bag.start_ns, bag.end_ns)
    assert (np.diff(trace.stamp_ns) == 8_000_000).all()
    assert trace.sent - trace.measured == pytest.approx(0.01)
    assert len(trace.while_running().stamp_ns) == 501


def test_lost_ticks_are_counted_by_their_numbers(tmp_path: Path) -> None:
    SyntheticBag(tmp_path / "bag", seconds=4.0, lost_batches=(20, 40, 41, 90, 230))
    metrics = measure_bag(tmp_path / "bag")
    assert metrics.dropped is not None
    assert metrics.dropped["setpoints"] == 3
    assert metrics.dropped["setpoint_provenance"] == 0
    SyntheticBag(tmp_path / "whole", seconds=4.0)
    lost = len(read_trace(tmp_path / "whole").stamp_ns) - len(read_trace(tmp_path / "bag").stamp_ns)
    assert 10 <= lost <= 15, "five batches of two or three ticks, one before the start and one after the end"


def test_no_bag_means_nothing_is_known(tmp_path: Path) -> None:
    assert measure_bag(tmp_path / "bag") == Metrics()
    assert Metrics().as_fields() == {}


def test_an_unfinished_bag_is_recovered_and_measured(tmp_path: Path) -> None:
    SyntheticBag(tmp_path / "bag", seconds=4.0)
    (tmp_path / "bag/metadata.yaml").unlink()
    with pytest.raises(RecordError, match="never finished"):
        read_trace(tmp_path / "bag")
    metrics = measure_bag(tmp_path / "bag")
    assert metrics.idle_fraction == pytest.approx(0.5 / 4.0, abs=0.01)


def test_a_bag_that_is_beyond_recovery_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag/bag_0.mcap").write_bytes(b"")
    assert measure_bag(tmp_path / "bag") == Metrics()


def test_the_film_is_evenly_spaced(tmp_path: Path) -> None:
    bag = SyntheticBag(tmp_path / "bag", seconds=4.0)
    film = read_film(tmp_path / "bag", bag.start_ns, bag.end_ns)
    assert set(film) == set(VIEWS)
    stamps = np.array([picture.stamp_ns for picture in film["wrist"]])
    assert (stamps - T0_NS) * 1e-9 == pytest.approx(np.linspace(0.0, 4.0, PICTURES), abs=0.04)


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    bag = SyntheticBag(tmp_path / "bag", seconds=0.5, size=(480, 640))
    film = read_film(tmp_path / "bag", bag.start_ns, bag.end_ns)
    assert max(len(picture.jpeg) for picture in film["global"]) < 4000


PERIOD_NS = 33_333_333
END_NS = 300 * PERIOD_NS


def stream(rate_error: float = 0.0, jitter: float = 0.0, seed: int = 0) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    period_ns = PERIOD_NS * (1.0 + rate_error)
    late = np.random.default_rng(seed).uniform(0.0, jitter, 400) * PERIOD_NS
    return np.sort((np.arange(400) * period_ns + late + 1000).astype(np.int64))


@given(
    lost=st.sets(st.integers(1, 290), max_size=40),
    jitter=st.floats(0.0, 0.4),
    rate_error=st.floats(-0.01, 0.01),
    seed=st.integers(0, 100),
)
def test_every_lost_message_is_counted_and_no_other(
    lost: set[int], jitter: float, rate_error: float, seed: int
) -> None:
    stamps = np.delete(stream(rate_error, jitter, seed), sorted(lost))
    counted = missing_messages(stamps, PERIOD_NS, 0, END_NS)
    assert abs(counted - len(lost)) <= (0 if rate_error == 0.0 and jitter < 0.2 else 1 + len(lost) // 10)


@pytest.mark.parametrize(("rate_error", "jitter"), [(-0.01, 0.0), (0.01, 0.0), (-0.001, 0.3), (0.001, 0.3)])
def test_jitter_and_drift_are_no_loss(rate_error: float, jitter: float) -> None:
    assert missing_messages(stream(rate_error, jitter), PERIOD_NS, 0, END_NS) == 0


def test_silence_at_either_end_is_loss() -> None:
    stamps = stream()
    assert missing_messages(stamps[100:200], PERIOD_NS, 0, END_NS) == 200 - 1, (
        "where in its period a stream began is not known"
    )
    assert missing_messages(stamps[:0], PERIOD_NS, 0, END_NS) == 300


@pytest.mark.parametrize("phase", [0.0, 0.01, 0.5, 0.99, 1.0])
def test_where_a_stream_stands_at_the_edges_is_no_loss(phase: float) -> None:
    stamps = (round(phase * PERIOD_NS) + np.arange(300) * PERIOD_NS).astype(np.int64)
    for end_ns in (END_NS, END_NS - 1, END_NS + PERIOD_NS // 3):
        assert missing_messages(stamps, PERIOD_NS, 0, end_ns) == 0


@pytest.mark.parametrize(
    ("idle", "refusals", "told"),
    [
        (True, {"expired": 1, "wrong_shape": 7}, "refused:wrong_shape"),
        (False, {"wrong_shape": 7}, None),
        (True, {}, None),
    ],
)
def test_a_robot_that_followed_nothing_is_told_with_what_was_refused(
    idle: bool, refusals: dict[str, int], told: str | None
) -> None:
    assert _never_moved(idle, refusals) == told
