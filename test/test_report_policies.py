"""What policies are compared by: success and score with intervals, latency, idle time, takeovers, failures."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_trial_results import SITTING, make_trial

from ros_wam.causes import Cause
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.verdict import Quality
from ros_wam.trial.episode import Episode
from ros_wam.trial.outcome import Outcome
from ros_wam.trial.report_html import render_html
from ros_wam.trial.report_markdown import render_markdown
from ros_wam.trial.report_policies import policies_html, policy_rows
from ros_wam.trial.summary import summarise, wilson_interval

TRIALS = [
    replace(make_trial(1), policy="a", takeovers=2, idle_fraction=0.5, score=1.0),
    replace(make_trial(2, Outcome.FAILURE), policy="a", failure_class="action_error", idle_fraction=0.25, score=0.5),
    replace(make_trial(3, Outcome.FAILURE), policy="a", score=0.0, inference_ms={"p50": 30.0, "p99": 900.0}),
    replace(make_trial(4, Outcome.ABORTED, Cause.CAMERA_STALE), policy="b"),
]


def test_each_policy_has_a_row() -> None:
    rows = policy_rows(summarise(TRIALS))
    assert rows == [
        (
            "a",
            "1 of 3 (6–79 %)",
            "50 % (13–87 %)",
            "12.5 s",
            "17 / 900 ms",
            "37.5 %",
            "2",
            "action_error × 1, unclassified × 1",
        ),
        ("b", "0 of 0", "–", "–", "–", "–", "0", "1 invalid"),
    ]


def test_the_summary_of_all_is_beside_that_of_each() -> None:
    summary = summarise(TRIALS)
    assert summary["failure_classes"] == {"action_error": 1, "unclassified": 1}
    assert (summary["takeovers"], summary["idle_fraction"]) == (2, 0.375)
    assert list(summary["policies"]) == ["a", "b"]
    assert {name for name in summary if name != "policies"} == set(summary["policies"]["a"])


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30))
def test_the_interval_of_a_score_holds_its_mean_and_stays_within_0_and_1(scores: list[float]) -> None:
    low, high = wilson_interval(sum(scores), len(scores)) or (1.0, 0.0)
    mean = sum(scores) / len(scores)
    assert 0.0 <= low <= mean + 1e-9 and mean - 1e-9 <= high <= 1.0
    assert high - low > 0.05, "some doubt is always left"


def test_a_sitting_without_trials_has_no_table() -> None:
    assert policies_html(summarise([])) == ""


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_both_reports_tell_it(render: object) -> None:
    found = Finding(CheckName.VIEW_SKEW, Severity.BAD, "wrist and global are 80 ms apart", 1.0, 2.0, 80.0, 43.0)
    judged = replace(TRIALS[0], quality=Quality(12.0, (found,)).to_json())
    page = render(SITTING, summarise(TRIALS), [Episode(judged), Episode(TRIALS[1])])  # type: ignore[operator]
    for text in ("17 / 900 ms", "action_error × 1", "1 of 3 (6–79 %)", "wrist and global are 80 ms apart", "bad"):
        assert text in page
