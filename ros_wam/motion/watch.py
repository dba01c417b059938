"""What the control loop watches beside the gate: whether the robot follows, and how near its limits it moves."""

import numpy as np

from ros_wam.calibration import SafetySettings
from ros_wam.causes import Cause
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.motion.safety import REST_RAD_S
from ros_wam.types import FloatArray, JointState

LAGGING_SHARE = 0.5
"""Of `tracking_rad`, from which a robot counts as lagging."""
TOWARDS_M_S = 1e-3
"""A tool that approaches an edge of its workspace more slowly does not move towards it."""


class Watch:
    """Compares the measured and the sent motion with the limits of one robot; keeps no state."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, settings: SafetySettings) -> None:
        self._embodiment, self._kinematics, self._settings = embodiment, kinematics, settings
        self._arm = ~embodiment.is_gripper
        self._boxes = {
            name: np.array((arm.workspace.min_m, arm.workspace.max_m)) for name, arm in embodiment.arms.items()
        }

    def require_force(self, state: JointState) -> None:
        """Raise SpecError unless the state has the forces that the robot file limits."""
        reported, arms = state.tool_force_n.shape, self._embodiment.arms
        if reported != (len(arms),) and any(arm.tool_force_n is not None for arm in arms.values()):
            raise SpecError(f"tool_force_n: shape is {reported}, must be {(len(arms),)}: the robot file limits it")

    def following(self, state: JointState, sent: FloatArray) -> dict[Cause, str]:
        """Return LAGGING or NOT_FOLLOWING, with the evidence, for a robot that is not where it was sent `(n,)`."""
        behind = np.where(self._arm, np.abs(state.position - sent), 0.0)
        worst, limit_rad = int(behind.argmax()), self._embodiment.tracking_rad
        cause = Cause.LAGGING if behind[worst] <= limit_rad else Cause.NOT_FOLLOWING
        allowed_rad = LAGGING_SHARE * limit_rad if cause is Cause.LAGGING else limit_rad
        if behind[worst] <= allowed_rad:
            return {}
        name = self._embodiment.joint_names[worst]
        behind_rad = f"{behind[worst]:.3f} rad from where it was sent"
        return {cause: f"{name} is {behind_rad}, at most {allowed_rad:g} rad is allowed"}

    def margins(self, position: FloatArray, velocity: FloatArray) -> dict[Cause, str]:
        """Return NEAR_LIMIT, with the evidence, for a sent motion `(n,)` within a margin and towards its limit."""
        where = self._joint_near(position, velocity) or self._tool_near(position, velocity)
        return {} if where is None else {Cause.NEAR_LIMIT: where}

    def _joint_near(self, position: FloatArray, velocity: FloatArray) -> str | None:
        margin_rad = self._settings.joint_margin_rad
        up, down = self._embodiment.upper - position, position - self._embodiment.lower
        if np.minimum(up, down)[self._arm].min() >= margin_rad:
            return None
        towards = ((up < margin_rad) & (velocity > REST_RAD_S)) | ((down < margin_rad) & (velocity < -REST_RAD_S))
        near = np.flatnonzero(towards & self._arm)
        if not len(near):
            return None
        return f"{self._embodiment.joint_names[near[0]]} moves within {margin_rad:g} rad of its limit"

    def _tool_near(self, position: FloatArray, velocity: FloatArray) -> str | None:
        margin_m, period_s = self._settings.workspace_margin_m, self._embodiment.period_s
        for name, (box_min, box_max) in self._boxes.items():
            tool = self._kinematics.tool_position(position, name)
            room = np.array((tool - box_min, box_max - tool))
            if room.min() >= margin_m:
                continue
            step = self._kinematics.tool_position(position + velocity * period_s, name) - tool
            towards = np.array((-step, step)) > TOWARDS_M_S * period_s
            if ((room < margin_m) & towards).any():
                return f"the tool of {name} moves within {margin_m:g} m of the edge of its workspace"
        return None
