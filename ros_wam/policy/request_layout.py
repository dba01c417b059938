"""From an observation to a request: `request` of a profile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy import key_path
from ros_wam.policy.columns import is_pose, spelled_out, unknown
from ros_wam.policy.depth_input import DepthInput, depth_values
from ros_wam.policy.gripper_range import GripperRange
from ros_wam.policy.image_input import ImageInput, image_values
from ros_wam.policy.state_input import StateInput, ToolPose, joint_rows, state_vector
from ros_wam.types import FloatArray, Observation


@dataclass(frozen=True)
class RealTimeChunking:
    """Where a server takes what the robot goes on doing while it infers.

    `actions_at`: the rows that are left of what is being followed, in the reply's columns, `1 / rate_hz` apart from the
    observation's stamp on, grippers as in the state; `delay_at`: how many of them will have been executed before the
    answer comes. `most_rows`: the server takes only where the robot is and the rows that will have been executed, at
    most so many in all, and its answer goes on after them: they are put before its rows. `fewest_rows`: the server can
    do nothing with fewer; none are sent then.
    """

    actions_at: str
    delay_at: str | None = None
    most_rows: int | None = None
    fewest_rows: int = 1

    def __post_init__(self) -> None:
        if self.most_rows is not None and self.most_rows < 1:
            raise ConfigError(f"request: rtc: most_rows is {self.most_rows}, must be 1 or more")

    def values(self, observation: Observation, rows_of: Callable[[FloatArray], FloatArray]) -> dict[str, Any]:
        """Return what to send at which key paths; `rows_of`: joint positions as the server has them."""
        commitment, values = observation.commitment, {}
        if commitment is None or len(commitment.positions) < self.fewest_rows:
            if self.most_rows is not None:
                values[self.actions_at] = rows_of(observation.joint_state.position[None])
            return values
        most = None if self.most_rows is None else min(commitment.delay_rows + 1, self.most_rows)
        values[self.actions_at] = rows_of(commitment.positions[:most])
        return values if self.delay_at is None else {**values, self.delay_at: commitment.delay_rows}

    def continued(self, request: Mapping[str, Any], actions: FloatArray) -> FloatArray:
        """Return the answer's `actions` `(T, D)` behind the rows of the request that they go on after."""
        if self.most_rows is None:
            return actions
        before = key_path.find(request, self.actions_at)
        return (
            np.vstack([before, actions]) if before.shape[1:] == actions.shape[1:] else actions
        )  # admission refuses it


@dataclass(frozen=True)
class RequestLayout:
    """What one request holds, and at which key paths. `stamp_at`: the observation's stamp [ns].

    `prompt_at` is None where the server has its prompt elsewhere. `constants`: key path → what is always the same.
    """

    images: tuple[ImageInput, ...]
    state: tuple[StateInput, ...] = ()
    depth: tuple[DepthInput, ...] = ()
    prompt_at: str | None = None
    stamp_at: str | None = None
    gripper: GripperRange = field(default_factory=GripperRange)
    constants: dict[str, Any] = field(default_factory=dict)
    rtc: RealTimeChunking | None = None

    def __post_init__(self) -> None:
        if not self.images:
            raise ConfigError("request: images is empty, must name at least one view")

    @property
    def views(self) -> tuple[str, ...]:
        """Every view that is sent, once."""
        return tuple(dict.fromkeys(view for images in self.images for view in images.views))

    @property
    def depth_views(self) -> tuple[str, ...]:
        """Every view whose depth is sent."""
        return tuple(depth.view for depth in self.depth)

    @property
    def needs_tool_pose(self) -> bool:
        """Whether the state holds a pose of a tool."""
        return any(is_pose(word) for state in self.state for word in state.columns)

    def for_robot(self, robot: Embodiment) -> "RequestLayout":
        """Return it with the robot's own views and joints for the words that stand for them."""
        images = tuple(each.for_robot(robot) for each in self.images)
        state = tuple(replace(each, columns=spelled_out(each.columns, robot)) for each in self.state)
        return replace(self, images=images, state=state)

    def for_image_size(self, size: tuple[int, int] | None) -> "RequestLayout":
        """Return it with the height and width that a server declares, for the pictures whose size it tells."""
        return replace(self, images=tuple(each.for_image_size(size) for each in self.images))

    def check_robot(self, robot: Embodiment) -> None:
        """Raise ConfigError unless the robot has every view, joint and arm."""
        for view in (*self.views, *self.depth_views):
            if view not in robot.views:
                raise ConfigError(f"request: view is {view!r}, must be one of {', '.join(robot.views)}")
        for state in self.state:
            if unknown(state.columns, robot):
                told = f"joints of {', '.join(robot.joint_names)}, or arms of {', '.join(robot.arms)} with a part"
                raise ConfigError(f"request: state: {state.at} is {list(state.columns)}, must be {told}")
            state.check_scale()
            if state.axes == "number" and state.width != 1:
                raise ConfigError(f"request: state: {state.at} has {state.width} columns, must have 1 for a number")
        self._check_paths()

    def _check_paths(self) -> None:
        """Raise ConfigError where two values would be put at one key path, or one where the others leave no place."""
        rtc = (self.rtc.actions_at, self.rtc.delay_at) if self.rtc is not None else ()
        rest = (*self.constants, self.prompt_at, self.stamp_at, *rtc)
        depth = [path for each in self.depth for path in (each.at, each.camera_matrix_at)]
        images = [path for each in self.images for path in each.paths]
        tree: dict[str, Any] = {}
        for path in (*images, *depth, *(state.at for state in self.state), *rest):
            if path is not None:
                try:
                    key_path.put(tree, path, 0)
                except ConfigError as error:
                    raise ConfigError(f"request: {error}") from error

    def build(
        self, robot: Embodiment, observation: Observation, prompt: str, layout: tuple[str, ...], tool_pose: ToolPose
    ) -> dict[str, Any]:
        """Return the request; `layout`: the joints of the reply's columns, in which the rows of `rtc` go."""
        request: dict[str, Any] = {}
        for images in self.images:
            for path, value in image_values(images, observation):
                key_path.put(request, path, value)
        for depth in self.depth:
            for path, value in depth_values(depth, observation):
                key_path.put(request, path, value)
        for state in self.state:
            key_path.put(request, state.at, state_vector(state, self.gripper, robot, observation, tool_pose))
        for path, value in self._rest(robot, observation, prompt, layout).items():
            key_path.put(request, path, value)
        return request

    def _rest(
        self, robot: Embodiment, observation: Observation, prompt: str, layout: tuple[str, ...]
    ) -> Mapping[str, Any]:
        rest = dict(self.constants)
        if self.prompt_at is not None:
            rest[self.prompt_at] = prompt
        if self.stamp_at is not None:
            rest[self.stamp_at] = observation.stamp_ns
        if self.rtc is not None:
            rest |= self.rtc.values(observation, lambda rows: joint_rows(rows, layout, robot, self.gripper))
        return rest
