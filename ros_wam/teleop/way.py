"""Which targets of a leader may be taken: as far as the way to them keeps off limits, workspace edges and obstacles."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import Station
from ros_wam.embodiment import Embodiment, Workspace
from ros_wam.errors import ChunkRefused
from ros_wam.policy.admission import build_admission
from ros_wam.types import FloatArray


class Way:
    """Checks what is asked of one robot among its fixtures; keeps no state. Not for use by two threads at once.

    The workspace is the robot file's less the station's margin, so that the gate, which ends what leads out of it, is
    not met. Of several arms those go on whose way is free, and so do grippers.
    """

    def __init__(self, embodiment: Embodiment, station: Station) -> None:
        margin_m = station.safety.workspace_margin_m
        arms = {name: replace(arm, workspace=_inset(arm.workspace, margin_m)) for name, arm in embodiment.arms.items()}
        self._admission = build_admission(replace(embodiment, arms=arms), station.fixtures)
        names = embodiment.joint_names
        self._parts: list[NDArray[np.intp]] = []
        for arm in embodiment.arms.values():
            gripper = names.index(arm.gripper)
            if len(embodiment.arms) > 1:
                self._parts.append(np.array([*map(names.index, arm.joints), gripper]))
            self._parts.append(np.array([gripper]))

    def take(self, target: FloatArray, wanted: FloatArray) -> tuple[FloatArray, str]:
        """Return the target `(n,)` on the way from `target` to `wanted` that may be taken, and why it is not all."""
        refusal = self._refusal(target, wanted)
        if not refusal:
            return wanted, ""
        for part in self._parts:
            partly = target.copy()
            partly[part] = wanted[part]
            if not self._refusal(target, partly):
                target = partly
        return target, refusal

    def _refusal(self, target: FloatArray, wanted: FloatArray) -> str:
        if np.array_equal(target, wanted):
            return ""
        try:
            for _ in self._admission.check_way(wanted[None], target):
                pass
        except ChunkRefused as refused:
            return refused.detail.replace("on the way to row 0 ", "").replace(" on the way to row 0", "")
        return ""


def _inset(workspace: Workspace, margin_m: float) -> Workspace:
    low, high = np.array(workspace.min_m) + margin_m, np.array(workspace.max_m) - margin_m
    middle = (low + high) / 2.0  # of a workspace that is all margin
    low, high = np.minimum(low, middle), np.maximum(high, middle)
    return Workspace((low[0], low[1], low[2]), (high[0], high[1], high[2]))
