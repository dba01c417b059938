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
from ros_wam.errors import ConfigError, SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.policies.ongoing import Ongoing
from ros_wam.policies.session import HORIZON, RATE_HZ
from ros_wam.policies.skills import SKILLS, Skill, SkillSession, skill_for
from ros_wam.specs import ArraySpec
from ros_wam.types import FloatArray

_IMAGE_KEY = "observation/{view}_image"
_STAMP_KEY = "observation/stamp_ns"
_ONGOING_KEY, _DELAY_KEY = "observation/remaining_actions", "observation/delay_rows"


class Client:
    """What is remembered of one client: the work on the prompt that it sent last."""

    def __init__(self) -> None:
        self.prompt: str | None = None
        self.work: tuple[Skill, SkillSession] | None = None


class BaselinePolicy:
    """A `ServedPolicy`: 30 absolute joint rows at 30 Hz per request, timed from the observation's stamp.

    A request without a stamp counts as observed when it arrives. One that holds the rows which are being executed, from
    its stamp on, and how many of them will have been executed by the answer, gets rows that continue them. A new
    prompt begins new work; what else is in a request than a skill's views, joints and prompt is ignored.
    """

    def __init__(self, embodiment: Embodiment, views: Mapping[str, ViewCalibration], clock: Clock) -> None:
        """Raises ConfigError unless the views have one size."""
        sizes = {(view.height, view.width) for view in views.values()}
        if len(sizes) != 1:
            raise ConfigError(f"baseline: views of {embodiment.name} must have one size, have {sorted(sizes)}")
        self._embodiment, self._views, self._clock = embodiment, dict(views), clock
        self._size = next(iter(sizes))
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
        skill, work = self._work(request, session)
        images = {view: self._image(request, _IMAGE_KEY.format(view=view)) for view in skill.views}
        stamp_ns = request.get(_STAMP_KEY, self._clock.now_ns())
        if not isinstance(stamp_ns, int):
            raise SpecError(f"{_STAMP_KEY} is {stamp_ns!r}, must be an integer")
        return {"actions": work.step(stamp_ns, images, self._joints(request), self._ongoing(request))}

    def _work(self, request: Mapping[str, Any], client: Client) -> tuple[Skill, SkillSession]:
        prompt = _required(request, "prompt")
        if not isinstance(prompt, str):
            raise SpecError(f"prompt is {prompt!r}, must be a string")
        if client.work is None or prompt != client.prompt:
            skill = skill_for(prompt)
            client.prompt, client.work = prompt, (skill, self._begin(skill, prompt))
        return client.work

    def _begin(self, skill: Skill, prompt: str) -> SkillSession:
        return skill.make_session(self._embodiment, self._kinematics, self._views, prompt)

    def _image(self, request: Mapping[str, Any], key: str) -> Any:
        return ArraySpec(key, (*self._size, 3), np.uint8).validate(_required(request, key))

    def _ongoing(self, request: Mapping[str, Any]) -> Ongoing | None:
        if _ONGOING_KEY not in request:
            return None
        joints = len(self._embodiment.joint_names)
        rows = ArraySpec(_ONGOING_KEY, (None, joints)).validate(request[_ONGOING_KEY])
        delay_rows = _required(request, _DELAY_KEY)
        if not isinstance(delay_rows, int) or delay_rows < 0:
            raise SpecError(f"{_DELAY_KEY} is {delay_rows!r}, must be a whole number of rows")
        return Ongoing(rows, delay_rows) if len(rows) else None

    def _joints(self, request: Mapping[str, Any]) -> FloatArray:
        grippers = self._embodiment.is_gripper
        joints = np.empty(len(grippers))
        for key, where in (("observation/joint_position", ~grippers), ("observation/gripper_position", grippers)):
            value = np.atleast_1d(np.asarray(_required(request, key), dtype=np.float64))
            joints[where] = ArraySpec(key, (int(where.sum()),)).validate(value)
        return joints


def make_baseline(embodiment: Embodiment, calibration: Path) -> BaselinePolicy:
    """Return the baseline for a robot and its calibration folder; raises ConfigError."""
    views = {view: load_view(calibration, view) for view in embodiment.views}
    return BaselinePolicy(embodiment, views, StationClock())


def _required(request: Mapping[str, Any], key: str) -> Any:
    if key not in request:
        raise SpecError(f"request has no {key!r}; it has: {', '.join(map(str, request))}")
    return request[key]
