"""What the report tells of departures from plan: drawn as bands, listed with their times, in figures."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_bag import SyntheticBag
from test_departures import acting
from test_trial_results import SITTING, make_trial

from ros_wam.causes import Action, Cause
from ros_wam.trial.bag_trace import measure_bag, read_trace
from ros_wam.trial.departures import Departure
from ros_wam.trial.episode import Episode
from ros_wam.trial.hops import hops
from ros_wam.trial.report import write_report
from ros_wam.trial.report_chart import draw_episode
from ros_wam.trial.report_details import ROWS, happenings, happenings_html, smoothness_facts
from ros_wam.trial.results import Results
from ros_wam.trial.smoothness import Smoothness
from ros_wam.trial.trace import Inference, Trace

PRESSED = {"cause": "contact_force", "detail": "the tool of arm meets <131 N>", "tool_force_n": [131.0]}
STATUSES = (
    (0.9, {"tool_force_n": [3.0]}),
    (1.0, acting((Cause.CONTACT_FORCE, Action.HOLD), since_s=0.98, **PRESSED)),
    (1.5, acting((Cause.CONTACT_FORCE, Action.STOP), since_s=0.98, **PRESSED)),
    (2.5, {"tool_force_n": [0.0]}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sitting")
    SyntheticBag(folder / "trials/001/bag", statuses=STATUSES)
    metrics = measure_bag(folder / "trials/001/bag").as_fields()
    Results(folder, SITTING).add(replace(make_trial(1), **metrics))
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def trace(folder: Path) -> Trace:
    return read_trace(folder / "trials/001/bag")


def test_every_cause_has_its_band_in_the_colour_of_its_action(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    assert ">contact force</text>" in text
    bands = re.findall(r'<rect class="act (\w+)" x="([\d.]+)"[^>]* width="([\d.]+)"[^>]*><title>([^<]*)</title>', text)
    assert [(action, float(x), float(width)) for action, x, width, _ in bands] == [
        ("hold", pytest.approx(124 + 245, abs=1), pytest.approx(130, abs=1)),
        ("stop", pytest.approx(124 + 375, abs=1), pytest.approx(250, abs=1)),
    ]
    assert bands[0][3] == "0.98 s: contact_force, hold for 0.52 s: the tool of arm meets &lt;131 N&gt;"
    assert ">tool force</text>" in text and ">131 N</text>" in text
    assert text.count('<rect class="refused"') == 1
    assert ">mode</text>" not in text, "the policy had the robot all the time"


def test_departures_and_refusals_are_listed_with_their_times(trace: Trace, folder: Path) -> None:
    rows = happenings(Episode(make_trial(1), trace))
    assert [(round(at_s, 3), what, did) for at_s, what, did, _ in rows] == [
        (0.98, "contact_force", "hold for 520 ms"),
        (1.5, "contact_force", "stop for 1.00 s"),
        (2.0, "collision", "chunk refused"),
    ]
    assert "| 001 | 0.98 s | contact_force | hold for 520 ms |" in (folder / "report.md").read_text()
    assert '<td class="why">the elbow meets the table</td>' in (folder / "report.html").read_text()


def test_what_ended_the_trial_is_listed_though_the_bag_does_not_tell(trace: Trace) -> None:
    ended = Departure(Cause.CAMERA_STALE, Action.HOLD, trace.end_ns, 0.0)
    trial = replace(make_trial(1), departures=(ended,), comment="wrist: silent for 1.6 s")
    assert happenings(Episode(trial, trace))[-1] == (4.0, "camera_stale", "hold", "wrist: silent for 1.6 s")
    assert happenings(Episode(trial)) == []
    assert happenings_html(Episode(trial)) == ""


def test_a_long_list_is_cut_and_says_so(trace: Trace) -> None:
    refused = Inference(trace.start_ns, 5.0, refused="expired")
    many = replace(trace, inferences=(refused,) * (ROWS + 5), statuses=())
    text = happenings_html(Episode(make_trial(1), many))
    assert text.count("<tr>") == ROWS and "and 5 more" in text


def test_other_modes_than_the_policys_are_drawn(trace: Trace) -> None:
    source = trace.origin.source.copy()
    source[len(source) // 2 :] = 4
    svg = draw_episode(Episode(make_trial(1), replace(trace, origin=replace(trace.origin, source=source))))
    assert ">mode</text>" in svg and '<rect class="mode fault"' in svg and '<rect class="mode policy"' in svg


def test_what_the_gate_changed_is_drawn_beside_what_was_sent(trace: Trace) -> None:
    desired = trace.desired.copy()
    desired[200:240, 0] += 0.2
    assert '<polyline class="desired"' not in draw_episode(Episode(make_trial(1), trace))
    assert '<polyline class="desired"' in draw_episode(Episode(make_trial(1), replace(trace, desired=desired)))


def test_smoothness_is_a_fact_where_it_was_measured() -> None:
    assert smoothness_facts(Episode(make_trial(1))) == []
    facts = smoothness_facts(Episode(make_trial(1), smoothness=Smoothness(0.5, 1.0, 0.98, 0.0015)))
    assert facts == [
        "peak of the limit: velocity <b>0.50</b> acceleration <b>1.00</b> jerk <b>0.98</b>",
        "largest change by the gate <b>1.5 mrad</b>",
    ]


def test_hops_are_in_the_order_of_the_way() -> None:
    names = ("whole_ms", "admit_ms", "wrist_decode_ms", "round_trip_ms", "wrist_capture_ms", "encode_ms", "odd_ms")
    found = hops(Inference(0, 1.0, hops_ms=dict.fromkeys(names, value)) for value in (1.0, 3.0))
    assert [hop.name for hop in found] == [
        *("wrist capture", "wrist decode"),
        *("encode", "round trip", "admit", "whole", "odd"),
    ]
    assert (found[0].count, found[0].p50_ms, found[0].p99_ms) == (2, 2.0, pytest.approx(2.98))


def test_the_hops_are_a_table_of_the_sitting(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    assert "Latency, hop by hop" in text and "<td>round trip</td>" in text
    assert "| whole | 155.00 ms | 334.60 ms | 4 |" in (folder / "report.md").read_text()
