"""Single keys of an operator's terminal: the same verbs as anywhere else, and marks on the score sheet."""

from typing import Any

import pytest

from ros_wam.cli.desk_keys import DeskKeys
from ros_wam.desk.command import check_command
from ros_wam.trial.score_sheet import MARKS

STAGES = [{"name": f"stage {number}", "points": 0.0, "max_points": 1.0} for number in range(1, 11)]
EVENT: dict[str, Any] = {"can": [*MARKS], "stages": STAGES}


def pressed(*keys: str, **event: Any) -> dict[str, Any] | None:
    """Return what the last of `keys` asks for; the others ask for nothing."""
    desk, told = DeskKeys(), {**EVENT, **event}
    for key in keys[:-1]:
        assert desk.key(key, told) is None
    command = desk.key(keys[-1], told)
    assert command is None or check_command(command) == command
    return command


@pytest.mark.parametrize(
    ("key", "verb"),
    [
        ("enter", "start"),
        ("esc", "stop"),
        ("y", "success"),
        ("n", "failure"),
        ("x", "discard"),
        ("b", "rerecord"),
        ("t", "take_over"),
        ("g", "hand_back"),
    ],
)
def test_a_verb_has_one_key(key: str, verb: str) -> None:
    assert pressed(key) == {"verb": verb}


def test_enter_seals_what_is_scored() -> None:
    assert pressed("enter", can=["seal", "success"]) == {"verb": "seal"}


def test_a_digit_marks_its_stage_or_takes_the_mark_back() -> None:
    assert pressed("1") == {"verb": "stage", "name": "stage 1", "achieved": True}
    assert pressed("0") == {"verb": "stage", "name": "stage 10", "achieved": True}
    spent = [{**STAGES[0], "retries": 2, "achieved": True}]  # worth nothing any more
    assert pressed("1", stages=spent) == {"verb": "stage", "name": "stage 1", "achieved": False}
    assert pressed("2", stages=spent) is None
    assert pressed("2", stages=None) is None


def test_what_comes_before_a_digit_says_what_it_counts() -> None:
    assert pressed("r", "3") == {"verb": "retry", "name": "stage 3", "change": 1}
    assert pressed("u", "3") == {"verb": "retry", "name": "stage 3", "change": -1}
    assert pressed("f", "5") == {"verb": "failure_class", "name": "jitter"}
    assert pressed("f", "5", failure_class="jitter") == {"verb": "failure_class", "name": None}
    assert pressed("f", "7") is None
    assert pressed("r", "f", "6") == {"verb": "failure_class", "name": "other"}
    assert pressed("r", "q", "3") == {"verb": "stage", "name": "stage 3", "achieved": True}  # q means nothing


def test_a_comment_is_a_line_of_its_own() -> None:
    desk = DeskKeys()
    assert desk.key("c", {**EVENT, "comment": "slip"}) is None
    assert desk.line == "slip"
    assert desk.text("ped, yÄ!!\x7f\x7f\x1b[A1\x1b[3~") == (None, "")
    assert desk.line == "slipped, yÄ1"
    assert desk.text("\ry") == ({"verb": "comment", "text": "slipped, yÄ1"}, "y")
    assert desk.line is None


def test_escape_leaves_a_comment_as_it_was() -> None:
    desk = DeskKeys()
    desk.key("c", EVENT)
    assert desk.text("no\x1by") == (None, "y")
    assert desk.line is None


def test_no_comment_is_begun_where_none_is_taken() -> None:
    desk = DeskKeys()
    desk.key("c", {"can": ["stop"]})
    assert desk.line is None
