"""What a robot sees at one moment, for the tests of every family: pictures of known shades, and a state."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.policy.normalized import Normalized
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.share import share_dir
from ros_wam.types import CameraFrame, FloatArray, JointState, Observation

PROMPT = "put it in the box"
SHADES = {"wrist": 40, "global": 80, "side": 120, "high": 160, "left_wrist": 200, "right_wrist": 240}
"""The red of each view's pictures; their green is 10 and their blue 20."""


def robot_named(name: str) -> Embodiment:
    """Return a robot that ships."""
    return load_embodiment(share_dir() / f"robots/{name}.yaml")


def profile_named(name: str, robot: Embodiment) -> Profile:
    """Return a profile that ships, for `robot`; SGLang's with the numbers of a checkpoint, 8 for 1."""
    profile = load_profile(share_dir() / f"config/policies/{name}.yaml").for_robot(robot)
    return eightfold(profile, robot) if name in ("sglang_actions", "sglang_openpi") else profile


def eightfold(profile: Profile, robot: Embodiment) -> Profile:
    """Return it with state and actions that are sent as an eighth, instead of by the numbers that a lab has."""
    count = len(robot.joint_names)
    numbers = Normalized(low=(-8.0,) * count, high=(8.0,) * count)
    (state,) = profile.request.state
    request = replace(profile.request, state=(replace(state, normalized=numbers),))
    return replace(profile, request=request, action=replace(profile.action, normalized=numbers))


def picture(view: str, stamp_ns: int = 1, size: tuple[int, int] = (240, 320)) -> CameraFrame:
    """Return a picture of the shade of `view`, of height and width `size`."""
    image = np.empty((*size, 3), np.uint8)
    image[:] = (SHADES[view], 10, 20)
    return CameraFrame(view, stamp_ns, image)


def observation(
    robot: Embodiment, position: FloatArray | None = None, prompt: str = PROMPT, size: tuple[int, int] = (240, 320)
) -> Observation:
    """Return what `robot` sees at `position`, by default at its home; its grippers are a quarter open there."""
    at = np.where(robot.is_gripper, 0.25, robot.home_position) if position is None else position
    still = np.zeros(len(at))
    frames: Mapping[str, CameraFrame] = {view: picture(view, size=size) for view in robot.views}
    return Observation(1, dict(frames), JointState(1, at, still, still), prompt)
