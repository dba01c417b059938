"""A sitting in virtual time: every trial on the disk before the next begins, and nothing run twice."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from fake_station import NEVER, TICK_NS, FakeStation
from test_trial_results import SITTING

from ros_wam.causes import Action, Cause
from ros_wam.trial.departures import Departure
from ros_wam.trial.metrics import Metrics
from ros_wam.trial.outcome import Outcome
from ros_wam.trial.plan import make_plan
from ros_wam.trial.results import Results, read_trials
from ros_wam.trial.sitting_runner import SittingRunner

PLAN = make_plan(robot="ur5", task="t", policy="p", prompt="do it", time_limit_s=20.0, trials=3, seed=0)


def make(folder: Path, station: FakeStation, measured: Metrics | None = None) -> SittingRunner:
    results = Results(folder, replace(SITTING, trials=len(PLAN)))
    return SittingRunner(station, PLAN, results, measure=lambda bag_dir: measured or Metrics())


def run(sitting: SittingRunner, station: FakeStation) -> list[dict[str, Any]]:
    told = []
    while not sitting.finished and station.now_ns < 600 * 10**9:
        told.append(dict(sitting.tick(station.now_ns)))
        station.now_ns += TICK_NS
    assert sitting.finished
    return told


def test_every_trial_is_run_measured_and_kept(tmp_path: Path) -> None:
    station = FakeStation()
    sitting = make(tmp_path, station, Metrics(idle_fraction=0.25, interventions=2))
    told = run(sitting, station)
    trials = read_trials(tmp_path)
    assert [trial.trial_id for trial in trials] == ["001", "002", "003"]
    assert [trial.seed for trial in trials] == [planned.seed for planned in PLAN]
    assert all(trial.idle_fraction == 0.25 and trial.outcome is Outcome.SUCCESS for trial in trials)
    assert sitting.valid_trials == 3
    scored = [event for event in told if event.get("state") == "scored"]
    assert [event["outcome"] for event in scored] == ["success"] * 3


def test_a_trial_is_on_the_disk_before_its_bag_is_read(tmp_path: Path) -> None:
    station = FakeStation()
    seen: list[list[str]] = []

    def measure(bag_dir: Path) -> Metrics:
        seen.append([trial.trial_id for trial in read_trials(tmp_path)])
        return Metrics()

    sitting = SittingRunner(station, PLAN, Results(tmp_path, SITTING), measure=measure)
    run(sitting, station)
    assert seen == [["001"], ["001", "002"], ["001", "002", "003"]]


def test_resuming_runs_what_is_left(tmp_path: Path) -> None:
    station = FakeStation()
    sitting = make(tmp_path, station)
    while not read_trials(tmp_path):
        sitting.tick(station.now_ns)
        station.now_ns += TICK_NS
    (tmp_path / "trials/002/bag").mkdir(parents=True)
    again = FakeStation()
    run(make(tmp_path, again), again)
    assert again.calls.count("start") == 2
    assert [trial.trial_id for trial in read_trials(tmp_path)] == ["001", "002", "003"]
    assert (tmp_path / "trials/002-interrupted-1/bag").is_dir(), "what was cut off is kept"


def test_a_trial_whose_bag_was_not_read_yet_is_measured_on_resume(tmp_path: Path) -> None:
    station = FakeStation()
    run(make(tmp_path, station), station)
    for seal in tmp_path.glob("trials/*/seal.json"):  # it is written last
        seal.unlink()
    make(tmp_path, FakeStation(), Metrics(idle_fraction=0.5, dropped={"joint_states": 3}))
    assert [trial.idle_fraction for trial in read_trials(tmp_path)] == [0.5] * 3


def test_a_finished_sitting_is_finished(tmp_path: Path) -> None:
    station = FakeStation()
    run(make(tmp_path, station), station)
    again = FakeStation()
    assert run(make(tmp_path, again), again) == [{}]
    assert not again.calls


def test_a_fault_spoils_one_trial_only(tmp_path: Path) -> None:
    station = FakeStation()
    station.broken, station.broken_at_ns = (Cause.POLICY_TIMEOUT, "2 s"), 700_000_000
    sitting = make(tmp_path, station)
    while not read_trials(tmp_path):
        sitting.tick(station.now_ns)
        station.now_ns += TICK_NS
    station.broken = None
    run(sitting, station)
    assert [trial.valid for trial in read_trials(tmp_path)] == [False, True, True]
    assert sitting.valid_trials == 2


def test_what_ended_a_trial_is_among_its_departures(tmp_path: Path) -> None:
    station = FakeStation()
    station.broken, station.broken_at_ns = (Cause.POLICY_TIMEOUT, "2 s"), 700_000_000
    measured = Departure(Cause.SOURCE_STALE, Action.HOLD, 5, 0.2)
    run(make(tmp_path, station, Metrics(departures=(measured,))), station)
    (trial, *_) = read_trials(tmp_path)
    assert trial.departures is not None
    assert [(item.cause, item.action) for item in trial.departures] == [
        (Cause.SOURCE_STALE, Action.HOLD),
        (Cause.POLICY_TIMEOUT, Action.HOLD),
    ]
    assert trial.departures[1].stamp_ns > 0
    told = Departure(Cause.POLICY_TIMEOUT, Action.HOLD, 6, 0.1)
    unmeasured = replace(trial, departures=trial.departures[1:])
    assert unmeasured.with_departures((told,)).departures == (told,), "the bag tells it more exactly"
    assert unmeasured.with_departures(None) == unmeasured


def test_what_nobody_can_repair_meanwhile_ends_the_sitting(tmp_path: Path) -> None:
    station = FakeStation()
    station.delay_ns["place"] = NEVER
    station.broken, station.broken_at_ns = (Cause.CONTROL_PROCESS_DIED, "signal 11"), 2_000_000_000
    sitting = make(tmp_path, station)
    run(sitting, station)
    assert [trial.cause for trial in read_trials(tmp_path)] == [Cause.CONTROL_PROCESS_DIED]
    assert sitting.valid_trials == 0
