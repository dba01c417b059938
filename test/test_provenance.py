"""From a bag alone: what each sent setpoint came from, and what changed it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_bag import LATENCIES_MS, REFUSED, T0_NS, VIEWS, SyntheticBag

from ros_wam.causes import Limit
from ros_wam.cli.main import main
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.provenance import read_provenance, traced_share
from ros_wam.trial.smoothness import smoothness
from ros_wam.trial.trace import Trace
from ros_wam.types import Mode

ROBOTS = Path(__file__).parents[1] / "robots"


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provenance") / "bag"
    SyntheticBag(folder)
    return folder


def test_every_setpoint_tells_where_it_came_from(bag: Path) -> None:
    sent = list(read_provenance(bag))
    followed = [setpoint for setpoint in sent if setpoint.chunk_id >= 0]
    assert len(sent) == len(read_trace(bag).stamp_ns)
    assert {(s.inference_id, s.chunk_id, s.row, s.mode) for s in followed} == {(1, 1, 0, Mode.POLICY)}
    assert all(s.observation_stamp_ns == s.stamp_ns for s in followed)
    inferred_ns = T0_NS + 2 * 500_000_000
    views = {view: inferred_ns - 10**8 + place for place, view in enumerate(VIEWS)}
    assert all(s.view_stamps_ns == views for s in followed)
    assert [s.sequence for s in sent] == sorted(s.sequence for s in sent)
    idle = [s for s in sent if s.chunk_id < 0]
    assert {(s.inference_id, s.row, len(s.view_stamps_ns)) for s in idle} == {(-1, -1, 0)}


def test_every_change_names_its_limit_and_joint(bag: Path) -> None:
    changed = [(s.stamp_ns - T0_NS) * 1e-9 for s in read_provenance(bag) if s.changed]
    assert min(changed) == pytest.approx(1.0) and max(changed) == pytest.approx(2.0, abs=0.01)
    assert {tuple(s.changed.items()) for s in read_provenance(bag) if s.changed} == {((Limit.VELOCITY, ("joint1",)),)}


def test_the_share_that_can_be_traced_to_pictures(bag: Path) -> None:
    trace = read_trace(bag)
    assert traced_share(trace) == 1.0
    assert traced_share(replace(trace, inferences=trace.inferences[2:])) == 0.0
    assert traced_share(replace(trace, target=trace.target * np.nan)) is None


def test_the_trace_has_the_hops_and_the_refusals(bag: Path) -> None:
    inferences = read_trace(bag).inferences
    assert [inference.latency_ms for inference in inferences] == list(LATENCIES_MS)
    assert inferences[0].hops_ms == {"round_trip_ms": LATENCIES_MS[0], "whole_ms": LATENCIES_MS[0] + 100.0}
    assert [inference.refused for inference in inferences] == [""] * REFUSED + ["collision"]
    assert (inferences[REFUSED].chunk_id, inferences[REFUSED].detail) == (None, "the elbow meets the table")


def ur5_trace(bag: Path, sent: np.ndarray) -> tuple[Trace, Embodiment]:
    """The bag's times with another robot's motion."""
    trace, embodiment = read_trace(bag), load_embodiment(ROBOTS / "ur5.yaml")
    moved = np.resize(np.nan_to_num(sent), (len(trace.stamp_ns), 7))
    return replace(trace, joint_names=embodiment.joint_names, sent=moved, desired=moved), embodiment


def test_the_peaks_of_what_was_sent_are_shares_of_the_limits(bag: Path) -> None:
    times_s = read_trace(bag).times_s[:, None]
    trace, embodiment = ur5_trace(bag, 0.2 * np.sin(2.0 * times_s) * np.ones(7))
    peaks = smoothness(trace, embodiment)
    assert peaks is not None
    worst = [float(np.min(limit[:6])) for limit in (embodiment.velocity, embodiment.acceleration, embodiment.jerk)]
    wanted = [0.2 * 2.0**order / limit for order, limit in enumerate(worst, 1)]
    assert [peaks.velocity, peaks.acceleration, peaks.jerk] == pytest.approx(wanted, rel=0.01)
    assert peaks.narrowed_rad == 0.0


def test_a_missing_tick_and_a_hold_are_no_jerk(bag: Path) -> None:
    times_s = read_trace(bag).times_s[:, None]
    line = 0.2 * times_s * np.ones(7)
    trace, embodiment = ur5_trace(bag, line)
    jumped = replace(trace, sent=trace.sent + 0.5 * (times_s > 1.7))
    rough, smooth = smoothness(jumped, embodiment), smoothness(trace, embodiment)
    assert smooth is not None and smooth.jerk < 1e-6
    assert rough is not None and rough.jerk > 100.0 and rough.narrowed_rad == pytest.approx(0.5)
    k = int((times_s > 1.7).argmax())
    sequence = trace.origin.sequence + 1 * (np.arange(len(times_s)) >= k)
    gap = smoothness(replace(jumped, origin=replace(trace.origin, sequence=sequence)), embodiment)
    assert gap is not None and gap.jerk < 1e-6
    limits = np.where(np.arange(len(times_s)) >= k - 1, int(Limit.HOLD), 0)
    held = smoothness(replace(jumped, origin=replace(trace.origin, limits=limits)), embodiment)
    assert held is not None and held.jerk < 1e-6 < held.acceleration


def test_too_little_is_not_measured(bag: Path) -> None:
    trace, embodiment = ur5_trace(bag, np.zeros((1, 7)))
    assert smoothness(replace(trace, end_ns=trace.start_ns + 10**7), embodiment) is None


def test_bag_info_says_how_much_can_be_traced(bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bag", "info", str(bag)]) == 0
    assert "100.0 % of the policy's setpoints are traced to the pictures behind them" in capsys.readouterr().out
