"""Earlier pictures of an episode, for policies that look at more than the newest."""

from collections import deque
from collections.abc import Mapping

from ros_wam.types import CameraFrame

History = Mapping[tuple[str, int], CameraFrame]
"""By view and row, which is below 0: the picture from so many rows before the newest."""


class FrameHistory:
    """Keeps the pictures of an episode as far back as `lookback` says: rows below 0 by view, `row_s` apart."""

    def __init__(self, lookback: Mapping[str, tuple[int, ...]], row_s: float) -> None:
        self._lookback = {view: rows for view, rows in lookback.items() if rows}
        self._row_ns = row_s * 1e9
        self._frames: dict[str, deque[CameraFrame]] = {view: deque() for view in self._lookback}

    def __bool__(self) -> bool:
        """Whether anything is looked back at."""
        return bool(self._lookback)

    def clear(self) -> None:
        """Begin an episode: nothing has been seen."""
        for frames in self._frames.values():
            frames.clear()

    def add(self, frame: CameraFrame) -> None:
        """Keep `frame`, which is newer than those of its view before, if its view is looked back at."""
        if frame.view not in self._frames:
            return
        frames = self._frames[frame.view]
        while frames and frames[-1].stamp_ns >= frame.stamp_ns:
            frames.pop()  # time fell back
        frames.append(frame)
        oldest_ns = frame.stamp_ns + min(self._lookback[frame.view]) * self._row_ns
        while len(frames) > 1 and frames[1].stamp_ns <= oldest_ns:
            frames.popleft()  # the one before the oldest row stays, however far: the next may be after it

    def before(self, newest: Mapping[str, CameraFrame]) -> dict[tuple[str, int], CameraFrame]:
        """Return for each view and row the picture nearest to it; none where the episode had not begun by then."""
        found = {}
        for view, rows in self._lookback.items():
            for row in rows:
                wanted_ns = newest[view].stamp_ns + row * self._row_ns
                frames = self._frames[view]
                if frames and frames[0].stamp_ns <= wanted_ns + self._row_ns / 2:
                    found[view, row] = min(frames, key=lambda frame: abs(frame.stamp_ns - wanted_ns))
        return found
