"""The vision policy that ships: it sees images, calibration, joint states and a prompt, and knows colours and sizes.

The prompt decides what it does; `skills.SKILLS` says what it can do.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.calibration import ViewCalibration, load_view
from ros_wam.clock import Clock, StationClock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policies.request_reader import RequestReader
from ros_wam.policies.session import HORIZON, RATE_HZ
from ros_wam.policies.skills import SKILLS, Skill, SkillSession, skill_for


class Client:
    """What is remembered of one client: the work on the prompt that it sent last."""

    def __init__(self) -> None:
        self.prompt: str | None = None
        self.work: tuple[Skill, SkillSession] | None = None


class BaselinePolicy:
    """A `ServedPolicy`: 30 absolute joint rows at 30 Hz per request, timed from the observation's stamp.

    A request that holds the rows which are being executed, from its stamp on, and how many of them will have been
    executed by the answer, gets rows that continue them. A new prompt begins new work.
    """

    def __init__(self, embodiment: Embodiment, views: Mapping[str, ViewCalibration], clock: Clock) -> None:
        """Raises ConfigError unless the views have one size."""
        sizes = {(view.height, view.width) for view in views.values()}
        if len(sizes) != 1:
            raise ConfigError(f"baseline: views of {embodiment.name} must have one size, have {sorted(sizes)}")
        self._embodiment, self._views = embodiment, dict(views)
        self._size = next(iter(sizes))
        self._reader = RequestReader(embodiment, self._size, clock)
        self._kinematics = Kinematics(embodiment)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """See ServedPolicy."""
        return {
            "embodiment": self._embodiment.name,
            "views": list(self._views),
            "image_size": list(self._size),
            "action_layout": list(self._embodiment.joint_names),
            "action_horizon": HORIZON,
            "rate_hz": RATE_HZ,
            "rtc": True,
        }

    def warm_up(self) -> None:
        """Do one inference on black images for everything that the robot suits."""
        black = np.zeros((*self._size, 3), np.uint8)
        for skill in SKILLS:
            with contextlib.suppress(ConfigError):
                session = self._begin(skill, skill.prompt)
                session.step(0, dict.fromkeys(skill.views, black), self._embodiment.home_position)

    def new_session(self) -> Client:
        """See ServedPolicy."""
        return Client()

    def infer(self, request: Mapping[str, Any], session: Client) -> Mapping[str, Any]:
        """Return `{"actions": (30, n)}`.

        Raises SpecError that names the key that is missing or wrong, or says what can be asked for; ConfigError if
        the robot does not suit what the prompt asks for.
        """
        skill, work = self._work(self._reader.prompt(request), session)
        seen = self._reader.read(request, skill.views)
        return {"actions": work.step(seen.stamp_ns, seen.images, seen.joints, seen.ongoing)}

    def _work(self, prompt: str, client: Client) -> tuple[Skill, SkillSession]:
        if client.work is None or prompt != client.prompt:
            skill = skill_for(prompt)
            client.prompt, client.work = prompt, (skill, self._begin(skill, prompt))
        return client.work

    def _begin(self, skill: Skill, prompt: str) -> SkillSession:
        return skill.make_session(self._embodiment, self._kinematics, self._views, prompt)


def make_baseline(embodiment: Embodiment, calibration: Path) -> BaselinePolicy:
    """Return the baseline for a robot and its calibration folder; raises ConfigError."""
    views = {view: load_view(calibration, view) for view in embodiment.views}
    return BaselinePolicy(embodiment, views, StationClock())
