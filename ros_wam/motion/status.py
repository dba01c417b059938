"""What a control loop says in `safety_status`: at once when mode, cause, action or speed changes, else every 100 ms."""

from typing import Any

import numpy as np

from ros_wam.active import active_as_json
from ros_wam.motion.loop import ControlLoop
from ros_wam.types import StepRecord

STATUS_PERIOD_NS = 100_000_000


class LoopStatus:
    """Watches one loop; `take` every tick, then ask whether something is `due`."""

    def __init__(self, loop: ControlLoop) -> None:
        self._loop = loop
        self._said_ns: int | None = None
        self._said: tuple[Any, ...] = ()
        self._force_n = np.zeros(0)

    def take(self, record: StepRecord) -> None:
        """Take note of one tick."""
        if record.state is not None:
            now_n = record.state.tool_force_n
            self._force_n = np.maximum(self._force_n, now_n) if self._force_n.shape == now_n.shape else now_n

    def due(self, now_ns: int) -> bool:
        """Return whether something has changed, or nothing was said for 100 ms."""
        return self._said_ns is None or self._changing() != self._said or now_ns - self._said_ns >= STATUS_PERIOD_NS

    def say(self, now_ns: int) -> dict[str, Any]:
        """Return what there is to say. `tool_force_n`: the largest since the last time, per arm [N]."""
        loop, force_n = self._loop, self._force_n
        self._said_ns, self._said, self._force_n = now_ns, self._changing(), np.zeros(0)
        return {
            "mode": loop.mode.value,
            "cause": None if loop.cause is None else loop.cause.value,
            "detail": loop.detail,
            "action": loop.active[0].action.name if loop.active else None,
            "active": active_as_json(loop.active),
            "speed": loop.speed,
            "tool_force_n": force_n.round(2).tolist(),
        }

    def _changing(self) -> tuple[Any, ...]:
        loop = self._loop
        return loop.mode, loop.cause, loop.speed, [(active.cause, active.action) for active in loop.active]
