"""The wish to go home: it waits until the robot may move, is planned then, and ends at home or where it was stopped."""

from collections.abc import Iterator, Set

import numpy as np

from ros_wam.causes import Cause
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ModeRefused
from ros_wam.ladder import LADDER
from ros_wam.motion.homing import admit_homing
from ros_wam.motion.source import Source
from ros_wam.policy.admission import Admission
from ros_wam.types import ActionChunk, FloatArray, Mode

PATIENCE_NS = 2_000_000_000
"""How long the wish waits for rest, enable and state."""
MOVED_RAD = 0.005
"""A robot that is farther from where its way home begins gets a new one."""


class WayHome:
    """Fills `source` in HOMING. `ended`: why the last way home ended before home, and the evidence."""

    def __init__(self, embodiment: Embodiment, source: Source, admission: Admission) -> None:
        self.ended: tuple[Cause | None, str] = (None, "")
        self._embodiment, self._source, self._admission = embodiment, source, admission
        self._open_ns = -1
        self._number = 0
        self._nowhere = np.full(len(embodiment.joint_names), np.inf)
        self._start = self._nowhere
        self._planned: Iterator[ActionChunk | None] = iter(())

    def forget(self, now_ns: int) -> None:
        """Begin anew: the mode was changed."""
        self.ended, self._open_ns = (None, ""), now_ns
        self._start = self._nowhere

    def plan(self, start: FloatArray, now_ns: int) -> None:
        """Plan from rest at `start` `(n,)`, a little every tick, unless a way is followed or nobody wants home."""
        if self._source.mode is not Mode.HOMING or self._source.buffer.newest is not None:
            return
        if not (np.abs(start - self._start)[~self._embodiment.is_gripper] <= MOVED_RAD).all():
            self._start = start
            self._number += 1
            self._planned = admit_homing(self._embodiment, self._admission, start, now_ns, self._number)
        try:
            chunk = next(self._planned)
        except ModeRefused as error:
            self._end(Cause.NO_WAY_HOME, str(error), now_ns)
            return
        if chunk is not None:
            self._start = self._nowhere
            self._source.buffer.add(chunk, now_ns, rested=True)

    def settle(self, cause: Cause | None, began: Set[Cause], now_ns: int) -> None:
        """Take what keeps the gate closed, None when it is open, and which causes have just begun to.

        A way home outlasts a state that is stale for a moment; anything else ends it.
        """
        if self._source.mode is not Mode.HOMING:
            return
        if cause is None:
            self._open_ns = now_ns
        elif self._source.buffer.newest is None:
            if now_ns - self._open_ns > PATIENCE_NS:
                self._end(cause, LADDER[cause].condition, now_ns)
        elif began - {Cause.STATE_STALE}:
            arrived = cause is Cause.SOURCE_STALE
            self._end(None if arrived else cause, "" if arrived else LADDER[cause].condition, now_ns)

    def _end(self, cause: Cause | None, detail: str, now_ns: int) -> None:
        self._source.change(Mode.HOLD, now_ns)
        self.ended = cause, detail
