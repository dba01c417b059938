"""From an observation to a request and from an answer to actions, as a profile says."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyAnswerInvalid
from ros_wam.policy.image import resize_with_pad
from ros_wam.policy.profile import Profile
from ros_wam.types import FloatArray, Observation


def build_request(profile: Profile, embodiment: Embodiment, observation: Observation) -> dict[str, Any]:
    """Return the request: HxWx3 uint8 RGB images, float64 joint vectors, and what else the server takes."""
    request: dict[str, Any] = {
        key: resize_with_pad(observation.frames[view].image, profile.image_size) for view, key in profile.views.items()
    }
    for key, joints in profile.state.items():
        index = [embodiment.joint_names.index(joint) for joint in joints]
        request[key] = observation.joint_state.position[index]
    if profile.prompt_key is not None:
        request[profile.prompt_key] = observation.prompt
    if profile.stamp_key is not None:
        request[profile.stamp_key] = observation.stamp_ns
    if profile.rtc is not None and observation.commitment is not None:
        layout = [embodiment.joint_names.index(joint) for joint in profile.action_layout]
        request[profile.rtc.actions_key] = observation.commitment.positions[:, layout]
        request[profile.rtc.delay_key] = observation.commitment.delay_rows
    return request


def read_actions(profile: Profile, answer: Any) -> FloatArray:
    """Return the `(T, action_dim)` array at the profile's reply path, as the server gave it; it may hold NaN.

    Raises PolicyAnswerInvalid that names the keys there are.
    """
    value = answer
    for key in profile.reply_path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            there = ", ".join(map(str, value)) if isinstance(value, Mapping) else type(value).__name__
            raise PolicyAnswerInvalid(f"answer of {profile.url} has no {profile.reply_path!r}; there is: {there}")
        value = value[key]
    try:
        actions = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PolicyAnswerInvalid(f"{profile.reply_path!r} of {profile.url} is not an array of numbers") from error
    actions.setflags(write=False)
    return actions


def server_infer_ms(answer: Mapping[str, Any]) -> float | None:
    """Return how long the server says it took, None if it does not say [ms]."""
    timing = answer.get("server_timing")
    value = timing.get("infer_ms") if isinstance(timing, Mapping) else None
    return float(value) if isinstance(value, (int, float)) else None
