"""A sitting that a person operates, in virtual time: what is kept, what is dropped and what is made again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from operated_lab import DEMONSTRATED, OPERATED, PLAN, Lab

from ros_wam.causes import Cause
from ros_wam.trial.outcome import UNMARKED
from ros_wam.trial.plan import trial_seed
from ros_wam.trial.procedure import Procedure
from ros_wam.trial.results import load_results, read_trials
from ros_wam.trial.runner import TrialState
from ros_wam.trial.seal import check_seal
from ros_wam.trial.sitting_runner import CLOSING_S


def test_demonstrations_go_on_until_enough_are_kept(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.make("success").make("failure")
    assert not lab.sitting.finished
    lab.make("success").end()
    assert lab.kept() == [("001", "success"), ("002", "failure"), ("003", "success")]
    assert lab.judged == ["001", "002", "003"]
    data = load_results(tmp_path)
    assert data["kind"] == "demonstrations"
    assert data["trials"][0]["quality"] == {"verdict": "good"}
    assert [check_seal(tmp_path / "trials" / name) for name in lab.folders()] == [[], [], []]


def test_progress_tells_all_that_a_page_shows(tmp_path: Path) -> None:
    lab = Lab(tmp_path).make()
    lab.until(TrialState.RESETTING, "002").tick()
    shown = lab.shown
    assert (shown["kind"], shown["index"], shown["of"]) == ("demonstrations", 2, 3)
    assert (shown["robot"], shown["task"], shown["policy"], shown["prompt"]) == ("ur5", "t", "p", "do it")
    assert shown["last"] == {"trial_id": "001", "outcome": "success", "quality": {"verdict": "good"}}
    assert shown["can"] == ["start", "stop", "discard", "rerecord"]
    assert shown["stages"][0] == {"name": "pick", "points": 0.0, "max_points": 4.0, "retries": 0, "achieved": False}
    json.dumps(shown)


def test_the_running_one_is_discarded_and_its_number_left_behind(tmp_path: Path) -> None:
    lab = Lab(tmp_path).make()
    lab.run().press("discard").until(TrialState.RESETTING, "003")
    assert lab.folders() == ["001", "002-discarded-1"]
    assert (tmp_path / "trials/002-discarded-1/bag/bag_0.mcap").exists(), "nothing is deleted"
    lab.make().make().end()
    assert [trial_id for trial_id, _ in lab.kept()] == ["001", "003", "004"]
    assert read_trials(tmp_path)[2].seed == trial_seed(0, 3), "a number has its own scene"


def test_the_running_one_is_made_again_under_its_number(tmp_path: Path) -> None:
    lab = Lab(tmp_path).make()
    lab.run().press("rerecord").until(TrialState.RESETTING, "002").make()
    assert lab.folders() == ["001", "002", "002-discarded-1"]
    assert [trial.seed for trial in read_trials(tmp_path)] == [PLAN[0].seed, PLAN[1].seed]


@pytest.mark.parametrize("state", [TrialState.RESETTING, TrialState.READY])
def test_the_last_one_is_made_again_before_the_next(tmp_path: Path, state: TrialState) -> None:
    lab = Lab(tmp_path).make().make()
    lab.until(TrialState.RESETTING, "003")
    if state is TrialState.READY:
        lab.press("start").until(TrialState.READY)
    lab.press("rerecord").until(TrialState.RESETTING, "002").make()
    lab.make().end()
    assert lab.folders() == ["001", "002", "002-discarded-1", "003"]


@pytest.mark.parametrize(
    ("verb", "folders"), [("rerecord", ["003", "003-discarded-1"]), ("discard", ["003-discarded-1", "004"])]
)
def test_the_last_one_of_all_is_dropped_before_the_sitting_ends(tmp_path: Path, verb: str, folders: list[str]) -> None:
    lab = Lab(tmp_path).make().make().make()
    lab.tick()
    assert {"seal", "stop", "start", "discard", "rerecord"} == set(lab.shown["can"])
    assert lab.shown["last"]["trial_id"] == "003" and lab.shown["index"] == 3
    assert "all demonstrations are recorded" in str(lab.refused("success"))
    lab.press(verb)
    assert lab.refused(verb) == f"{verb} is not possible: no trial runs", "one was dropped"
    lab.make().end()
    assert lab.folders() == ["001", "002", *folders]


@pytest.mark.parametrize("by_hand", [DEMONSTRATED, replace(DEMONSTRATED, operated=False, by_hand=True)])
def test_a_sitting_that_nobody_ends_ends_by_itself(tmp_path: Path, by_hand: Procedure) -> None:
    lab = Lab(tmp_path, by_hand)
    while lab.shown.get("state") != "closing":
        runner = lab.sitting.runner
        if runner is not None and {"start", "success"} & set(runner.can):
            lab.press("success" if "success" in runner.can else "start")
        lab.tick()
    since_ns, enabled = lab.station.now_ns, len(lab.station.enabled_ns)
    while not lab.sitting.finished:
        lab.tick()
    assert (lab.station.now_ns - since_ns) * 1e-9 == pytest.approx(CLOSING_S, abs=0.1)
    assert len(lab.station.enabled_ns) == enabled and len(lab.kept()) == 3
    again = Lab(tmp_path, by_hand)
    again.tick()
    assert again.sitting.finished, "what was made before is not waited for"


def test_the_last_one_is_discarded_and_the_next_goes_on(tmp_path: Path) -> None:
    lab = Lab(tmp_path).make().until(TrialState.RESETTING, "002").press("discard")
    assert lab.refused("discard") == "no demonstration is finished"
    lab.make().make().make().end()
    assert lab.folders() == ["001-discarded-1", "002", "003", "004"]


def test_nothing_is_dropped_while_the_robot_moves_home(tmp_path: Path) -> None:
    lab = Lab(tmp_path).make().until(TrialState.RESETTING, "002").press("start").until(TrialState.HOMING)
    assert lab.refused("discard") == "the robot moves home: wait until it is there"
    assert "discard" not in lab.shown["can"]


def test_one_that_was_stopped_may_still_be_dropped(tmp_path: Path) -> None:
    lab = Lab(tmp_path).run().press("stop").until(TrialState.MARKING).press("rerecord")
    lab.until(TrialState.RESETTING, "001")
    assert lab.folders() == ["001-discarded-1"]
    assert lab.kept() == []


def test_one_that_nobody_judged_is_kept_and_says_so(tmp_path: Path) -> None:
    lab = Lab(tmp_path).run().press("stop").until(TrialState.MARKING).press("seal")
    lab.until(TrialState.RESETTING, "002")
    (trial,) = read_trials(tmp_path)
    assert (trial.valid, trial.failure_class) == (True, UNMARKED)


def test_a_trial_is_not_dropped(tmp_path: Path) -> None:
    lab = Lab(tmp_path, OPERATED).run()
    assert lab.refused("discard") == "only demonstrations are discarded or recorded again; a trial counts"


def test_one_that_the_station_spoiled_is_not_counted(tmp_path: Path) -> None:
    lab = Lab(tmp_path).run()
    lab.station.broken, lab.station.broken_at_ns = (Cause.CAMERA_STALE, "wrist"), lab.station.now_ns
    lab.until(TrialState.RESETTING, "002")
    lab.station.broken = None
    lab.make().make().make().end()
    assert lab.sitting.valid_trials == 3
    assert [trial_id for trial_id, _ in lab.kept()] == ["001", "002", "003", "004"]


def test_three_spoiled_ones_in_a_row_end_what_nobody_watches(tmp_path: Path) -> None:
    lab = Lab(tmp_path, replace(DEMONSTRATED, operated=False))
    lab.station.broken, lab.station.broken_at_ns = (Cause.CAMERA_STALE, "wrist"), 0
    for _ in range(3000):
        lab.tick()
    assert lab.sitting.finished
    assert [trial.cause for trial in read_trials(tmp_path)] == [Cause.CAMERA_STALE] * 3


def test_a_scripted_device_demonstrates_without_anyone(tmp_path: Path) -> None:
    lab = Lab(tmp_path, replace(DEMONSTRATED, operated=False))
    while not lab.sitting.finished:
        lab.tick()
        assert lab.station.now_ns < 600 * 10**9
    assert lab.kept() == [("001", "success"), ("002", "success"), ("003", "success")]
