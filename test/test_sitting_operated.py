"""A sitting that a person operates, in virtual time: what is dropped and made again, and marks that survive."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_station import TICK_NS, FakeStation
from test_score_sheet import TASK
from test_trial_results import SITTING

from ros_wam.causes import Cause
from ros_wam.trial.metrics import Metrics
from ros_wam.trial.outcome import UNMARKED, Outcome, Trial
from ros_wam.trial.plan import make_plan, trial_seed
from ros_wam.trial.procedure import Kind, Procedure
from ros_wam.trial.results import Results, load_results, read_trials
from ros_wam.trial.runner import TrialState
from ros_wam.trial.seal import check_seal
from ros_wam.trial.sitting_runner import CLOSING_S, SittingRunner

PLAN = make_plan(robot="ur5", task="t", policy="p", prompt="do it", time_limit_s=20.0, trials=3, seed=0)
OPERATED = Procedure(TASK, operated=True, device=True)
DEMONSTRATED = Procedure(TASK, Kind.DEMONSTRATIONS, operated=True, device=True)


class Lab:
    """A sitting in `folder`, and an operator at it; a second Lab of the same folder resumes it."""

    def __init__(self, folder: Path, procedure: Procedure = DEMONSTRATED) -> None:
        self.folder, self.station = folder, FakeStation()
        self.station.delay_ns["reset"] = 0
        self.judged: list[str] = []
        sitting = replace(SITTING, trials=len(PLAN), kind=procedure.kind.value)
        self.sitting = SittingRunner(
            self.station,
            PLAN,
            Results(folder, sitting),
            measure=lambda bag_dir: Metrics(dropped={}),
            judge=self._judge,
            procedure=procedure,
        )
        self.shown: Mapping[str, Any] = {}

    def _judge(self, bag_dir: Path, trial: Trial) -> Mapping[str, Any]:
        assert bag_dir == self.folder / "trials" / trial.trial_id / "bag"
        assert (bag_dir.parent / "trial.json").exists(), "it is on the disk before it is judged"
        self.judged.append(trial.trial_id)
        return {"verdict": "good"}

    def until(self, state: TrialState, trial_id: str | None = None) -> "Lab":
        for _ in range(3000):
            runner = self.sitting.runner
            if runner is not None and runner.state is state and trial_id in (None, runner.planned.trial_id):
                return self
            self.tick()
        raise AssertionError(f"never {state}: {self.shown}")

    def tick(self) -> None:
        self.shown = self.sitting.tick(self.station.now_ns)
        self.station.now_ns += TICK_NS

    def press(self, verb: str, **more: Any) -> "Lab":
        assert self.refused(verb, **more) is None
        return self

    def refused(self, verb: str, **more: Any) -> str | None:
        return self.sitting.command({"verb": verb, **more}, self.station.now_ns)

    def run(self, trial_id: str | None = None) -> "Lab":
        self.until(TrialState.RESETTING, trial_id).press("start")
        self.until(TrialState.READY).tick()
        self.press("start").until(TrialState.RUNNING)
        runner = self.sitting.runner
        assert runner is not None
        bag = self.folder / "trials" / runner.planned.trial_id / "bag"
        bag.mkdir(parents=True)
        (bag / "bag_0.mcap").write_text(f"bag at {self.station.now_ns}")
        return self

    def make(self, verb: str = "success") -> "Lab":
        self.run().press(verb)
        before = len(self.judged)
        while len(self.judged) == before:
            self.tick()
        return self

    def end(self) -> "Lab":
        """Say that all is recorded, once the sitting closes."""
        self.tick()
        assert self.shown["state"] == "closing" and not self.sitting.finished
        self.press("seal").tick()
        assert self.sitting.finished and self.shown == {}
        return self

    def folders(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "trials").iterdir())

    def kept(self) -> list[tuple[str, str]]:
        return [(trial.trial_id, trial.outcome.value) for trial in read_trials(self.folder)]


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


def test_what_was_dropped_before_the_power_went_does_not_count_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path).run().press("stop").until(TrialState.MARKING).press("discard")
    monkeypatch.setattr(Results, "discard", _power_goes)
    with pytest.raises(InterruptedError):
        lab.tick()
    monkeypatch.undo()
    assert Lab(tmp_path).sitting.valid_trials == 0


def _power_goes(results: Results, trial_id: str) -> None:
    raise InterruptedError


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


def test_demonstrations_are_resumed(tmp_path: Path) -> None:
    first = Lab(tmp_path).make().make()
    first.until(TrialState.RESETTING, "003").press("discard")
    first.run("003")  # and then the power goes
    again = Lab(tmp_path)
    again.until(TrialState.RESETTING, "003").make().make().end()
    assert again.folders() == ["001", "002-discarded-1", "003", "003-interrupted-1", "004"]


@pytest.mark.parametrize("marked_first", [True, False])
def test_what_was_marked_before_the_power_went_is_there_afterwards(tmp_path: Path, marked_first: bool) -> None:
    first = Lab(tmp_path, OPERATED).run()
    if marked_first:
        first.press("stage", name="pick", achieved=True)
    first.press("failure").until(TrialState.MARKING)
    if not marked_first:
        first.press("stage", name="pick", achieved=True)
    first.press("failure_class", name="perception_failure").press("comment", text="looked away")
    assert read_trials(tmp_path) == []
    again = Lab(tmp_path, OPERATED)
    again.until(TrialState.MARKING, "001").tick()
    assert again.station.calls == [], "nothing moves"
    assert again.shown["stages"][0]["achieved"] and again.shown["failure_class"] == "perception_failure"
    again.press("retry", name="pick", change=1).press("seal").tick()
    (trial,) = read_trials(tmp_path)
    assert (trial.outcome, trial.score, trial.comment) == (Outcome.FAILURE, 0.35, "looked away")
    assert not (tmp_path / "trials/001/marking.json").exists()
    assert check_seal(tmp_path / "trials/001") == [] and again.judged == ["001"]
    again.until(TrialState.RESETTING, "002")


def test_a_draft_that_nobody_is_there_to_finish_is_taken_as_it_is(tmp_path: Path) -> None:
    first = Lab(tmp_path, OPERATED).run().press("success").until(TrialState.MARKING)
    first.press("stage", name="pick", achieved=True)
    Lab(tmp_path, replace(OPERATED, operated=False))
    (trial,) = read_trials(tmp_path)
    assert (trial.outcome, trial.score) == (Outcome.SUCCESS, 0.4)


def test_no_seal_is_made_anew_over_what_was_changed(tmp_path: Path) -> None:
    lab = Lab(tmp_path, OPERATED)
    lab.until(TrialState.RESETTING).press("stop").until(TrialState.RESETTING, "002")
    result = tmp_path / "trials/001/trial.json"
    result.write_text(result.read_text().replace("aborted", "success"))
    Lab(tmp_path, OPERATED)
    assert check_seal(tmp_path / "trials/001") == ["trial.json was changed"]


def test_a_seal_that_a_crash_prevented_is_made_up_for(tmp_path: Path) -> None:
    Lab(tmp_path).make()
    (tmp_path / "trials/001/seal.json").unlink()
    Lab(tmp_path)
    assert check_seal(tmp_path / "trials/001") == []
