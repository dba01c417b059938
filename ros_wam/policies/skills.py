"""What the baseline can do, by the words of the prompt that ask for it."""

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
    """One kind of work: asked for by a prompt with any of the `keywords`, of which `prompt` is an example.

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
        ("button",),
        "press the pink, blue, and green buttons in sequence",
        single_arm.VIEWS,
        presser.pressing_session,
    ),
    Skill(("switch",), "turn on the light switch", single_arm.VIEWS, switch.switching_session),
    Skill(
        ("bowl",),
        "stack the two smaller bowls onto the largest one",
        two_arms.VIEWS,
        stacker.stacking_session,
    ),
)
"""The first that fits a prompt is taken."""


def skill_for(prompt: str) -> Skill:
    """Return what a prompt asks for; raises SpecError that tells what can be asked for."""
    for skill in SKILLS:
        if any(keyword in prompt.lower() for keyword in skill.keywords):
            return skill
    known = "; ".join(repr(skill.prompt) for skill in SKILLS)
    raise SpecError(f"prompt {prompt!r} asks for nothing that baseline can do; it knows: {known}")
