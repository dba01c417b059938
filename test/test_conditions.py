"""The ladder's bookkeeping: beginnings, ends, escalation and order."""

from hypothesis import given
from hypothesis import strategies as st

from ros_wam.causes import Action, Cause
from ros_wam.ladder import LADDER, Active
from ros_wam.motion.conditions import Conditions

MS = 1_000_000
PERIOD_S = 0.008


def test_nothing_acts_while_nothing_holds() -> None:
    assert Conditions(PERIOD_S).update({}, 0) == ()


def test_a_condition_acts_after_its_delay_and_keeps_its_beginning() -> None:
    conditions = Conditions(PERIOD_S)
    assert conditions.update({Cause.CONTACT_FORCE: 5 * MS}, 5 * MS) == ()
    assert conditions.update({Cause.CONTACT_FORCE: 20 * MS}, 25 * MS - 1) == ()
    acting = conditions.update({Cause.CONTACT_FORCE: 25 * MS}, 25 * MS)
    assert acting == (Active(Cause.CONTACT_FORCE, 5 * MS, Action.HOLD),)
    assert conditions.update({}, 33 * MS) == ()
    assert conditions.update({Cause.CONTACT_FORCE: 41 * MS}, 41 * MS) == ()


def test_a_beginning_that_becomes_known_later_counts() -> None:
    conditions = Conditions(PERIOD_S)
    assert conditions.update({Cause.STATE_STALE: 10 * MS}, 10 * MS) == ()
    acting = conditions.update({Cause.STATE_STALE: 2 * MS}, 42 * MS)
    assert acting == (Active(Cause.STATE_STALE, 2 * MS, Action.HOLD),)


def test_a_cause_acts_until_its_condition_is_gone_for_its_release() -> None:
    conditions = Conditions(PERIOD_S)
    slowed = (Active(Cause.LAGGING, 0, Action.SLOW),)
    assert conditions.update({Cause.LAGGING: 0}, 0) == slowed
    assert conditions.update({}, 200 * MS) == slowed
    assert conditions.update({Cause.LAGGING: 200 * MS}, 200 * MS) == slowed  # it comes and goes, and is one condition
    assert conditions.update({}, 400 * MS) == slowed
    assert conditions.update({}, 400 * MS + 1) == ()
    assert conditions.update({Cause.LAGGING: 500 * MS}, 500 * MS) == (Active(Cause.LAGGING, 500 * MS, Action.SLOW),)


def test_a_stop_acts_until_it_is_cleared() -> None:
    conditions = Conditions(PERIOD_S)
    stopped = Active(Cause.PROTECTIVE_STOP, 1 * MS, Action.STOP)
    assert conditions.update({Cause.PROTECTIVE_STOP: 1 * MS}, 1 * MS) == (stopped,)
    assert conditions.update({}, 900 * MS) == (stopped,)
    both = conditions.update({Cause.DRIVER_LOST: 901 * MS, Cause.PROTECTIVE_STOP: 901 * MS}, 901 * MS)
    assert both == (stopped, Active(Cause.DRIVER_LOST, 901 * MS, Action.STOP))
    conditions.clear()
    assert conditions.update({}, 902 * MS) == ()


def test_what_lasts_too_long_stops_and_is_told_once() -> None:
    conditions = Conditions(PERIOD_S)
    held = {Cause.STATE_STALE: 0}
    assert conditions.update(held, 1032 * MS - 1) == (Active(Cause.STATE_STALE, 0, Action.HOLD),)
    assert conditions.update(held, 1032 * MS) == (Active(Cause.STATE_STALE, 0, Action.STOP),)
    assert conditions.update({}, 1040 * MS) == (Active(Cause.STATE_STALE, 0, Action.STOP),)


def test_clearing_forgets_beginnings_too() -> None:
    conditions = Conditions(PERIOD_S)
    conditions.update({Cause.STATE_STALE: 0, Cause.LAGGING: 0}, 0)
    conditions.clear()
    assert conditions.update({}, 1) == ()
    assert conditions.update({Cause.STATE_STALE: 39 * MS}, 40 * MS) == ()


def test_of_equals_the_older_comes_first() -> None:
    conditions = Conditions(PERIOD_S)
    conditions.update({Cause.SOURCE_STALE: 0}, 0)
    acting = conditions.update({Cause.ENABLE_LOST: -80 * MS, Cause.SOURCE_STALE: 0, Cause.LAGGING: 8 * MS}, 8 * MS)
    assert [active.cause for active in acting] == [Cause.SOURCE_STALE, Cause.ENABLE_LOST, Cause.LAGGING]


@given(st.sets(st.sampled_from(Cause)), st.integers(0, 3 * 10**9))
def test_of_any_causes_the_most_severe_comes_first(causes: set[Cause], lasted_ns: int) -> None:
    acting = Conditions(PERIOD_S).update(dict.fromkeys(causes, 0), lasted_ns)
    expected = {cause: LADDER[cause].action_after(lasted_ns, PERIOD_S) for cause in causes}
    assert {active.cause: active.action for active in acting} == {
        cause: action for cause, action in expected.items() if action is not None
    }
    severities = [active.action for active in acting]
    assert severities == sorted(severities, reverse=True)
