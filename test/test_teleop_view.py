"""What a person who teleoperates is shown, on a terminal and elsewhere."""

import json
from io import StringIO
from typing import Any

from rich.console import Console

from ros_wam.cli.teleop_view import TeleopView

EVENT: dict[str, Any] = {
    "trial_id": "002",
    "kind": "demonstrations",
    "index": 2,
    "of": 5,
    "state": "running",
    "detail": "",
    "elapsed_s": 12.34,
    "mode": "TELEOP",
    "prompt": "put it away",
    "stages": [{"name": "first", "points": 5.0}, {"name": "second", "points": 0.0}],
    "quality": [{"check": "low_rate", "severity": "bad", "detail": "wrist comes 12 times a second"}],
    "teleop": {
        "phase": "aligning",
        "detail": "turn joint2 of the leader by +0.31 rad",
        "lag_rad": "0.31",
        "lag_s": "",
        "speed": "0.5",
        "selected": "",
    },
}


def shown(terminal: bool, *events: dict[str, Any], device: str = "aloha") -> str:
    out = StringIO()
    console = Console(file=out, width=100, height=50, force_terminal=terminal, color_system=None)
    with TeleopView(console, 5, device) as view:
        for event in events:
            view.show(json.dumps(event))
    return out.getvalue()


def test_a_terminal_shows_what_the_robot_waits_for_and_the_keys() -> None:
    text = shown(True, EVENT)
    for words in (
        "demonstration 2 of 5",
        "running",
        "12.3 s",
        "put it away",
        "aloha: aligning",
        "robot TELEOP",
        "speed 50%",
        "behind 0.31 rad",
        "turn joint2 of the leader by +0.31 rad",
        "recording: low_rate: wrist comes 12 times a second",
        "■□  1 of 2, next: second",
        "hold to move",
        "it succeeded, it failed",
    ):
        assert words in text
    assert "s late" not in text


def test_it_fits_a_terminal_of_80_by_24() -> None:
    out = StringIO()
    console = Console(file=out, width=80, height=24, force_terminal=True, color_system=None)
    view = TeleopView(console, 5, "keyboard")
    picture = view._picture({**EVENT, "teleop": {**EVENT["teleop"], "selected": "left_joint1"}})
    lines = console.render_lines(picture)
    assert len(lines) <= 23
    assert not any("…" in segment.text for line in lines for segment in line if "1 … 9" not in segment.text)


def test_elsewhere_there_is_a_line_for_each_change() -> None:
    following = {**EVENT, "teleop": {**EVENT["teleop"], "phase": "following"}}
    later = {**following, "elapsed_s": 13.0}
    assert shown(False, EVENT, following, later).splitlines() == [
        "demonstration 2 of 5: running – aligning",
        "demonstration 2 of 5: running – following",
    ]


def test_the_outcome_of_each_stays() -> None:
    scored = {**EVENT, "state": "scored", "outcome": "success", "score": 1.0, "duration_s": 21.0, "valid": True}
    for terminal in (True, False):
        assert "demonstration 2 of 5: success, 21.0 s, 1 of 2 stages\n" in shown(terminal, EVENT, scored)
        trial = shown(terminal, {**scored, "kind": "trials"})
        assert "trial 002/005  success   score 100 %  21.0 s" in trial
    judged = {**scored, "last": {"trial_id": "002", "quality": {"verdict": "bad"}}}
    assert "1 of 2 stages, recording bad\n" in shown(False, judged)
    assert "recording bad" not in shown(False, {**judged, "trial_id": "003"})
    discarded = {**scored, "outcome": "aborted", "comment": "discarded by the operator"}
    assert "demonstration 2 of 5: aborted, 21.0 s, 1 of 2 stages – discarded by the operator" in shown(False, discarded)


def test_a_trial_is_scored_on_the_page_that_has_the_stages() -> None:
    marking = {**EVENT, "state": "marking", "kind": "trials", "can": ["success", "failure", "stage", "seal"]}
    text = shown(True, marking)
    assert "score the trial on the operator's page, and seal it there" in text and "then enter" not in text
    assert "then enter" in shown(True, {**marking, "kind": "demonstrations", "can": ["success", "seal", "start"]})


def test_the_last_one_may_be_done_again_before_the_end() -> None:
    closing = {**EVENT, "state": "closing", "outcome": "success", "can": ["start", "seal", "discard", "rerecord"]}
    text = shown(True, closing, closing)
    assert "all are recorded: press enter to end, b to do the last one again" in text
    assert "success" not in text, "that was told when it was scored"


def test_an_event_that_says_little_and_other_words_are_shown_too() -> None:
    assert "trial 1 of 5" in shown(True, {"kind": "trials", "index": 1, "state": "resetting"})
    out = StringIO()
    with TeleopView(Console(file=out, width=100), 5, "keyboard") as view:
        view.show("a word [of] another process\n")
    assert out.getvalue() == "a word [of] another process\n"


def test_what_the_trial_does_not_do_now_is_dim() -> None:
    out = StringIO()
    console = Console(file=out, width=100, height=50, force_terminal=True)
    with TeleopView(console, 5, "keyboard") as view:
        view.show(json.dumps({**EVENT, "can": ["success", "discard"]}))
    text = out.getvalue()
    assert "\x1b[1my n\x1b[0m  it succeeded" in text
    assert "\x1b[2menter\x1b[0m" in text
    assert "\x1b[1mw s\x1b[0m" in text


def test_who_is_waited_for_is_told_which_key() -> None:
    waits = {**EVENT, "state": "ready", "detail": "the start (call trial_node/start)", "can": ["start"], "teleop": {}}
    assert "press enter to begin" in shown(True, waits)
    assert "call trial_node" not in shown(True, waits)
    assert "the robot to reach home" in shown(True, {**waits, "detail": "the robot to reach home", "can": []})


def test_a_leader_that_is_lost_is_told_in_every_mode() -> None:
    teleop = {"phase": "elsewhere", "detail": "mode is HOLD; servo 3 does not answer", "pedal": "pedal /dev/x is lost"}
    text = shown(True, {**EVENT, "mode": "HOLD", "teleop": teleop})
    assert "servo 3 does not answer" in text
    assert "pedal /dev/x is lost" in text
    assert "mode is HOLD" not in text


def test_of_many_findings_the_first_are_shown_in_a_line_each() -> None:
    found = [{"check": f"check{k}", "severity": "warn", "detail": "x" * 200} for k in range(5)]
    text = shown(True, {**EVENT, "quality": found})
    assert "recording: check2: xxx" in text
    assert "check3" not in text
    assert "and 2 more" in text
    assert "x" * 100 not in text
