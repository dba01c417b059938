"""From an answer to actions."""

import numpy as np
import pytest
from fake_policy import BASELINE

from ros_wam.errors import ConfigError, PolicyAnswerInvalid
from ros_wam.policy.reply_layout import ActionPart, ReplyLayout

ABC = ReplyLayout((ActionPart("actions", ("a", "b", "c")),))


def test_actions_keep_what_is_not_finite_for_admission_to_judge() -> None:
    assert np.isnan(ABC.read_actions({"actions": [[1.0, None, 2.0]]})[0, 1])


@pytest.mark.parametrize("answer", [None, [], {}, {"other": 1}, {"actions": "text"}, {"actions": [[1], [1, 2]]}])
def test_answers_without_an_array_are_invalid(answer: object) -> None:
    with pytest.raises(PolicyAnswerInvalid):
        ABC.read_actions(answer)


@pytest.mark.parametrize(
    ("axes", "value"),
    [
        ("TD", np.arange(6).reshape(2, 3)),
        ("BTD", np.arange(6).reshape(1, 2, 3)),
        ("CFH", np.arange(6).reshape(2, 3).T[:, :, None]),
    ],
)
def test_axes_become_rows_of_columns(axes: str, value: np.ndarray) -> None:
    layout = ReplyLayout((ActionPart("", ("a", "b", "c")),), axes=axes)
    np.testing.assert_array_equal(layout.read_actions(value), [[0, 1, 2], [3, 4, 5]])


def test_frames_of_rows_follow_each_other() -> None:
    value = np.arange(12).reshape(2, 3, 2)  # 2 columns, 3 frames of 2 rows
    layout = ReplyLayout((ActionPart("", ("a", "b")),), axes="CFH", skip_rows=2)
    np.testing.assert_array_equal(layout.read_actions(value)[:, 0], [2, 3, 4, 5])


def test_one_row_alone_is_a_row() -> None:
    layout = ReplyLayout((ActionPart("", ("a", "b", "c")),), axes="D")
    np.testing.assert_array_equal(layout.read_actions([1, 2, 3]), [[1, 2, 3]])


def test_parts_stand_side_by_side() -> None:
    layout = ReplyLayout((ActionPart("0 > arm", ("a", "b")), ActionPart("0 > hand", ("c",))))
    np.testing.assert_array_equal(layout.read_actions([{"arm": [[1, 2]], "hand": [3]}, {}]), [[1, 2, 3]])
    with pytest.raises(PolicyAnswerInvalid, match="'0 > arm' 1, '0 > hand' 2"):
        layout.read_actions([{"arm": [[1, 2]], "hand": [3, 4]}])


@pytest.mark.parametrize(
    ("axes", "value", "message"),
    [("TD", np.zeros((1, 2, 3)), "shape .1, 2, 3., must have axes TD"), ("BTD", np.zeros((2, 2, 3)), "2 answers")],
)
def test_other_axes_are_told(axes: str, value: np.ndarray, message: str) -> None:
    with pytest.raises(PolicyAnswerInvalid, match=message):
        ReplyLayout((ActionPart("", ("a", "b", "c")),), axes=axes).read_actions(value)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ConfigError, match="axes is 'DT', must be one of TD,"):
        ReplyLayout((ActionPart("", ("a",)),), axes="DT")
    with pytest.raises(ConfigError, match="actions is empty"):
        ReplyLayout(())
    for key in ("skip_rows", "first_skip_rows"):  # they would be the last rows
        with pytest.raises(ConfigError, match=f"reply: {key} is -1, must be 0 or more"):
            ReplyLayout((ActionPart("", ("a",)),), **{key: -1})


def test_server_time_is_optional() -> None:
    assert BASELINE.reply.server_ms({"server_timing": {"infer_ms": 3}}) == 3.0
    times = ({}, {"infer_ms": "x"}, {"infer_ms": 10**400})
    for answer in ({}, {"server_timing": 3}, *({"server_timing": time} for time in times)):
        assert BASELINE.reply.server_ms(answer) is None
