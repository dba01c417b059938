"""What moves the robot: the chunks of the policy, the leader's commands or the way home, one source at a time."""

import numpy as np

from ros_wam.causes import Cause, RefusalReason
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused
from ros_wam.ladder import LADDER
from ros_wam.motion.acceptance import check_chunk
from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.motion.trajectory import LEADER_CHUNK
from ros_wam.types import ActionChunk, Command, FloatArray, Mode

STOP_GRACE_NS = 400_000_000
"""How long after its end a chunk still counts as fresh: the smoother's softest stop, before the gate's harder one."""
LEADER_TIMEOUT_S = LADDER[Cause.LEADER_LOST].delay_s


class Source:
    """Fills `buffer` with what the source of `mode` sends, in the order in which it was observed."""

    def __init__(self, embodiment: Embodiment) -> None:
        self.buffer = ChunkBuffer(embodiment)
        self.mode = Mode.HOLD
        self._embodiment = embodiment
        self._policy_left_ns = -1
        self._floor: tuple[int, str] = (-1, "")
        self._leader_ns: int | None = None
        self._led: tuple[Command, FloatArray] | None = None

    @property
    def lost(self) -> Cause:
        """What it is called when the source is fresh no more."""
        return Cause.LEADER_LOST if self.mode is Mode.TELEOP else Cause.SOURCE_STALE

    @property
    def until_ns(self) -> int | None:
        """When the source is fresh no more, None when there is nothing to follow."""
        end_ns = self.buffer.end_ns
        if end_ns is None:
            return None
        if self.mode is Mode.TELEOP and self._leader_ns is not None:
            return self._leader_ns + round(LEADER_TIMEOUT_S * 1e9)
        return end_ns + STOP_GRACE_NS

    def change(self, mode: Mode, now_ns: int) -> None:
        """Forget what was followed. What was seen before POLICY is left is not followed later."""
        if self.mode is Mode.POLICY and mode is not Mode.POLICY:
            self._policy_left_ns = now_ns
        self.buffer.clear()
        self.mode, self._floor, self._leader_ns, self._led = mode, (-1, ""), None, None

    def accept(self, chunk: ActionChunk, start: FloatArray | None, moved_ns: int, now_ns: int) -> ActionChunk:
        """Follow an admitted chunk and return it as it will be followed; raises ChunkRefused.

        `start` `(n,)` is where the robot is, None while that is not known; `moved_ns`: when it moved last.
        """
        self._require(Mode.POLICY)
        for stamp_ns, what in ((self._policy_left_ns, "POLICY was left"), self._floor):
            if chunk.observation_stamp_ns < stamp_ns:
                early_ms = (stamp_ns - chunk.observation_stamp_ns) * 1e-6
                detail = f"its observation is from {early_ms:.0f} ms before {what}"
                raise ChunkRefused(RefusalReason.EXPIRED, detail)
        followed = self._follow(chunk, start, moved_ns, now_ns)
        self._floor = chunk.observation_stamp_ns, "that of the chunk that was accepted last"
        return followed

    def teleoperate(self, command: Command, start: FloatArray | None, moved_ns: int, now_ns: int) -> ActionChunk:
        """Follow one fresh command of a leader device until the next; raises ChunkRefused. See `accept`.

        A leader that moves is followed as it goes on, since one that is only followed to where it was is a third of a
        second ahead. Nothing goes on for longer than a lost leader is waited for.
        """
        self._require(Mode.TELEOP)
        if not np.isfinite(command.position).all():
            raise ChunkRefused(RefusalReason.NON_FINITE, f"teleop command is {command.position.tolist()}")
        stamp_ns = min(command.stamp_ns, now_ns)
        age_s = (now_ns - stamp_ns) * 1e-9
        if age_s > LEADER_TIMEOUT_S:
            detail = f"teleop command is {age_s:.3f} s old, at most {LEADER_TIMEOUT_S} s is allowed"
            raise ChunkRefused(RefusalReason.EXPIRED, detail)
        velocity = self._leads_at(command)
        rows = np.array([command.position, command.position + velocity * LEADER_TIMEOUT_S])
        chunk = ActionChunk(-1, LEADER_CHUNK, stamp_ns, now_ns, LEADER_TIMEOUT_S, rows)
        followed = self._follow(chunk, start, moved_ns, now_ns)
        self._leader_ns, self._led = stamp_ns, (command, velocity)
        return followed

    def drop(self, cause: Cause, now_ns: int) -> None:
        """Forget what was followed: it led to `cause`, and so would what was observed before."""
        self.buffer.clear()
        self._floor = now_ns, f"the robot was held ({cause.value})"

    def drop_if_far(self, position: FloatArray, now_ns: int) -> None:
        """Forget a chunk that has gone on without the robot, which was sent to `position` `(n,)` and is held there."""
        reference = self.buffer.reference(now_ns)
        if reference is None:
            return
        away = np.where(self._embodiment.is_gripper, 0.0, np.abs(reference.position - position))
        if away.max() > self._embodiment.start_distance_rad:
            self.buffer.clear()

    def _leads_at(self, command: Command) -> FloatArray:
        """Return the velocity `(n,)` at which the leader goes on, of its last two commands; grippers only jump."""
        still = np.zeros(len(command.position))
        if self._led is None or command.position.shape != self._led[1].shape:
            return still
        before, velocity = self._led
        passed_s = (command.stamp_ns - before.stamp_ns) * 1e-9
        if not 0.0 < passed_s <= LEADER_TIMEOUT_S:
            return velocity if passed_s == 0.0 else still
        limit = np.where(self._embodiment.is_gripper, 0.0, self._embodiment.velocity)
        return np.clip((command.position - before.position) / passed_s, -limit, limit)

    def _follow(self, chunk: ActionChunk, start: FloatArray | None, moved_ns: int, now_ns: int) -> ActionChunk:
        if start is None:
            raise ChunkRefused(RefusalReason.START_DISTANCE, "the robot's position is not known yet")
        rested = moved_ns < chunk.observation_stamp_ns
        check_chunk(chunk, self._embodiment, start, self.buffer.due_ns(chunk, now_ns), rested)
        return self.buffer.add(chunk, now_ns, rested)

    def _require(self, mode: Mode) -> None:
        if self.mode is not mode:
            raise ChunkRefused(RefusalReason.WRONG_MODE, f"mode is {self.mode.value}, must be {mode.value}")
