"""Requests as this package's own profiles write them (`config/policies/baseline.yaml`), read and checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.policies.ongoing import Ongoing
from ros_wam.specs import ArraySpec
from ros_wam.types import FloatArray

_IMAGE_KEY = "observation/{}_image"
_ARMS_KEY, _GRIPPERS_KEY = "observation/joint_position", "observation/gripper_position"
_STAMP_KEY = "observation/stamp_ns"
_ONGOING_KEY, _DELAY_KEY = "observation/remaining_actions", "observation/delay_rows"


@dataclass(frozen=True, eq=False)
class Seen:
    """What a policy is shown: `images` HxWx3 uint8 RGB by view; `joints` `(n,)` in the robot's order [rad, grippers 0
    closed to 1 open]; `ongoing`, what the robot goes on doing meanwhile, None unless the client tells.
    """

    stamp_ns: int
    images: Mapping[str, NDArray[np.uint8]]
    joints: FloatArray
    prompt: str
    ongoing: Ongoing | None


class RequestReader:
    """Reads the requests for one policy of one robot. Raises SpecError that names the key that is missing or wrong."""

    def __init__(
        self,
        robot: Embodiment,
        image_size: tuple[int, int],
        clock: Clock,
        image_keys: Mapping[str, str] | None = None,
        columns: int | None = None,
    ) -> None:
        """`image_size`: height, width; `image_keys`: by view, where they are not ours; `columns`: of the actions, as
        many as joints if not told. A request without a stamp counts as observed when it arrives, by the clock.
        """
        self._robot, self._size, self._clock = robot, image_size, clock
        self._keys = {view: _IMAGE_KEY.format(view) for view in robot.views} | dict(image_keys or {})
        self._columns = len(robot.joint_names) if columns is None else columns

    def read(self, request: Mapping[str, Any], views: Iterable[str]) -> Seen:
        """Return what `request` shows; what else is in it is ignored."""
        images = {view: self._image(request, self._keys[view]) for view in views}
        stamp_ns = request.get(_STAMP_KEY, self._clock.now_ns())
        if not isinstance(stamp_ns, int):
            raise SpecError(f"{_STAMP_KEY} is {stamp_ns!r}, must be an integer")
        return Seen(stamp_ns, images, self._joints(request), self.prompt(request), self._ongoing(request))

    def prompt(self, request: Mapping[str, Any]) -> str:
        """Return the prompt, which every request has."""
        prompt = _required(request, "prompt")
        if not isinstance(prompt, str):
            raise SpecError(f"prompt is {prompt!r}, must be a string")
        return prompt

    def example(self, views: Iterable[str]) -> dict[str, Any]:
        """Return a request of black pictures with the robot at home, to warm a policy up."""
        home, grippers = self._robot.home_position, self._robot.is_gripper
        black = np.zeros((*self._size, 3), np.uint8)
        joints = {_ARMS_KEY: home[~grippers], _GRIPPERS_KEY: home[grippers]}
        return {**{self._keys[view]: black for view in views}, **joints, "prompt": ""}

    def _image(self, request: Mapping[str, Any], key: str) -> NDArray[np.uint8]:
        return ArraySpec(key, (*self._size, 3), np.uint8).validate(_required(request, key))

    def _ongoing(self, request: Mapping[str, Any]) -> Ongoing | None:
        if _ONGOING_KEY not in request:
            return None
        rows = ArraySpec(_ONGOING_KEY, (None, self._columns)).validate(request[_ONGOING_KEY])
        delay_rows = _required(request, _DELAY_KEY)
        if not isinstance(delay_rows, int) or delay_rows < 0:
            raise SpecError(f"{_DELAY_KEY} is {delay_rows!r}, must be a whole number of rows")
        return Ongoing(rows, delay_rows) if len(rows) else None

    def _joints(self, request: Mapping[str, Any]) -> FloatArray:
        grippers = self._robot.is_gripper
        joints = np.empty(len(grippers))
        for key, where in ((_ARMS_KEY, ~grippers), (_GRIPPERS_KEY, grippers)):
            value = np.atleast_1d(np.asarray(_required(request, key), dtype=np.float64))
            joints[where] = ArraySpec(key, (int(where.sum()),)).validate(value)
        return joints


def _required(request: Mapping[str, Any], key: str) -> Any:
    if key not in request:
        raise SpecError(f"request has no {key!r}; it has: {', '.join(map(str, request))}")
    return request[key]
