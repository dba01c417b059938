"""Joint positions from rows of tool poses, by inverse kinematics."""

import contextlib
from collections.abc import Iterator, Mapping

import numpy as np

from ros_wam.causes import RefusalReason
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, PoseUnreachable
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.policy.columns import PARTS
from ros_wam.policy.pose_columns import ANGLES, TRANSLATION, pose_part, rotations
from ros_wam.policy.tool_frames import ToolFrames
from ros_wam.pose_path import solve_next, solve_path
from ros_wam.types import FloatArray

JUMP_RAD = 0.5
"""No joint may go farther from one row to the next, unless its velocity limit lets it: the arm would have to swing over
to another posture, or through a singularity. What is slower than that is judged by admission."""
TRIES, FAST_ENOUGH = 4, 1.01
"""How often a motion that is too fast is cut, each time by what it was too fast; it is not, within this share."""


class ToolMotion:
    """Tool poses of all arms to joint positions. Not for use by two threads at once."""

    def __init__(self, spec: ActionSpec, dt_s: float, embodiment: Embodiment, columns: Mapping[str, slice]) -> None:
        self._spec, self._embodiment, self._columns = spec, embodiment, columns
        self._frames = ToolFrames(spec, embodiment)
        self._kinematics = self._frames.kinematics
        self._most_rad = embodiment.velocity * dt_s
        self._columns_of = {
            arm: [embodiment.joint_names.index(joint) for joint in about.joints]
            for arm, about in embodiment.arms.items()
        }
        self._rotation = {
            arm: next(p for p in PARTS if p != TRANSLATION and f"{arm}.{p}" in columns) for arm in embodiment.arms
        }

    def joint_rows(self, rows: FloatArray, here: FloatArray, initial: FloatArray) -> tuple[FloatArray, float]:
        """Return `(T', n)` joint positions [rad], grippers as they are, for `rows` `(T, D)` [m, rad or degrees].

        And the smallest share of its way that a row goes.

        `here` and `initial` `(n,)`: where the robot was at the observation, and when the episode began. Motions are
        added up from `here` on, with `here` as the first of T + 1 rows; where a joint would be too fast, the tool goes
        a part of its way. Raises ChunkRefused (UNREACHABLE).
        """
        slowest, transforms = 1.0, {arm: self._transforms(arm, rows) for arm in self._columns_of}
        if self._spec.begins_at_state:
            positions, slowest = self._stepped(transforms, here)
        else:
            positions = np.tile(here, (len(rows), 1))
            for arm, columns in self._columns_of.items():
                poses = self._poses(arm, transforms[arm], here, initial)
                with _refusing(f"{arm},"):
                    positions[:, columns] = solve_path(self._embodiment, self._kinematics, poses, here, arm)
        for arm, columns in self._columns_of.items():
            self._refuse_jumps(arm, positions[:, columns], columns)
        return positions, slowest

    def _poses(self, arm: str, transforms: FloatArray, here: FloatArray, initial: FloatArray) -> FloatArray:
        """Return T_base_tool `(T, 4, 4)` [m] of the tool site."""
        if self._spec.reference != "absolute":
            origin = self._frames.pose(initial if self._spec.reference == "initial" else here, arm)
            transforms = np.array([_moved(origin, motion, self._spec.frame) for motion in transforms])
        return self._frames.site_poses(transforms, arm)

    def _stepped(self, motions: Mapping[str, FloatArray], here: FloatArray) -> tuple[FloatArray, float]:
        """Return `(T + 1, n)` positions [rad] that add up the `motions` `(T, 4, 4)` of each arm, all as far as they go,
        and the smallest share of its way that a row goes.

        The arms are slowed alike: they may hold one thing.
        """
        poses, rows, slowest = {arm: self._frames.pose(here, arm) for arm in motions}, [here], 1.0
        for row in range(len(next(iter(motions.values())))):
            share = 1.0
            for _ in range(TRIES):
                there = {
                    arm: _moved(pose, _part(motions[arm][row], share), self._spec.frame) for arm, pose in poses.items()
                }
                at = self._next(there, rows, row)
                excess = float((np.abs(at - rows[-1]) / self._most_rad).max())
                if excess <= FAST_ENOUGH:
                    break
                share /= excess
            poses, slowest = there, min(slowest, share)
            rows.append(at)
        return np.array(rows), slowest

    def _next(self, poses: Mapping[str, FloatArray], rows: list[FloatArray], row: int) -> FloatArray:
        """Return the positions `(n,)` for the policy's poses of all arms that follow `rows`."""
        at = rows[-1].copy()
        for arm, pose in poses.items():
            site, columns = self._frames.site_poses(pose, arm), self._columns_of[arm]
            with _refusing(f"{arm}, row {row}:"):
                at[columns] = solve_next(self._embodiment, self._kinematics, site, rows, rows[0], arm)[columns]
        return at

    def _transforms(self, arm: str, rows: FloatArray) -> FloatArray:
        part = self._rotation[arm]
        turn = rows[:, self._columns[f"{arm}.{part}"]]
        transforms = np.tile(np.eye(4), (len(rows), 1, 1))
        transforms[:, :3, :3] = rotations(np.radians(turn) if self._spec.degrees and part in ANGLES else turn, part)
        transforms[:, :3, 3] = rows[:, self._columns[f"{arm}.{TRANSLATION}"]]
        wrong = np.flatnonzero(~np.isfinite(transforms).all(axis=(1, 2)))
        if len(wrong):
            told = f"{arm}, row {wrong[0]}: {arm}.{part} is {turn[wrong[0]].tolist()}, which is no rotation"
            raise ChunkRefused(RefusalReason.UNREACHABLE, told)
        return transforms

    def _refuse_jumps(self, arm: str, positions: FloatArray, columns: list[int]) -> None:
        steps = np.abs(np.diff(positions, axis=0))
        excess = steps - np.maximum(JUMP_RAD, self._most_rad[columns])
        if not len(steps) or excess.max() <= 0.0:
            return
        row, joint = np.unravel_index(int(excess.argmax()), excess.shape)
        name = self._embodiment.arms[arm].joints[joint]
        to_row = row + 1 - self._spec.begins_at_state
        told = f"{arm}, row {to_row}: {name} would have to swing {steps[row, joint]:.2f} rad to get there"
        raise ChunkRefused(RefusalReason.UNREACHABLE, f"{told}: near a singularity, or a joint is at its limit")


