"""The chunk being followed. Every row belongs to an absolute time: what is past is dropped, never executed late."""

from dataclasses import replace

from ros_wam.embodiment import Embodiment
from ros_wam.motion.trajectory import ChunkTrajectory, Reference
from ros_wam.types import ActionChunk, Provenance, Target


class ChunkBuffer:
    """Holds the newest chunk, and the one before it until the newest is due.

    A newer chunk takes over the moment it is added; working off the difference without a jerk is the smoother's part.
    """

    def __init__(self, embodiment: Embodiment) -> None:
        self._embodiment = embodiment
        self._trajectories: list[ChunkTrajectory] = []

    def add(self, chunk: ActionChunk, now_ns: int, rested: bool) -> ActionChunk:
        """Follow `chunk` from now on and return it as it will be followed.

        If the robot has `rested` since the observation, the chunk still starts from where the robot is, so that its
        row 0 is re-anchored at `now_ns` and a slow policy's chunk never starts in its middle.
        """
        if rested:
            chunk = replace(chunk, t0_ns=now_ns, reanchored=True)
        current = [trajectory for trajectory in self._trajectories if trajectory.chunk.t0_ns <= now_ns][-1:]
        self._trajectories = [*current, ChunkTrajectory(chunk, self._embodiment)]
        return chunk

    def clear(self) -> None:
        """Follow nothing."""
        self._trajectories = []

    @property
    def newest(self) -> ActionChunk | None:
        """The chunk added last, None after `clear`."""
        return self._trajectories[-1].chunk if self._trajectories else None

    @property
    def end_ns(self) -> int | None:
        """When the newest chunk's trajectory has come to rest, None when there is none."""
        return self._trajectories[-1].end_ns if self._trajectories else None

    def reference(self, now_ns: int) -> Reference | None:
        """Return the trajectory at `now_ns`, None where no chunk covers that instant."""
        trajectory = self._at(now_ns)
        return None if trajectory is None else trajectory.at(now_ns)

    def target(self, now_ns: int) -> Target | None:
        """Return position and velocity due at `now_ns` and where they come from, None where no chunk covers it."""
        trajectory = self._at(now_ns)
        reference = None if trajectory is None else trajectory.at(now_ns)
        if trajectory is None or reference is None:
            return None
        chunk = trajectory.chunk
        source = Provenance(
            chunk.observation_stamp_ns, chunk.inference_id, chunk.chunk_id, reference.row, chunk.reanchored
        )
        return Target(reference.position, reference.velocity, source)

    def _at(self, now_ns: int) -> ChunkTrajectory | None:
        due = [trajectory for trajectory in self._trajectories if trajectory.chunk.t0_ns <= now_ns]
        return due[-1] if due else None
