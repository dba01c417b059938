"""Checks that the robot did what was asked of it: commands the safety gate changed, or too hasty ones."""

from collections.abc import Sequence

import numpy as np

from ros_wam.causes import Limit
from ros_wam.embodiment import Embodiment
from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Span
from ros_wam.quality.finding import CheckName, Finding, graded
from ros_wam.quality.ticks import Ticks

_LIMITS = tuple(limit for limit in Limit if limit is not Limit.HOLD)


class ClippedCommands:
    """Of the ticks in which a policy or a person asked for something. While the robot only holds, none is counted."""

    def __init__(self, embodiment: Embodiment, bounds: Bounds) -> None:
        self._bounds, self._arm = bounds, ~embodiment.is_gripper
        self._behind_rad = bounds.behind_tracking_share * embodiment.tracking_rad
        self._asked = self._clipped = self._behind = 0
        self._by_limit = dict.fromkeys(_LIMITS, 0)
        self._farthest_rad = 0.0
        self._clipped_ns: tuple[int, int] | None = None
        self._behind_ns: tuple[int, int] | None = None

    def take(self, ticks: Ticks) -> None:
        """See TickCheck."""
        clipped = ticks.driven & ((ticks.limits & ~int(Limit.HOLD)) != 0)
        followed = ticks.driven & ~ticks.held & np.isfinite(ticks.target).all(axis=1)
        self._asked += int(np.count_nonzero(followed | clipped))
        if clipped.any():
            self._clipped += int(np.count_nonzero(clipped))
            self._clipped_ns = _wider(self._clipped_ns, ticks, clipped)
            for limit in _LIMITS:
                self._by_limit[limit] += int(np.count_nonzero(ticks.limits[clipped] & int(limit)))
        away_rad = np.nan_to_num(np.abs(ticks.target - ticks.sent)[:, self._arm]).max(axis=1, initial=0.0)
        behind = followed & (away_rad > self._behind_rad)
        if behind.any():
            self._behind += int(np.count_nonzero(behind))
            self._behind_ns = _wider(self._behind_ns, ticks, behind)
            self._farthest_rad = max(self._farthest_rad, float(away_rad[behind].max()))

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        found: list[Finding] = []
        if self._clipped_ns is not None:
            counts = [(n, limit.name or "") for limit, n in self._by_limit.items() if n]
            names = ", ".join(name.lower() for _, name in sorted(counts, reverse=True))
            found += self._finding(
                "the safety gate changed {} of the commands", names, self._clipped, self._clipped_ns, span
            )
        if self._behind_ns is not None:
            away = f"up to {self._farthest_rad:.2f} rad away"
            what = f"{{}} of the commands were more than {self._behind_rad:.2f} rad from what was asked for"
            found += self._finding(what, away, self._behind, self._behind_ns, span)
        return found

    def _finding(self, what: str, more: str, count: int, where_ns: tuple[int, int], span: Span) -> Sequence[Finding]:
        share = count / max(self._bounds.least_for_share, self._asked)
        grade = graded(share, self._bounds.clipped_share)
        if grade is None:
            return ()
        detail = f"{what.format(f'{share:.1%}')} (at most {grade[1]:.0%}): {more}"
        where = span.after_s(where_ns[0]), span.after_s(where_ns[1])
        return (Finding(CheckName.CLIPPED_COMMANDS, grade[0], detail, *where, round(share, 4), grade[1]),)


def _wider(
    known: tuple[int, int] | None, ticks: Ticks, where: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[int, int]:
    stamps_ns = ticks.stamp_ns[where]
    return int(stamps_ns[0]) if known is None else known[0], int(stamps_ns[-1])
