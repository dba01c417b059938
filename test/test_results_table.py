"""The table of a sitting for the terminal."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from test_trial_results import SITTING, make_trial

from ros_wam.causes import Action, Cause
from ros_wam.cli.results_table import results_table
from ros_wam.trial.departures import Departure
from ros_wam.trial.outcome import Outcome
from ros_wam.trial.results import Results


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_fits_a_narrow_terminal(cause: Cause, tmp_path: Path) -> None:
    results = Results(tmp_path, SITTING)
    long = replace(make_trial(1), duration_s=123.4, interventions=1234, inference_ms={"p50": 1234.0, "p99": 1234.0})
    results.add(replace(long, idle_fraction=1.0, score=1.0, outcome=Outcome.ABORTED, valid=False, cause=cause))
    results.add(make_trial(2))
    table, valid = results_table(tmp_path)
    console = Console(width=80, file=StringIO(), record=True)
    console.print(table)
    lines = console.export_text().splitlines()
    (row,) = [line for line in lines if "001" in line]
    assert " ".join(row.split()) == f"001 aborted 100 % 123.4 s 100 % 1234/1234 1234 {cause.value}"
    assert "1 of 1 valid trials succeeded" in lines[-1]
    assert valid == 1


def test_what_is_not_known_is_a_dash(tmp_path: Path) -> None:
    Results(tmp_path, SITTING).add(replace(make_trial(1), duration_s=None, inference_ms=None))
    console = Console(width=80, file=StringIO(), record=True)
    console.print(results_table(tmp_path)[0])
    (row,) = [line for line in console.export_text().splitlines() if "001" in line]
    assert " ".join(row.split()) == "001 success 95 % – – –/– –"


def test_refusals_and_departures_are_counted_below(tmp_path: Path) -> None:
    held = Departure(Cause.CONTACT_FORCE, Action.HOLD, 7, 0.5, 2)
    results = Results(tmp_path, SITTING)
    results.add(replace(make_trial(1), departures=(held,), refusals={"collision": 3, "expired": 1}))
    results.add(replace(make_trial(2), departures=(), refusals={"collision": 1}))
    console = Console(width=80, file=StringIO(), record=True)
    console.print(results_table(tmp_path)[0])
    assert [line.strip() for line in console.export_text().splitlines()[-3:]] == [
        "2 of 2 valid trials succeeded",
        "refusals: collision × 4, expired × 1",
        "departures: contact_force × 2",
    ]


@pytest.mark.parametrize(("verdict", "word"), [("good", ""), ("usable", "usable"), ("bad", "bad")])
def test_a_demonstration_that_is_no_good_to_train_with_is_told(tmp_path: Path, verdict: str, word: str) -> None:
    Results(tmp_path, SITTING).add(replace(make_trial(1), quality={"verdict": verdict}))
    console = Console(width=80, file=StringIO(), record=True)
    console.print(results_table(tmp_path)[0])
    (row,) = [line for line in console.export_text().splitlines() if "001" in line]
    assert row.strip().endswith(f"{word} recording") == bool(word)
