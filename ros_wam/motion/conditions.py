"""The ladder's bookkeeping: since when the condition of each cause holds, and what follows from all of them."""

from collections.abc import Mapping

from ros_wam.causes import Action, Cause
from ros_wam.ladder import LADDER, Active


class Conditions:
    """Told at every tick what holds; says what acts. A stop acts until `clear`, whatever becomes of its condition."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._since_ns: dict[Cause, int] = {}
        self._seen_ns: dict[Cause, int] = {}
        self._stopped: dict[Cause, Active] = {}

    def update(self, holding: Mapping[Cause, int], now_ns: int) -> tuple[Active, ...]:
        """Take the conditions that hold now, each with its beginning; return what acts, the most severe first.

        A condition that held before keeps its beginning. Of equally severe causes the one that began to
        hold first comes first.
        """
        for cause, since_ns in holding.items():
            self._since_ns[cause] = min(since_ns, self._since_ns.get(cause, since_ns))
            self._seen_ns[cause] = now_ns
        for cause in [cause for cause, seen_ns in self._seen_ns.items() if _is_over(cause, now_ns - seen_ns)]:
            del self._since_ns[cause], self._seen_ns[cause]
        for cause, since_ns in self._since_ns.items():
            if LADDER[cause].action_after(now_ns - since_ns, self._period_s) is Action.STOP:
                self._stopped.setdefault(cause, Active(cause, since_ns, Action.STOP))
        acting = [
            Active(cause, since_ns, action)
            for cause, since_ns in self._since_ns.items()
            if cause not in self._stopped
            and (action := LADDER[cause].action_after(now_ns - since_ns, self._period_s)) is not None
        ]
        return (*self._stopped.values(), *sorted(acting, key=lambda active: -active.action))

    def clear(self) -> None:
        """Forget everything: the robot was recovered."""
        self._since_ns.clear()
        self._seen_ns.clear()
        self._stopped.clear()


def _is_over(cause: Cause, gone_ns: int) -> bool:
    return gone_ns > round(LADDER[cause].release_s * 1e9)
