"""The words of a prompt decide what the baseline does, and only when they leave no doubt."""

from pathlib import Path

import pytest

from ros_wam.errors import SpecError
from ros_wam.policies import picker, presser, stacker, switch
from ros_wam.policies.skills import SKILLS, MakeSession, skill_for
from ros_wam.task import load_task

TASKS = Path(__file__).parents[1] / "config/tasks"


@pytest.mark.parametrize(
    ("task", "session"),
    [
        ("move_objects_into_box", picker.tidying_session),
        ("press_three_buttons", presser.pressing_session),
        ("turn_on_light_switch", switch.switching_session),
        ("stack_bowls", stacker.stacking_session),
    ],
)
def test_each_task_s_prompt_asks_for_its_work(task: str, session: MakeSession) -> None:
    assert skill_for(load_task(TASKS / f"{task}.yaml").prompt).make_session is session


def test_each_skill_s_example_asks_for_it() -> None:
    assert [skill_for(skill.prompt) for skill in SKILLS] == list(SKILLS)


@pytest.mark.parametrize("prompt", ["Tidy up!", "Press the GREEN button.", "BOWLS: stack them", "light-switch on"])
def test_case_and_punctuation_do_not_matter(prompt: str) -> None:
    assert skill_for(prompt)


@pytest.mark.parametrize("prompt", ["start boxing", "switchboard", "unbutton the coat", "untidy the desk", ""])
def test_parts_of_words_ask_for_nothing(prompt: str) -> None:
    with pytest.raises(SpecError, match="asks for nothing that baseline can do; it knows: 'place all"):
        skill_for(prompt)


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("press the pink button on the box", "'box', 'button'"),
        ("switch the order: press green, then the pink button", "'button', 'switch'"),
        ("put the bowls into the box and tidy up", "'box', 'tidy', 'bowls'"),
    ],
)
def test_a_prompt_that_asks_for_more_than_one_thing_is_refused(prompt: str, found: str) -> None:
    with pytest.raises(SpecError, match=f"asks for more than one thing, by the words {found}: baseline does one"):
        skill_for(prompt)
