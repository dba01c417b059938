"""From a policy's rows to joint positions: `action` of a profile at work."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.actions import joint_motion
from ros_wam.policy.actions.tool_motion import ToolMotion
from ros_wam.policy.columns import labels
from ros_wam.policy.normalized import physical
from ros_wam.policy.profile import Profile
from ros_wam.types import FloatArray, JointState, Observation


class ActionAdapter:
    """Turns the answers of one policy into joint positions of one robot. Owned by one thread."""

    def __init__(self, profile: Profile, embodiment: Embodiment) -> None:
        """Raises ConfigError where the numbers of a normalisation cannot be read, or are not those of the actions."""
        self._profile, self._embodiment = profile, embodiment
        self._columns = _columns(profile.reply.columns)
        normalized = profile.action.normalized
        try:
            self._bounds = None if normalized is None else normalized.bounds(len(profile.action_labels))
        except ConfigError as error:
            raise ConfigError(f"policy {profile.name}: action: {error}") from error
        is_tool = profile.action.space == "tool_pose"
        self._tools = ToolMotion(profile.action, profile.dt_s, embodiment, self._columns) if is_tool else None
        self._initial: JointState | None = None
        self.slowest_share = 1.0
        """Of the last answer: the smallest share of its way that a row goes, where its motions were too fast."""

    def begin(self, observation: Observation | None = None) -> None:
        """An episode begins at `observation`, or else at the next one."""
        self._initial = None if observation is None else observation.joint_state

    def joint_rows(self, actions: FloatArray, observation: Observation) -> FloatArray:
        """Return `(T', n)` joint positions [rad, grippers 0–1] for the finite `actions` `(T, D)` of an answer.

        Row k is for the observation's stamp + k / rate_hz. Raises ChunkRefused (UNREACHABLE) where an arm cannot go.
        """
        if self._initial is None:
            self._initial = observation.joint_state
        spec, robot = self._profile.action, self._embodiment
        rows = actions if self._bounds is None else physical(actions, self._bounds)
        here, initial = observation.joint_state.position, self._initial.position
        if self._tools is not None:
            positions, self.slowest_share = self._tools.joint_rows(rows, here, initial)
        else:
            joints = self._of_joints(rows, ~robot.is_gripper)
            positions = np.tile(here, (len(rows) + spec.begins_at_state, 1))
            positions[:, ~robot.is_gripper], self.slowest_share = joint_motion.positions(
                np.radians(joints) if spec.degrees else joints,
                spec,
                self._profile.dt_s,
                here[~robot.is_gripper],
                initial[~robot.is_gripper],
                robot.velocity[~robot.is_gripper],
            )
        opening = spec.gripper.from_server(self._of_joints(rows, robot.is_gripper))
        positions[:, robot.is_gripper] = np.vstack([opening, opening[-1:]]) if spec.begins_at_state else opening
        return positions

    def _of_joints(self, rows: FloatArray, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> FloatArray:
        names = self._embodiment.joint_names
        return rows[:, [self._columns[names[index]].start for index in np.flatnonzero(which)]]


def _columns(words: tuple[str, ...]) -> dict[str, slice]:
    """Return where each word's columns are."""
    columns, begin = {}, 0
    for word in words:
        columns[word] = slice(begin, begin + len(labels(word)))
        begin = columns[word].stop
    return columns
