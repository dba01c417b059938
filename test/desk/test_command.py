"""A command is one of a closed list of verbs, with its own fields and no others."""

from typing import Any

import pytest

from ros_wam.desk.command import MAX_TEXT, PLAIN, check_command
from ros_wam.errors import SpecError
from ros_wam.trial.score_sheet import FAILURE_CLASSES


@pytest.mark.parametrize(
    "command",
    [
        *({"verb": verb} for verb in PLAIN),
        {"verb": "stage", "name": "cup grasped", "achieved": True},
        {"verb": "retry", "name": "cup grasped", "change": -1},
        *({"verb": "failure_class", "name": name} for name in (*FAILURE_CLASSES, None)),
        {"verb": "comment", "text": ""},
        {"verb": "comment", "text": "两次滑落，\u3000then\n\tit held 👍\u200d🤖"},
    ],
)
def test_what_the_page_sends_is_taken_as_it_is(command: dict[str, Any]) -> None:
    assert check_command(command) == command


def test_an_id_of_the_browsers_own_is_dropped() -> None:
    assert check_command({"verb": "stop", "id": "7"}) == {"verb": "stop"}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["stop"], "must be a JSON object"),
        ({}, "no verb None"),
        ({"verb": ["stop"]}, r"no verb \['stop'\]"),
        ({"verb": "home"}, "no verb 'home'; there are: start"),
        ({"verb": "stop", "name": "x"}, "stop must have verb, and has name, verb"),
        ({"verb": "stage", "name": "x"}, "stage must have achieved, name, verb"),
        ({"verb": "stage", "name": 1, "achieved": True}, "name must be text"),
        ({"verb": "stage", "name": "x", "achieved": 1}, "achieved is 1"),
        ({"verb": "retry", "name": "x", "change": 2}, "change is 2"),
        ({"verb": "retry", "name": "x", "change": True}, "change is True"),
        ({"verb": "failure_class", "name": "bored"}, "must be null or one of perception_failure"),
        ({"verb": "comment", "text": "x" * (MAX_TEXT + 1)}, f"at most {MAX_TEXT} characters"),
        ({"verb": "comment", "text": "\x1b[2J"}, "without control characters"),
        ({"verb": "comment", "text": "\ud83d"}, "halves of characters"),
    ],
)
def test_anything_else_is_refused_with_what_is_wrong(command: Any, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        check_command(command)