@contextlib.contextmanager
def _refusing(where: str) -> Iterator[None]:
    """Refuse the chunk where a pose is out of reach."""
    try:
        yield
    except PoseUnreachable as error:
        raise ChunkRefused(RefusalReason.UNREACHABLE, f"{where} {error}") from error


def _moved(origin: FloatArray, motion: FloatArray, frame: str) -> FloatArray:
    """Return the pose `origin` moved by `motion`, along and about the axes of `frame`."""
    moved = np.eye(4)
    turned, rotation = motion[:3, :3], origin[:3, :3]
    moved[:3, :3] = turned @ rotation if frame == "base" else rotation @ turned
    moved[:3, 3] = origin[:3, 3] + (rotation @ motion[:3, 3] if frame == "tool" else motion[:3, 3])
    return moved


def _part(motion: FloatArray, share: float) -> FloatArray:
    """Return so much of a motion, along the same line and about the same axis, the short way round."""
    if share == 1.0:
        return motion
    part, turn = np.eye(4), pose_part(motion, "rotvec")
    angle = np.linalg.norm(turn)
    if angle > np.pi:
        turn *= 1.0 - 2.0 * np.pi / angle
    part[:3, :3] = rotations(share * turn[None], "rotvec")[0]
    part[:3, 3] = share * motion[:3, 3]
    return part
