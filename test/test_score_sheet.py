"""What a person says a trial achieved: whatever is pressed, in whatever order, the points are those of the rubric."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.errors import TrialError
from ros_wam.task import Task, TaskStage
from ros_wam.trial.outcome import score_of
from ros_wam.trial.score_sheet import FAILURE_CLASSES, MANY_RETRIES, ScoreSheet, empty_sheet

TASK = Task(
    "put_cup_on_coaster",
    "put the cup on the coaster",
    ("ur5",),
    60.0,
    (TaskStage("pick", 4.0), TaskStage("move", 2.0), TaskStage("place", 3.0), TaskStage("back", 1.0, required=False)),
)
NAMES = [stage.name for stage in TASK.stages]
PRESSED = st.one_of(
    st.builds(lambda name, on: {"verb": "stage", "name": name, "achieved": on}, st.sampled_from(NAMES), st.booleans()),
    st.builds(
        lambda name, by: {"verb": "retry", "name": name, "change": by}, st.sampled_from(NAMES), st.sampled_from([1, -1])
    ),
)


@given(st.lists(PRESSED, max_size=40))
def test_points_follow_from_what_is_marked_and_not_from_how(pressed: list[dict[str, object]]) -> None:
    sheet, achieved, retries = empty_sheet(TASK), dict.fromkeys(NAMES, False), dict.fromkeys(NAMES, 0)
    for at_ns, command in enumerate(pressed):
        name = str(command["name"])
        try:
            sheet = sheet.told(command, at_ns)
        except TrialError:
            assert command == {"verb": "retry", "name": name, "change": -1} and retries[name] == 0
            continue
        if command["verb"] == "stage":
            achieved[name] = bool(command["achieved"])
        else:
            retries[name] += int(str(command["change"]))
    for stage, given_points in zip(sheet.stages, TASK.stages, strict=True):
        earned = given_points.points if achieved[stage.name] else 0.0
        assert stage.points == max(0.0, earned - 0.5 * retries[stage.name])
        assert 0.0 <= stage.points <= stage.max_points == given_points.points
        assert (stage.stamp_ns is not None) == achieved[stage.name]
    assert 0.0 <= score_of(sheet.stages, False) <= 1.0


@given(st.sampled_from(NAMES), st.integers(0, 20))
def test_a_retry_costs_half_a_point_of_its_stage_and_of_no_other(name: str, retries: int) -> None:
    sheet = empty_sheet(TASK)
    for stage in NAMES:
        sheet = sheet.achieved(stage, True, 5)
    tried = sheet
    for _ in range(retries):
        tried = tried.retried(name, 1)
    worth = {stage.name: stage.points for stage in TASK.stages}
    points = {stage.name: stage.points for stage in tried.stages}
    assert points == {**worth, name: max(0.0, worth[name] - 0.5 * retries)}
    for _ in range(retries):
        tried = tried.retried(name, -1)
    assert tried == sheet


def test_a_stage_keeps_the_time_at_which_it_was_first_marked() -> None:
    sheet = empty_sheet(TASK).achieved("pick", True, 5).achieved("pick", True, 9)
    assert sheet.stages[0].stamp_ns == 5
    undone = sheet.achieved("pick", False, 11)
    assert (undone.stages[0].stamp_ns, undone.stages[0].points) == (None, 0.0)
    assert undone.achieved("pick", True, 12).stages[0].stamp_ns == 12


def test_a_trial_may_be_ended_after_more_than_four_retries_or_a_stage_that_is_worth_nothing_any_more() -> None:
    sheet = empty_sheet(TASK)
    for _ in range(MANY_RETRIES):
        sheet = sheet.retried("pick", 1)
    assert sheet.spent is None
    assert sheet.retried("pick", 1).spent == "5 retries of stage pick: the trial may be ended"
    small = replace(empty_sheet(TASK), retry_penalty=2.0).retried("back", 1)
    assert small.spent == "1 retries of stage back: the trial may be ended"


@pytest.mark.parametrize("name", FAILURE_CLASSES)
def test_a_failure_is_called_by_one_of_a_closed_list(name: str) -> None:
    sheet = empty_sheet(TASK).told({"verb": "failure_class", "name": name}, 0)
    assert sheet.failure_class == name
    assert sheet.told({"verb": "failure_class", "name": None}, 0).failure_class is None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            {"verb": "stage", "name": "jump", "achieved": True},
            "stage is 'jump', must be one of pick, move, place, back",
        ),
        ({"verb": "stage", "name": "pick", "achieved": "yes"}, "achieved of a stage is 'yes', must be true or false"),
        ({"verb": "retry", "name": "pick", "change": 2}, "change of a stage's retries is 2, must be 1 or -1"),
        ({"verb": "retry", "name": "pick", "change": True}, "is True, must be 1 or -1"),
        ({"verb": "retry", "name": "pick", "change": -1}, "stage pick has no retry to take back"),
        (
            {"verb": "failure_class", "name": "bad luck"},
            "failure class is 'bad luck', must be one of perception_failure",
        ),
        ({"verb": "comment", "text": 3}, "text of a comment is 3, must be text"),
    ],
)
def test_what_cannot_be_marked_is_refused_with_the_reason(command: dict[str, object], said: str) -> None:
    with pytest.raises(TrialError, match=said.replace("(", r"\(")):
        empty_sheet(TASK).told(command, 0)


def test_a_comment_is_kept_as_it_was_said_last() -> None:
    sheet = ScoreSheet().told({"verb": "comment", "text": "slipped "}, 0).told({"verb": "comment", "text": "fell"}, 1)
    assert sheet.comment == "fell"
