"""What stands for an instant, compared with what a plain search finds."""

from dataclasses import replace

import numpy as np
import pytest
from export.made_episode import T0_NS, at, made_episode
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.errors import ExportError
from ros_wam.export.episode import Episode
from ros_wam.export.resample import Samples, instants, resample
from ros_wam.export.sampling import Action, Gaps, Sampling, StateAt
from ros_wam.fields import MODES
from ros_wam.types import Mode

MS = 1_000_000
STAMPS = st.lists(st.integers(-50 * MS, 1000 * MS), min_size=1, max_size=40, unique=True).map(sorted)
SAMPLINGS = st.builds(
    Sampling,
    rate_hz=st.sampled_from([5.0, 7.5, 30.0, 29.97]),
    max_age_s=st.sampled_from([0.02, 0.1, 0.5]),
    action=st.sampled_from(Action),
    state_at=st.sampled_from(StateAt),
    gaps=st.just(Gaps.DROP),
)


def steady(period_ms: float, end_ms: float = 1000.0, start_ms: float = 0.0) -> list[int]:
    return [round(k * period_ms * MS) for k in range(int(start_ms / period_ms), int(end_ms / period_ms) + 1)]


def full(views: dict[str, list[int]] | None = None, end_ms: float = 1000.0) -> Episode:
    shown = {"wrist": steady(33.0), "global": steady(33.0)} if views is None else views
    return made_episode(shown, steady(8.0, 1100.0), steady(8.0, 1100.0), round(end_ms * MS))


@settings(deadline=None)
@given(st.floats(1.0, 200.0), st.integers(1, 10**10))
def test_instants_do_not_drift(rate_hz: float, length_ns: int) -> None:
    grid = instants(T0_NS, T0_NS + length_ns, rate_hz)
    assert grid[0] == T0_NS and grid[-1] < T0_NS + length_ns <= T0_NS + round(len(grid) * 1e9 / rate_hz)
    assert np.abs(grid - T0_NS - np.arange(len(grid)) * 1e9 / rate_hz).max() <= 1.0


@settings(max_examples=200, deadline=None)
@given(STAMPS, STAMPS, STAMPS, STAMPS, SAMPLINGS)
def test_every_sample_is_what_a_plain_search_finds(
    wrist: list[int], side: list[int], joints: list[int], ticks: list[int], sampling: Sampling
) -> None:
    episode = made_episode({"wrist": wrist, "global": side}, joints, ticks, 1000 * MS)
    grid = instants(T0_NS, T0_NS + 1000 * MS, sampling.rate_hz)
    expected = [
        row
        for now, after in zip(grid[:-1].tolist(), grid[1:].tolist(), strict=True)
        if (row := searched(episode, sampling, now, after)) is not None
    ]
    try:
        samples = resample(episode, sampling)
    except ExportError:
        assert not expected
        return
    assert samples.stamp_ns.tolist() == [row["stamp_ns"] for row in expected]
    for view in ("wrist", "global"):
        assert samples.picture_stamp_ns[view].tolist() == [row[view] for row in expected]
    assert samples.action_stamp_ns.tolist() == [row["tick"] for row in expected]
    np.testing.assert_allclose(samples.action, [row["action"] for row in expected], atol=1e-9)
    assert samples.state_stamp_ns.tolist() == [row["observed"] for row in expected]
    np.testing.assert_allclose(samples.position, at(samples.state_stamp_ns), atol=1e-6)


def searched(episode: Episode, sampling: Sampling, now: int, after: int) -> dict | None:
    row: dict = {"stamp_ns": now}
    for view, recorded in episode.views.items():
        before = [stamp for stamp in recorded.stamp_ns.tolist() if now - sampling.max_age_ns <= stamp <= now]
        if not before:
            return None
        row[view] = max(before)
    seen = min(row[view] for view in episode.views) if sampling.state_at is StateAt.PICTURE else now
    row["observed"], after = seen, after - now + seen
    measured = episode.joints.stamp_ns.tolist()
    left, right = [s for s in measured if s <= seen], [s for s in measured if s >= seen]
    if not left or not right or min(right) - max(left) > sampling.max_age_ns:
        return None
    ticks = [stamp for stamp in episode.trace.stamp_ns.tolist() if after - sampling.max_age_ns <= stamp <= after]
    if not ticks:
        return None
    k = episode.trace.stamp_ns.tolist().index(max(ticks))
    asked = episode.trace.target[k] if k % 5 else episode.trace.desired[k]
    row["tick"], row["action"] = max(ticks), episode.trace.sent[k] if sampling.action is Action.SENT else asked
    return row


