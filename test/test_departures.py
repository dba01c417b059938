"""What departed from plan, as the bag tells it: named, timed, counted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic_bag import T0_NS, SyntheticBag
from test_trial_metrics import taken_over

from ros_wam.active import active_as_json
from ros_wam.causes import Action, Cause
from ros_wam.ladder import Active
from ros_wam.trial.bag_trace import measure_bag, read_trace
from ros_wam.trial.departures import Departure, departure_from_json, spells
from ros_wam.trial.trace import Trace

SLOW, HOLD, STOP = Action.SLOW, Action.HOLD, Action.STOP


def acting(*causes: tuple[Cause, Action], since_s: float, **values: Any) -> dict[str, Any]:
    since_ns = T0_NS + round(since_s * 1e9)
    return {"active": active_as_json(Active(cause, since_ns, action) for cause, action in causes), **values}


def measured(folder: Path, *statuses: tuple[float, dict[str, Any]]) -> list[tuple[Cause, Action, float, float, int]]:
    """Causes and actions, when first [s], how long [s] and how often."""
    SyntheticBag(folder / "bag", seconds=4.0, statuses=statuses)
    found = measure_bag(folder / "bag").departures
    assert found is not None
    return [(d.cause, d.action, (d.stamp_ns - T0_NS) * 1e-9, d.duration_s, d.count) for d in found]


def test_each_cause_is_told_once_with_its_first_time_its_whole_time_and_how_often(tmp_path: Path) -> None:
    lagging = (Cause.LAGGING, SLOW)
    found = measured(
        tmp_path,
        (1.0, acting(lagging, since_s=0.9)),
        (1.1, acting(lagging, (Cause.CONTACT_FORCE, HOLD), since_s=1.08)),
        (1.4, acting((Cause.CONTACT_FORCE, HOLD), since_s=1.08)),
        (1.5, {}),
        (2.0, acting(lagging, since_s=2.0)),
        (2.2, {}),
    )
    assert found == [
        (Cause.LAGGING, SLOW, pytest.approx(0.9), pytest.approx(0.5 + 0.2), 2),
        (Cause.CONTACT_FORCE, HOLD, pytest.approx(1.08), pytest.approx(0.42), 1),
    ]


def test_what_a_cause_grows_into_is_a_departure_of_its_own(tmp_path: Path) -> None:
    pressed = [(Cause.CONTACT_FORCE, action) for action in (HOLD, STOP)]
    found = measured(tmp_path, (1.0, acting(pressed[0], since_s=1.0)), (1.5, acting(pressed[1], since_s=1.0)))
    assert [(cause, action, at_s) for cause, action, at_s, _, _ in found] == [
        (*pressed[0], pytest.approx(1.0)),
        (*pressed[1], pytest.approx(1.5)),
    ]
    assert found[1][3] == pytest.approx(2.5), "to the end of the trial"


def test_only_the_time_of_the_policy_counts(tmp_path: Path) -> None:
    lost = (Cause.ENABLE_LOST, HOLD)
    found = measured(tmp_path, (-0.4, acting(lost, since_s=-0.4)), (0.3, {}), (4.2, acting(lost, since_s=4.2)))
    assert found == [(*lost, pytest.approx(0.0), pytest.approx(0.3), 1)]


def test_the_wait_for_the_first_chunk_is_none(tmp_path: Path) -> None:
    stale = (Cause.SOURCE_STALE, HOLD)
    found = measured(
        tmp_path,
        (0.0, acting(stale, since_s=0.0)),
        (0.51, {}),  # told a little after the bag's first target
        (3.0, acting(stale, since_s=3.0)),
        (3.1, {}),
    )
    assert found == [(*stale, pytest.approx(3.0), pytest.approx(0.1), 1)]


LET_GO = ((Cause.ENABLE_LOST, HOLD), (Cause.LEADER_LOST, HOLD))


def led(*causes: tuple[Cause, Action], since_s: float) -> dict[str, Any]:
    return acting(*causes, since_s=since_s, mode="TELEOP")


def test_that_a_person_lets_go_of_the_leader_departs_from_no_plan(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        (1.0, led(LET_GO[0], since_s=0.95)),
        (1.1, led(*LET_GO, since_s=0.95)),
        (1.5, led(since_s=0.0)),
        (2.0, led(*LET_GO, since_s=1.9)),
        (2.1, acting(LET_GO[0], since_s=1.9)),  # handed back: the trial's own beats are on their way
        (2.2, {}),
        (3.0, acting(LET_GO[0], since_s=3.0)),
        (3.1, {}),
    )
    assert found == [(*LET_GO[0], pytest.approx(3.0), pytest.approx(0.1), 1)], "the trial's heartbeat is no person's"


def test_a_leader_that_is_lost_departs_from_plan_only_once_it_has_led(tmp_path: Path) -> None:
    """The trial's own beats still come when a robot is taken over."""
    lost = ((1.0, led(LET_GO[1], since_s=0.9)), (1.3, led(*LET_GO, since_s=0.9)), (2.0, {}))
    SyntheticBag(tmp_path / "bag", seconds=4.0, statuses=lost)
    trace = read_trace(tmp_path / "bag")
    found = [
        (spell.cause, spell.begin_ns - T0_NS, spell.end_ns - T0_NS) for spell in spells(following(trace, 0.6, 2.0))
    ]
    assert found == [(Cause.LEADER_LOST, 900_000_000, 2_000_000_000)]
    assert spells(taken_over(trace, 0.6, 2.0)) == ()


