"""The chunk being followed. Every row belongs to an absolute time: what is past is dropped, never executed late."""

from dataclasses import dataclass, replace

from ros_wam.embodiment import Embodiment
from ros_wam.motion.path_time import PathTime
from ros_wam.motion.trajectory import ChunkTrajectory, Reference
from ros_wam.types import ActionChunk, Provenance, Target


@dataclass(frozen=True)
class _Followed:
    """A trajectory and when it begins in path time."""

    trajectory: ChunkTrajectory
    path_t0_ns: int


class ChunkBuffer:
    """Holds the newest chunk, which is due when it is added.

    A newer chunk takes over the moment it is added; working off the difference without a jerk is the smoother's part.
    Chunks may be followed at a share of their speed: then `t0_ns` stays what it was, and what is due after it comes
    later. A chunk that was observed meanwhile starts with the row that the robot has reached since.
    """

    def __init__(self, embodiment: Embodiment) -> None:
        self._embodiment = embodiment
        self._path_time = PathTime()
        self._followed: _Followed | None = None
        self._end_ns: int | None = None

    def add(self, chunk: ActionChunk, now_ns: int, rested: bool) -> ActionChunk:
        """Follow `chunk` from now on and return it as it will be followed.

        If the robot has `rested` since the observation, the chunk still starts from where the robot is, so that its
        row 0 is re-anchored at `now_ns` and a slow policy's chunk never starts in its middle.
        """
        if rested:
            chunk = replace(chunk, t0_ns=now_ns, reanchored=True)
        path_t0_ns = self._path_time.at(chunk.t0_ns)[0]
        self._followed = _Followed(ChunkTrajectory(chunk, self._embodiment), path_t0_ns)
        self._end_ns = None
        return chunk

    def clear(self) -> None:
        """Follow nothing."""
        self._followed = None

    def set_speed(self, share: float, now_ns: int) -> None:
        """Follow the same path at `share` of its speed from now on, after a smooth change of about half a second.

        Raises SpecError unless 0 < share <= 1. The share that is set already costs nothing to set again.
        """
        if share == self._path_time.share:
            return
        self._path_time.set_share(share, now_ns)
        self._end_ns = None

    @property
    def newest(self) -> ActionChunk | None:
        """The chunk added last, None after `clear`."""
        return None if self._followed is None else self._followed.trajectory.chunk

    @property
    def end_ns(self) -> int | None:
        """When the newest chunk's trajectory has come to rest, None when there is none."""
        if self._followed is None:
            return None
        if self._end_ns is None:
            lasting_ns = self._followed.trajectory.end_ns - self._followed.trajectory.chunk.t0_ns
            self._end_ns = self._path_time.when(self._followed.path_t0_ns + lasting_ns)
        return self._end_ns

    def due_ns(self, chunk: ActionChunk, now_ns: int) -> int:
        """Return the instant of the chunk's own time line that is due now: `now_ns`, or less at less than its speed."""
        return chunk.t0_ns + self._path_time.at(now_ns)[0] - self._path_time.at(chunk.t0_ns)[0]

    def reference(self, now_ns: int) -> Reference | None:
        """Return the trajectory at `now_ns` as it is followed, None where no chunk covers that instant."""
        return None if self._followed is None else self._sample(self._followed, now_ns)

    def target(self, now_ns: int) -> Target | None:
        """Return position and velocity due at `now_ns` and where they come from, None where no chunk covers it."""
        reference = self.reference(now_ns)
        if self._followed is None or reference is None:
            return None
        chunk = self._followed.trajectory.chunk
        source = Provenance(
            chunk.observation_stamp_ns, chunk.inference_id, chunk.chunk_id, reference.row, chunk.reanchored
        )
        return Target(reference.position, reference.velocity, source)

    def _sample(self, followed: _Followed, now_ns: int) -> Reference | None:
        path_ns, share, rate = self._path_time.at(now_ns)
        reference = followed.trajectory.at(followed.trajectory.chunk.t0_ns + path_ns - followed.path_t0_ns)
        if reference is None or (share == 1.0 and rate == 0.0):
            return reference
        velocity = share * reference.velocity
        acceleration = share * share * reference.acceleration + rate * reference.velocity
        return reference._replace(velocity=velocity, acceleration=acceleration)
