"""Answers that look like success: what is told of an error, in whatever form, is none; what only resembles one is."""

from typing import Any

import numpy as np
import pytest

from ros_wam.errors import PolicyAnswerInvalid
from ros_wam.policy.dialects.error_answers import refuse_error, refuse_error_frame

ACTIONS = {"actions": [[0.0] * 7]}


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = {"x": [value]}
    return value


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"error": "boom"}, "boom"),
        ({"error": "Traceback:\n  line 1\nValueError: no camera"}, "failed: ValueError: no camera$"),
        ({"error": {"message": "boom"}}, "boom"),
        ({"error": {"code": 5}}, "'code': 5"),
        ({"error": b"boom"}, "boom"),
        ({"error": ["boom"]}, "boom"),
        ({"error": nested(400)}, r"\{'x': \[\{'x': .*\.\.\."),
        ({"error": {"message": np.zeros(2)}}, "array"),
        ({"error": True}, "without a word"),
        ({"ok": False}, "without a word"),
        ({"status": "error", "error": None}, "without a word"),
    ],
)
def test_an_error_beside_actions_is_no_answer(told: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyAnswerInvalid, match=message):
        refuse_error({**ACTIONS, **told})


@pytest.mark.parametrize("told", [{}, {"error": None}, {"error": ""}, {"error": False}, {"error": 0.02}, {"ok": True}])
def test_no_error_is_an_answer(told: dict[str, Any]) -> None:
    answer = {**ACTIONS, **told}
    assert refuse_error(answer) is answer


@pytest.mark.parametrize("frame", ["", "Traceback:\nKeyError", "error", b"", b"ERROR"])
def test_a_frame_that_tells_of_an_error_is_no_answer(frame: bytes | str) -> None:
    with pytest.raises(PolicyAnswerInvalid):
        refuse_error_frame(frame)
