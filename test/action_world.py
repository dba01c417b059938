"""A policy whose actions mean what a test says, for tests of the adapters."""

import dataclasses
from typing import Any

import numpy as np
from fake_policy import BASELINE, frame, with_columns

from ros_wam.embodiment import Embodiment
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.execution import Execution
from ros_wam.policy.profile import Profile
from ros_wam.types import FloatArray, JointState, Observation

RATE_HZ = 10.0


def profile_for(columns: tuple[str, ...], space: str, **action: Any) -> Profile:
    """A policy of 10 Hz, whose answers are executed whole."""
    return dataclasses.replace(
        with_columns(BASELINE, columns),
        rate_hz=RATE_HZ,
        request=dataclasses.replace(BASELINE.request, rtc=None),
        execution=Execution("sequential"),
        action=ActionSpec(space=space, horizon=None, **action),
    )


def adapter_for(robot: Embodiment, columns: tuple[str, ...], space: str, **action: Any) -> ActionAdapter:
    """The adapter of such a policy."""
    return ActionAdapter(profile_for(columns, space, **action), robot)


def seen_at(robot: Embodiment, position: FloatArray) -> Observation:
    """An observation of a robot that is at rest at `position` `(n,)`."""
    still = np.zeros(len(position))
    frames = {view: frame(view, 1) for view in robot.views}
    return Observation(1, frames, JointState(1, position, still, still), "prompt")
