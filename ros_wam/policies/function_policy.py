"""A policy that is one function: what most systems come down to that ship no server of their own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ros_wam.clock import StationClock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policies.request_reader import RequestReader, Seen
from ros_wam.policy.columns import labels, spelled_out, unknown
from ros_wam.specs import ArraySpec

WARM_UP_CALLS = 3
"""A TorchScript program is compiled in its first calls: it is profiled before."""


class FunctionPolicy:
    """A `ServedPolicy` whose answers `act` computes. All but `act` and `begin` is declared to the clients.

    `act(seen, memory)` returns `(horizon, columns)` numbers, row k for the observation's stamp + k / `rate_hz`.
    `begin()` returns the memory of one connection, which is one episode of this package's client. `columns`: words of
    `columns.py`, by default every joint of the robot; what they mean (absolute, delta ...) the client's profile says.
    `rtc`: whether `act` regards `seen.ongoing`. `image_size`: height, width; `image_keys`: by view, where not ours.
    """

    def __init__(
        self,
        act: Callable[[Seen, Any], ArrayLike],
        robot: Embodiment,
        horizon: int,
        rate_hz: float,
        image_size: tuple[int, int],
        views: Sequence[str] = (),
        columns: Sequence[str] = ("all",),
        begin: Callable[[], Any] = lambda: None,
        rtc: bool = False,
        image_keys: Mapping[str, str] | None = None,
    ) -> None:
        """`views`: every one of the robot if empty. Raises ConfigError for what the robot does not have."""
        self._act, self._begin, self._robot = act, begin, robot
        self._views = tuple(views) or robot.views
        self._columns = spelled_out(columns, robot)
        for key, wrong, valid in (
            ("views", [view for view in self._views if view not in robot.views], robot.views),
            ("image_keys", [view for view in image_keys or () if view not in robot.views], robot.views),
            ("columns", unknown(self._columns, robot), robot.joint_names),
        ):
            if wrong:
                raise ConfigError(f"policy: {key} is {wrong}, {robot.name} has {', '.join(valid)}")
        if horizon < 1 or not rate_hz > 0:
            raise ConfigError(f"policy: horizon {horizon} and rate_hz {rate_hz:g} must be above 0")
        if min(image_size) < 1:
            raise ConfigError(f"policy: image_size is {list(image_size)}, must be a height and a width above 0")
        width = sum(len(labels(word)) for word in self._columns)
        self._answer = ArraySpec("the policy's answer", (horizon, width), finite=False)  # NaN is the client's to refuse
        self._reader = RequestReader(robot, image_size, StationClock(), image_keys, width)
        self._declared = {"image_size": list(image_size), "action_horizon": horizon, "rate_hz": rate_hz, "rtc": rtc}

    @property
    def metadata(self) -> Mapping[str, Any]:
        """See ServedPolicy."""
        named = {"embodiment": self._robot.name, "views": list(self._views), "action_layout": list(self._columns)}
        return {**named, **self._declared}

    def warm_up(self) -> None:
        """See ServedPolicy."""
        for _ in range(WARM_UP_CALLS):
            self.infer(self._reader.example(self._views), self.new_session())

    def new_session(self) -> Any:
        """See ServedPolicy."""
        return self._begin()

    def infer(self, request: Mapping[str, Any], session: Any) -> Mapping[str, Any]:
        """Return `{"actions": (horizon, columns)}`; raises SpecError where the request, or what `act` gave, is none."""
        seen = self._reader.read(request, self._views)
        return {"actions": self._answer.validate(np.asarray(self._act(seen, session), np.float64))}
