"""The paper of a trial's drawing (SVG): lanes from the top down, over one time axis."""

import math
from html import escape

import numpy as np
from numpy.typing import NDArray

from ros_wam.types import FloatArray

WIDTH, LEFT, RIGHT = 1136.0, 124.0, 1124.0
TOP, LANE, GAP, SMALL_LANE, BAND = 28.0, 44.0, 6.0, 28.0, 12.0
MAX_POINTS = 700  # of a line: more than there are pixels for helps nobody and fills the file


class Sheet:
    """What has been drawn so far, from the top down."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.y = TOP
        self.lanes: list[str] = []
        self.grid: list[str] = []
        self.parts: list[str] = []
        self.readouts: list[str] = []

    def x(self, at_s: float) -> float:
        """Return where a time since the start is, within the sheet."""
        return LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, at_s / self.seconds))

    def add(self, text: str) -> None:
        """Draw on top of what is there."""
        self.parts.append(text)

    def lane(self, height: float, name: str, low: str = "", high: str = "") -> float:
        """Begin a lane below the last and return its top; `low` and `high` name its edges."""
        top, bottom = self.y, self.y + height
        self.lanes.append(
            f'<rect class="lane" x="{LEFT}" y="{top:.1f}" width="{RIGHT - LEFT}" height="{height}" rx="3"/>'
        )
        self.add(f'<text class="name" x="0" y="{(top + bottom) / 2 + 4:.1f}">{escape(name)}</text>')
        if high:
            self.add(f'<text class="tiny" x="{LEFT - 6}" y="{top + 9:.1f}" text-anchor="end">{high}</text>')
        if low:
            self.add(f'<text class="tiny" x="{LEFT - 6}" y="{bottom - 2:.1f}" text-anchor="end">{low}</text>')
        self.y = bottom + GAP
        return top

    def readable(self, top: float, digits: int) -> int:
        """Let the lane that begins at `top` say its lines' values under the pointer; return its number for them."""
        number, place = len(self.readouts), f'x="{LEFT + 6}" y="{top + 12:.1f}"'
        self.readouts.append(f'<text class="read" data-lane="{number}" data-digits="{digits}" {place}></text>')
        return number

    def line(
        self,
        kind: str,
        number: int,
        times_s: FloatArray,
        values: FloatArray,
        span: tuple[float, float],
        edges: tuple[float, float],
    ) -> None:
        """Draw each stretch of known values, with its extremes however short they are; the unknown leaves a gap."""
        (low, high), (top, bottom) = span, edges
        stride = math.ceil(2 * len(values) / MAX_POINTS) if len(values) > MAX_POINTS else 1
        for first, after in stretches(np.isfinite(values)):
            points = [
                f"{self.x(times_s[k]):.1f},{bottom - (values[k] - low) / (high - low) * (bottom - top):.1f}"
                for k in _extremes(values, first, after, stride)
            ]
            self.add(
                f'<polyline class="{kind}" data-lane="{number}" data-low="{low:.5g}" data-high="{high:.5g}" '
                f'data-top="{top:.1f}" data-bottom="{bottom:.1f}" points="{" ".join(points)}"/>'
            )

    def blocks(self, kind: str, times_s: FloatArray, mask: NDArray[np.bool_], top: float, height: float) -> None:
        """Mark where `mask` holds, from the first tick of each stretch to the one after its last."""
        for first, after in stretches(mask):
            self.block(kind, (times_s[first], times_s[min(after, len(times_s) - 1)]), top, height)

    def block(self, kind: str, when_s: tuple[float, float], top: float, height: float, says: str = "") -> None:
        """Mark a stretch of time; `says` is shown under the pointer."""
        begin, end = map(self.x, when_s)
        box = f'class="{kind}" x="{begin:.1f}" y="{top:.1f}" width="{max(0.6, end - begin):.1f}" height="{height}"'
        self.add(f"<rect {box}><title>{escape(says)}</title></rect>" if says else f"<rect {box}/>")

    def time_axis(self) -> None:
        """Draw the axis below what is there, and its grid behind it."""
        step_s = _nice_step(self.seconds / 12)
        for k in range(int(self.seconds / step_s) + 1):
            x = self.x(k * step_s)
            self.grid.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{self.y:.1f}"/>')
            unit = " s" if k == 0 else ""
            self.add(
                f'<text class="tiny" x="{x:.1f}" y="{self.y + 9:.1f}" text-anchor="middle">{k * step_s:g}{unit}</text>'
            )
        self.y += 18.0


def stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where `mask` holds: the first place of each stretch, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]


def _extremes(values: FloatArray, first: int, after: int, stride: int) -> list[int]:
    """Return, in order, where each `stride` values from `first` to `after` are lowest and highest, and both ends."""
    picked = {first, after - 1}
    for begin in range(first, after, stride):
        bucket = values[begin : min(begin + stride, after)]
        picked |= {begin + int(bucket.argmin()), begin + int(bucket.argmax())}
    return sorted(picked) if len(picked) > 1 else [first, first]  # a lone value is a dot


def _nice_step(rough: float) -> float:
    scale: float = 10.0 ** math.floor(math.log10(rough))
    return next(factor * scale for factor in (1.0, 2.0, 5.0, 10.0) if factor * scale >= rough)
