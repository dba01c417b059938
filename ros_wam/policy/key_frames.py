"""What was seen while a chunk was executed, for policies that are told (`after_chunk` of a profile)."""

from collections.abc import Callable, Mapping, Sequence

from ros_wam.types import CameraFrame

KeyFrame = Mapping[str, CameraFrame]
"""The picture of every view once a row has been reached."""


class KeyFrames:
    """Collects the first picture of each view from when each of some rows has been reached. Not for two threads."""

    def __init__(self, views: Sequence[str]) -> None:
        self._views = tuple(views)
        self.forget()

    def wants(self, now_ns: int) -> bool:
        """Return whether a picture taken now would be kept."""
        due_ns = [self._due_ns[len(frames)] for frames in self._frames.values() if len(frames) < len(self._due_ns)]
        return bool(due_ns) and min(due_ns) <= self._reached_ns(now_ns)

    def forget(self) -> None:
        """Nothing is being executed."""
        self._due_ns: tuple[int, ...] = ()
        self._reached_ns: Callable[[int], int] = int
        self._frames: dict[str, list[CameraFrame]] = {view: [] for view in self._views}

    def expect(self, due_ns: Sequence[int], reached_ns: Callable[[int], int]) -> None:
        """Await the rows that are due at `due_ns`; `reached_ns` of now is the instant of the path that is reached."""
        self.forget()
        self._due_ns, self._reached_ns = tuple(due_ns), reached_ns

    def add(self, frame: CameraFrame) -> None:
        """Keep `frame` for the rows that are reached by then."""
        frames = self._frames[frame.view]
        while len(frames) < len(self._due_ns) and self._due_ns[len(frames)] <= self._reached_ns(frame.stamp_ns):
            frames.append(frame)

    def take(self, newest: KeyFrame) -> tuple[KeyFrame, ...]:
        """Return what was collected, and forget it; `newest` stands for the rows that were reached since, if at all."""
        count = len(self._due_ns)
        filled = {view: [*frames, *[newest[view]] * (count - len(frames))] for view, frames in self._frames.items()}
        self.forget()
        return tuple({view: frames[row] for view, frames in filled.items()} for row in range(count))
