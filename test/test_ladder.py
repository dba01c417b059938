"""The one table: every cause has a rung, delays and escalation are counted to the nanosecond, the most severe wins."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.causes import Action, Cause
from ros_wam.ladder import LADDER, SLOW_SHARE, Recovery, Rung, most_severe, with_table

PERIOD_S = 0.002
PAGE = Path(__file__).parents[1] / "docs" / "failsafe.md"


def test_every_cause_has_a_rung() -> None:
    assert LADDER.keys() == set(Cause)


def test_no_two_rungs_mean_the_same() -> None:
    conditions = [rung.condition for rung in LADDER.values()]
    assert len(set(conditions)) == len(conditions)


def test_what_stops_the_robot_is_ended_by_someone() -> None:
    for cause, rung in LADDER.items():
        if rung.action is Action.STOP:
            assert rung.recovery in (Recovery.RECOVER, Recovery.RESTART), cause


def test_a_declared_state_is_reached_within_100_ms_where_somebody_may_be_hurt() -> None:
    for cause in (Cause.LEADER_LOST, Cause.ENABLE_LOST, Cause.CONTROL_PROCESS_DIED, Cause.CONTACT_FORCE):
        assert LADDER[cause].delay_ns(0.008) <= 100_000_000
    assert 0.0 < SLOW_SHARE < 1.0


def test_the_page_says_what_the_ladder_says() -> None:
    page = PAGE.read_text()
    assert with_table(page) == page, "make docs"
    for cause in Cause:
        assert f"| `{cause.value}` | {LADDER[cause].condition} |" in page


@given(st.lists(st.sampled_from(Cause)))
def test_the_most_severe_decides_and_the_first_of_equals(causes: list[Cause]) -> None:
    decides = most_severe(causes)
    if not causes:
        assert decides is None
        return
    severity = [LADDER[cause].action for cause in causes]
    assert decides is causes[severity.index(max(severity))]


@pytest.mark.parametrize(
    ("rung", "lasted_ns", "action"),
    [
        (Rung("", Action.HOLD, Recovery.ITSELF), -1, None),
        (Rung("", Action.HOLD, Recovery.ITSELF), 0, Action.HOLD),
        (Rung("", Action.HOLD, Recovery.ITSELF), 10**18, Action.HOLD),
        (Rung("", Action.SLOW, Recovery.ITSELF, delay_s=0.08), 79_999_999, None),
        (Rung("", Action.SLOW, Recovery.ITSELF, delay_s=0.08), 80_000_000, Action.SLOW),
        (Rung("", Action.HOLD, Recovery.ITSELF, delay_periods=5), 9_999_999, None),
        (Rung("", Action.HOLD, Recovery.ITSELF, delay_periods=5), 10_000_000, Action.HOLD),
        (Rung("", Action.HOLD, Recovery.ITSELF, delay_s=0.001, delay_periods=5), 10_999_999, None),
        (Rung("", Action.HOLD, Recovery.ITSELF, delay_s=0.001, delay_periods=5), 11_000_000, Action.HOLD),
        (Rung("", Action.HOLD, Recovery.ITSELF, delay_s=0.02, stop_after_s=0.5), 19_999_999, None),
        (Rung("", Action.HOLD, Recovery.ITSELF, delay_s=0.02, stop_after_s=0.5), 519_999_999, Action.HOLD),
        (Rung("", Action.HOLD, Recovery.ITSELF, delay_s=0.02, stop_after_s=0.5), 520_000_000, Action.STOP),
    ],
)
def test_what_a_condition_that_lasts_brings_about(rung: Rung, lasted_ns: int, action: Action | None) -> None:
    assert rung.action_after(lasted_ns, PERIOD_S) is action