def test_the_action_is_what_was_in_force_at_the_next_instant() -> None:
    samples = resample(full(), Sampling(20.0))
    assert (samples.action_stamp_ns <= samples.stamp_ns + 50 * MS).all()
    assert (samples.action_stamp_ns > samples.stamp_ns + 50 * MS - 8 * MS).all()


def test_a_gap_in_the_middle_is_refused_by_name() -> None:
    wrist = [stamp for stamp in steady(33.0) if not 300 * MS < stamp < 600 * MS]
    episode = full({"wrist": wrist, "global": steady(33.0)})
    with pytest.raises(ExportError, match=r"\d+ samples are missing in its middle, the first 0\.\d+ s after .*: wrist"):
        resample(episode, Sampling(30.0))
    dropped = resample(episode, Sampling(30.0, gaps=Gaps.DROP))
    assert dropped.dropped == {"wrist": len(resample(full(), Sampling(30.0))) - len(dropped)}
    assert ((dropped.stamp_ns - dropped.picture_stamp_ns["wrist"]) <= 100 * MS).all()


def test_what_is_missing_at_the_ends_is_left_out_and_counted() -> None:
    samples = resample(full({"wrist": steady(33.0, 800.0, 200.0), "global": steady(33.0)}), Sampling(10.0))
    assert samples.stamp_ns[0] == T0_NS + 200 * MS and samples.dropped["wrist"] == 9 - len(samples)


def test_a_camera_slower_than_the_rate_repeats_and_says_so() -> None:
    samples = resample(full({"wrist": steady(66.0), "global": steady(33.0)}), Sampling(30.0))
    assert samples.repeated["wrist"] > 10 > samples.repeated["global"]


def test_trimming_keeps_one_sample_of_rest_at_each_end() -> None:
    episode = full()
    held = np.clip(episode.trace.stamp_ns - T0_NS, 300 * MS, 700 * MS)
    trace = replace(episode.trace, sent=at(T0_NS + held))
    samples = resample(replace(episode, trace=trace), Sampling(50.0, trim=True))
    moving = np.abs(np.diff(samples.action[:, 0])) > 0
    assert moving.all() and samples.trimmed == len(resample(episode, Sampling(50.0))) - len(samples)
    assert samples.stamp_ns[0] == T0_NS + 280 * MS and samples.stamp_ns[-1] <= T0_NS + 700 * MS
    still = replace(episode, trace=replace(episode.trace, sent=0.0 * trace.sent))
    with pytest.raises(ExportError, match="never told to move"):
        resample(still, Sampling(50.0, trim=True))


def test_each_sample_says_who_had_the_robot() -> None:
    episode = full()
    source = np.where(episode.trace.stamp_ns < T0_NS + 500 * MS, MODES.index(Mode.POLICY), MODES.index(Mode.TELEOP))
    trace = replace(episode.trace, origin=replace(episode.trace.origin, source=source))
    samples = resample(replace(episode, trace=trace), Sampling(10.0))
    assert [MODES[k] for k in samples.source] == [Mode.POLICY] * 5 + [Mode.TELEOP] * 4


@pytest.mark.parametrize("setting", [{"rate_hz": 0.0}, {"rate_hz": 30.0, "max_age_s": float("nan")}])
def test_impossible_settings_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ExportError, match="must be finite and above 0"):
        Sampling(**setting)


def test_an_episode_without_a_view_is_refused() -> None:
    with pytest.raises(ExportError, match="no pictures of wrist"):
        resample(full({"wrist": [], "global": steady(33.0)}), Sampling(30.0))
    with pytest.raises(ExportError, match="is over before"):
        resample(full(end_ms=10.0), Sampling(30.0))


def test_rows_are_taken_from_every_column() -> None:
    samples = resample(full(), Sampling(10.0))
    two: Samples = samples.rows(np.array([1, 3]))
    assert len(two) == 2 and two.picture["wrist"].tolist() == samples.picture["wrist"][[1, 3]].tolist()
    assert two.dropped == samples.dropped
