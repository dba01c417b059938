"""One recorded trial or demonstration, whole, with the stamps that its parts had: what every export reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.export.joint_track import IntArray, JointTrack
from ros_wam.export.recorded_view import RecordedView
from ros_wam.fields import MODES
from ros_wam.kinematics import Kinematics
from ros_wam.trial.outcome import Trial
from ros_wam.trial.trace import Trace
from ros_wam.types import FloatArray, Mode


@dataclass(frozen=True)
class Segment:
    """A time during which one source had the robot: from its first control tick to its last."""

    mode: Mode
    start_ns: int
    end_ns: int


@dataclass(frozen=True, eq=False)
class Episode:
    """What the folder of a trial holds. Joint columns are in the order of `robot.joint_names`.

    `trace` has every control tick: `measured`, `target` (what the policy or the leader asked for, NaN where there was
    nothing to follow), `desired` (the smoother's), `sent` (the gate's), and in `origin` whose it was. `joints` is what
    was measured, at most 125 Hz. The robot was the policy's, or the operator's, from `start_ns` to `end_ns`.
    """

    folder: Path
    trial: Trial
    robot: Embodiment
    prompt: str
    trace: Trace
    joints: JointTrack
    views: Mapping[str, RecordedView]

    @property
    def start_ns(self) -> int:
        """When the robot was handed over."""
        return self.trace.start_ns

    @property
    def end_ns(self) -> int:
        """When it was taken back."""
        return self.trace.end_ns

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Who had the robot when, oldest first, from before `start_ns` to after `end_ns`."""
        source, stamp_ns = self.trace.origin.source, self.trace.stamp_ns
        first = np.flatnonzero(np.diff(source, prepend=-1))
        last = np.append(first[1:], len(source)) - 1
        return tuple(
            Segment(MODES[int(source[a])], int(stamp_ns[a]), int(stamp_ns[b])) for a, b in zip(first, last, strict=True)
        )

    @cached_property
    def chunk_starts_ns(self) -> IntArray:
        """`(K,)`: when control began to follow another chunk of the policy than before."""
        chunk_id = np.where(self.trace.in_mode(Mode.POLICY), self.trace.origin.chunk_id, -1)
        begins = np.diff(chunk_id, prepend=-1) != 0
        return np.asarray(self.trace.stamp_ns[begins & (chunk_id >= 0)])

    def tool_poses(self, position: FloatArray) -> dict[str, FloatArray]:
        """Return T_base_tool `(N, 4, 4)` [m] of each arm at the joint positions `(N, n)`, by the recorded model."""
        return {
            arm: np.array([self._kinematics.tool_pose(row, arm) for row in position]).reshape(-1, 4, 4)
            for arm in self.robot.arms
        }

    @cached_property
    def _kinematics(self) -> Kinematics:
        return Kinematics(self.robot)
