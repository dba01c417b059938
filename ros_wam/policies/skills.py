"""What the baseline can do, by the words of the prompt that ask for it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.policies import picker, presser, single_arm, stacker, switch, two_arms
from ros_wam.policies.ongoing import Ongoing
from ros_wam.policies.planner import Images
from ros_wam.types import FloatArray


class SkillSession(Protocol):
    """The work on one prompt, from observation to observation; see `Session`, which suits most."""

    def step(self, stamp_ns: int, images: Images, joints: FloatArray, ongoing: Ongoing | None = None) -> FloatArray:
        """Return `(HORIZON, n)` joint positions; row k is for `stamp_ns` + k / RATE_HZ."""
        ...


MakeSession = Callable[[Embodiment, Kinematics, Mapping[str, ViewCalibration], str], SkillSession]
"""Robot, its kinematics, its views and the prompt. Raises ConfigError if the robot does not suit, SpecError if the
prompt lacks something."""


@dataclass(frozen=True)
class Skill:
    """One kind of work: asked for by a prompt with any of the words `keywords`, of which `prompt` is an example.

    `views`: what a session of it is shown.
    """

    keywords: tuple[str, ...]
    prompt: str
    views: tuple[str, ...]
    make_session: MakeSession


SKILLS = (
    Skill(
        ("box", "tidy"),
        "place all the clutter on the desk into the white box",
        single_arm.VIEWS,
        picker.tidying_session,
    ),
    Skill(
        ("button", "buttons"),
        "press the pink, blue, and green buttons in sequence",
        single_arm.VIEWS,
        presser.pressing_session,
    ),
    Skill(("switch",), "turn on the light switch", single_arm.VIEWS, switch.switching_session),
    Skill(
        ("bowl", "bowls"),
        "stack the two smaller bowls onto the largest one",
        two_arms.VIEWS,
        stacker.stacking_session,
    ),
)


def skill_for(prompt: str) -> Skill:
    """Return what a prompt asks for; raises SpecError that tells what can be asked for unless it is one thing."""
    words = set(re.findall(r"\w+", prompt.lower()))
    asked = [skill for skill in SKILLS if words.intersection(skill.keywords)]
    if len(asked) == 1:
        return asked[0]
    if asked:
        found = ", ".join(repr(word) for skill in asked for word in skill.keywords if word in words)
        raise SpecError(f"prompt {prompt!r} asks for more than one thing, by the words {found}: baseline does one")
    known = "; ".join(repr(skill.prompt) for skill in SKILLS)
    raise SpecError(f"prompt {prompt!r} asks for nothing that baseline can do; it knows: {known}")
