"""What a desk shows: the newest of everything, how old it is, and nothing to press when the trial is silent."""

from pathlib import Path

import pytest
from desk_station import MS, DeskStation, flat


@pytest.fixture
def station(tmp_path: Path) -> DeskStation:
    return DeskStation(tmp_path)


def shown(station: DeskStation) -> dict[str, object]:
    return station.desk.snapshot()


def test_before_anything_is_told_there_is_nothing_to_do(station: DeskStation) -> None:
    state = shown(station)
    assert (state["live"], state["can"], state["silent_s"], state["scene"]) == (False, [], None, None)
    assert state["age_ms"] == {"global": None, "wrist": None} and state["skew_ms"] is None


def test_what_the_trial_allows_can_be_done_and_nothing_that_is_no_verb(station: DeskStation) -> None:
    station.tell(can=["stop", "dance", "success"])
    assert shown(station)["can"] == ["stop", "success"]


def test_a_trial_that_is_silent_for_two_seconds_is_not_there(station: DeskStation) -> None:
    station.tell()
    station.clock.advance_ns(2000 * MS)
    assert shown(station)["live"] is True
    station.clock.advance_ns(1 * MS)
    state = shown(station)
    assert (state["live"], state["can"]) == (False, [])
    station.tell()
    assert shown(station)["live"] is True


def test_only_the_newest_picture_of_a_view_is_kept(station: DeskStation) -> None:
    station.state.picture("global", 5 * MS, b"new")
    station.state.picture("global", 4 * MS, b"old")
    station.state.picture("nowhere", 5 * MS, b"none")
    kept = station.state.newest("global")
    assert kept is not None and (kept.stamp_ns, kept.jpeg) == (5 * MS, b"new")
    assert station.state.newest("nowhere") is None


def test_ages_are_those_of_the_pictures_here_and_the_skew_is_the_trials(station: DeskStation) -> None:
    station.see(wrist=flat(1))
    station.clock.advance_ns(30 * MS)
    station.see(**{"global": flat(1)})
    station.clock.advance_ns(12 * MS)
    station.tell()
    state = shown(station)
    assert state["age_ms"] == {"global": 12.0, "wrist": 42.0} and state["skew_ms"] == 30.0
    assert state["max_skew_ms"] == pytest.approx(1000 / 30 + 10, abs=0.1)
    station.tell(skew_ms=7.5)
    assert shown(station)["skew_ms"] == 7.5


def test_the_robot_says_why_it_is_in_fault(station: DeskStation) -> None:
    station.tell(mode="POLICY")
    station.state.safety(
        {"mode": "FAULT", "cause": "protective_stop", "detail": "joint 4", "action": ""}, station.clock.now_ns()
    )
    state = shown(station)
    assert (state["mode"], state["cause"], state["cause_detail"]) == ("FAULT", "protective_stop", "joint 4")
    station.state.safety({"mode": "HOLD", "cause": "", "detail": ""}, station.clock.now_ns())
    assert (shown(station)["cause"], shown(station)["cause_detail"]) == (None, None)


def test_a_robot_that_is_silent_for_two_seconds_says_nothing_any_more(station: DeskStation) -> None:
    station.state.safety({"mode": "POLICY", "cause": "slow_loop"}, station.clock.now_ns())
    station.clock.advance_ns(2001 * MS)
    station.tell(mode=None)
    assert (shown(station)["mode"], shown(station)["cause"]) == (None, None)


def test_a_reference_is_kept_of_every_view_and_only_while_the_scene_is_laid_out(station: DeskStation) -> None:
    station.tell(state="running")
    assert "capture_reference" not in shown(station)["can"]  # type: ignore[operator]
    station.tell(state="resetting", can=["start"])
    assert shown(station)["can"] == ["start", "capture_reference"]
    assert station.desk.command({"verb": "capture_reference"}) == "no picture of the last second from global, wrist"
    station.see(**{"global": flat(1), "wrist": flat(2)})
    assert station.desk.command({"verb": "capture_reference"}) is None
    assert list(shown(station)["reference"]) == ["global", "wrist"]  # type: ignore[call-overload]
    assert station.desk.reference("wrist") == flat(2)
    station.tell(index=4)
    assert shown(station)["reference"] == {} and station.desk.reference("wrist") is None
    assert station.commands == []  # the trial is not asked


def test_a_picture_that_stands_still_is_no_reference(station: DeskStation) -> None:
    station.tell(state="resetting")
    station.see(**{"global": flat(1), "wrist": flat(2)})
    station.clock.advance_ns(1001 * MS)
    station.see(wrist=flat(3))
    assert station.desk.command({"verb": "capture_reference"}) == "no picture of the last second from global"
    assert station.desk.reference("wrist") is None


def test_a_scene_nobody_has_named_has_no_reference(station: DeskStation) -> None:
    station.see(**{"global": flat(1), "wrist": flat(2)})
    assert station.desk.command({"verb": "capture_reference"}) == "there is no scene to keep a reference of"