def following(trace: Trace, begin_s: float, end_s: float) -> Trace:
    """Return the trace with the robot in TELEOP from `begin_s` to `end_s` of its run, and led."""
    return replace(trace, origin=taken_over(trace, begin_s, end_s).origin)


def test_the_wait_for_the_first_chunk_after_a_takeover_is_none(tmp_path: Path) -> None:
    stale = (Cause.SOURCE_STALE, HOLD)
    statuses = ((2.0, acting(stale, since_s=2.0)), (2.4, {}), (3.0, acting(stale, since_s=3.0)), (3.1, {}))
    SyntheticBag(tmp_path / "bag", seconds=4.0, statuses=statuses)
    trace = read_trace(tmp_path / "bag")
    helped = taken_over(trace, 1.0, 2.0)
    helped.target[(helped.times_s >= 2.0) & (helped.times_s < 2.4)] = np.nan
    assert [round((spell.begin_ns - T0_NS) * 1e-9, 3) for spell in spells(trace)] == [2.0, 3.0]
    assert [round((spell.begin_ns - T0_NS) * 1e-9, 3) for spell in spells(helped)] == [3.0]


def test_a_status_that_tells_the_cause_alone_is_enough(tmp_path: Path) -> None:
    found = measured(tmp_path, (1.0, {"mode": "FAULT", "cause": "control_process_died", "detail": "signal 11"}))
    assert found == [(Cause.CONTROL_PROCESS_DIED, STOP, pytest.approx(1.0), pytest.approx(3.0), 1)]
    (spell,) = spells(read_trace(tmp_path / "bag"))
    assert spell.detail == "signal 11"


def test_a_cause_that_does_not_act_any_more_is_no_departure(tmp_path: Path) -> None:
    ended = {"mode": "HOLD", "cause": "enable_lost", "active": []}  # what ended a way home is still told
    assert measured(tmp_path, (1.0, ended)) == []


def test_refusals_are_counted_by_reason_on_both_sides(tmp_path: Path) -> None:
    counts = ({"expired": 2}, {"expired": 3}, {"expired": 3, "velocity": 1}, {"expired": 1})
    statuses = [(k - 0.5, {"refusals": count}) for k, count in enumerate(counts)]
    SyntheticBag(tmp_path / "bag", statuses=statuses)
    refusals = measure_bag(tmp_path / "bag").refusals
    assert refusals == {"collision": 1, "expired": 1 + 1, "velocity": 1}, "a count that falls is a new process"


def test_departures_are_kept_as_json() -> None:
    departure = Departure(Cause.NEAR_LIMIT, SLOW, 5, 0.25, 3)
    assert departure.to_json()["action"] == "slow"
    assert departure_from_json(departure.to_json()) == departure
