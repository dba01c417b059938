"""One trial as a drawing: every joint measured and sent, stages, inferences and pictures, on one time axis (SVG)."""

import base64
import math
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from ros_wam.trial.episode import PICTURES, Episode, Picture
from ros_wam.trial.trace import Trace
from ros_wam.types import FloatArray

WIDTH, LEFT, RIGHT = 1120.0, 108.0, 1108.0
TOP, LANE, GAP, SMALL_LANE, GATE_LANE = 28.0, 44.0, 6.0, 28.0, 12.0
MAX_POINTS = 700  # of a line: more than there are pixels for helps nobody and fills the file
MIN_SPAN_RAD = 0.02  # a joint at rest is drawn as a line, not as its noise


class _Sheet:
    """What has been drawn so far, from the top down."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.y = TOP
        self.lanes: list[str] = []
        self.grid: list[str] = []
        self.parts: list[str] = []

    def x(self, at_s: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, at_s / self.seconds))

    def add(self, text: str) -> None:
        self.parts.append(text)


def draw_episode(episode: Episode) -> str:
    """Return the drawing; an empty string when there is no trace to draw."""
    trace = None if episode.trace is None else episode.trace.while_running()
    if trace is None or len(trace.stamp_ns) < 2:
        return ""
    sheet = _Sheet((trace.end_ns - trace.start_ns) * 1e-9)
    for lane in range(len(trace.joint_names)):
        _joint_lane(sheet, lane, trace)
    _error_lane(sheet, len(trace.joint_names), trace)
    _inference_lane(sheet, trace)
    _limit_lane(sheet, trace)
    bottom = sheet.y
    _time_axis(sheet)
    _stages(sheet, episode, trace.start_ns, bottom)
    for view, pictures in episode.film.items():
        _film(sheet, view, pictures, trace)
    cross = f'<line class="cross" y1="{TOP}" y2="{sheet.y:.0f}" x1="0" x2="0"/>'
    clock = f'<text class="clock" x="{RIGHT}" y="{bottom + 9:.1f}" text-anchor="middle"></text>'
    label = escape(f"trial {episode.trial.trial_id}: joints measured and sent, stages and pictures over time")
    return (
        f'<svg class="chart" role="img" aria-label="{label}" viewBox="0 0 {WIDTH:.0f} {sheet.y:.0f}" '
        f'data-width="{WIDTH:.0f}" data-left="{LEFT:.0f}" data-right="{RIGHT:.0f}" data-seconds="{sheet.seconds:.3f}">'
        + "".join(sheet.lanes + sheet.grid + sheet.parts)
        + cross
        + clock
        + "</svg>"
    )


def _lane(sheet: _Sheet, height: float, name: str, low: str, high: str) -> tuple[float, float]:
    top, bottom = sheet.y, sheet.y + height
    sheet.lanes.append(f'<rect class="lane" x="{LEFT}" y="{top:.1f}" width="{RIGHT - LEFT}" height="{height}" rx="3"/>')
    sheet.add(f'<text class="name" x="0" y="{(top + bottom) / 2 + 4:.1f}">{escape(name)}</text>')
    sheet.add(f'<text class="tiny" x="{LEFT - 6}" y="{top + 9:.1f}" text-anchor="end">{high}</text>')
    if low:
        sheet.add(f'<text class="tiny" x="{LEFT - 6}" y="{bottom - 2:.1f}" text-anchor="end">{low}</text>')
    sheet.y = bottom + GAP
    return top, bottom


def _joint_lane(sheet: _Sheet, lane: int, trace: Trace) -> None:
    sent, measured = trace.sent[:, lane], trace.measured[:, lane]
    low, high = _span(np.concatenate([sent, measured]))
    top, bottom = _lane(sheet, LANE, trace.joint_names[lane], f"{low:.2f}", f"{high:.2f}")
    _blocks(sheet, "idle", trace.times_s, trace.idle, (top, LANE))
    for kind, values in (("sent", sent), ("measured", measured)):
        _line(sheet, kind, lane, trace.times_s, values, (low, high), (top + 4, bottom - 4))
    sheet.add(_read(lane, top, digits=3))


def _error_lane(sheet: _Sheet, lane: int, trace: Trace) -> None:
    arm = np.flatnonzero(["gripper" not in joint for joint in trace.joint_names])
    error_mrad = np.asarray(1e3 * np.abs(trace.sent[:, arm] - trace.measured[:, arm]).max(axis=1), dtype=np.float64)
    high = max(1.0, float(np.nanmax(error_mrad, initial=0.0)))
    top, bottom = _lane(sheet, SMALL_LANE, "lag", "", f"{high:.0f} mrad")
    _line(sheet, "error", lane, trace.times_s, error_mrad, (0.0, high), (top + 2, bottom - 1))
    sheet.add(_read(lane, top, digits=1))


def _inference_lane(sheet: _Sheet, trace: Trace) -> None:
    if not trace.inferences:
        return
    high = max(inference.latency_ms for inference in trace.inferences)
    _, bottom = _lane(sheet, SMALL_LANE, "inference", "", f"{high:.0f} ms")
    for inference in trace.inferences:
        height = max(1.0, (SMALL_LANE - 3) * inference.latency_ms / max(high, 1e-9))
        x = sheet.x((inference.stamp_ns - trace.start_ns) * 1e-9)
        sheet.add(f'<rect class="bar" x="{x - 1.2:.1f}" y="{bottom - height:.1f}" width="2.4" height="{height:.1f}"/>')


def _limit_lane(sheet: _Sheet, trace: Trace) -> None:
    if trace.limited.any():
        top, _ = _lane(sheet, GATE_LANE, "gate", "", "")
        _blocks(sheet, "limit", trace.times_s, trace.limited, (top, GATE_LANE))


def _time_axis(sheet: _Sheet) -> None:
    step_s = _nice_step(sheet.seconds / 12)
    for k in range(int(sheet.seconds / step_s) + 1):
        x = sheet.x(k * step_s)
        sheet.grid.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{sheet.y:.1f}"/>')
        unit = " s" if k == 0 else ""
        sheet.add(
            f'<text class="tiny" x="{x:.1f}" y="{sheet.y + 9:.1f}" text-anchor="middle">{k * step_s:g}{unit}</text>'
        )
    sheet.y += 18.0


def _stages(sheet: _Sheet, episode: Episode, start_ns: int, bottom: float) -> None:
    """Mark each stage where it was achieved, by its number in the list above the drawing."""
    free_x = LEFT
    for number, stage in enumerate(episode.stages, 1):
        if stage.stamp_ns is None:
            break
        x = sheet.x((stage.stamp_ns - start_ns) * 1e-9)
        sheet.add(f'<line class="stage" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 7}" y2="{bottom:.1f}"/>')
        at = max(free_x, x)
        sheet.add(
            f'<g class="flag"><title>{escape(stage.name)}</title><circle cx="{at:.1f}" cy="{TOP - 15}" r="8"/>'
            f'<text x="{at:.1f}" y="{TOP - 11}" text-anchor="middle">{number}</text></g>'
        )
        free_x = at + 18.0
    cause = episode.trial.cause
    if cause is not None:
        sheet.add(f'<line class="fault" x1="{RIGHT}" x2="{RIGHT}" y1="{TOP - 8}" y2="{bottom:.1f}"/>')
        sheet.add(f'<text class="faultname" x="{RIGHT}" y="12" text-anchor="end">{cause.value}</text>')


def _film(sheet: _Sheet, view: str, pictures: Sequence[Picture], trace: Trace) -> None:
    cell = (RIGHT - LEFT) / PICTURES
    width = cell - 4
    height = width * 3 / 4
    sheet.add(f'<text class="name" x="0" y="{sheet.y + height / 2 + 4:.1f}">{escape(view)}</text>')
    for k, picture in enumerate(pictures):
        at_s = (picture.stamp_ns - trace.start_ns) * 1e-9
        x = LEFT + k * cell + 2
        data = base64.b64encode(picture.jpeg).decode()
        sheet.add(
            f'<image x="{x:.1f}" y="{sheet.y + 5:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'href="data:image/jpeg;base64,{data}"><title>{escape(view)} at {at_s:.2f} s</title></image>'
        )
        at = sheet.x(at_s)
        sheet.add(f'<line class="sprocket" x1="{at:.1f}" x2="{at:.1f}" y1="{sheet.y - 2:.1f}" y2="{sheet.y + 4:.1f}"/>')
    sheet.y += height + 10


def _line(
    sheet: _Sheet,
    kind: str,
    lane: int,
    times_s: FloatArray,
    values: FloatArray,
    span: tuple[float, float],
    edges: tuple[float, float],
) -> None:
    """Draw each stretch of known values, with its extremes however short they are; what is not known leaves a gap."""
    (low, high), (top, bottom) = span, edges
    stride = math.ceil(2 * len(values) / MAX_POINTS) if len(values) > MAX_POINTS else 1
    for first, after in _stretches(np.isfinite(values)):
        points = [
            f"{sheet.x(times_s[k]):.1f},{bottom - (values[k] - low) / (high - low) * (bottom - top):.1f}"
            for k in _extremes(values, first, after, stride)
        ]
        sheet.add(
            f'<polyline class="{kind}" data-lane="{lane}" data-low="{low:.5g}" data-high="{high:.5g}" '
            f'data-top="{top:.1f}" data-bottom="{bottom:.1f}" points="{" ".join(points)}"/>'
        )


def _extremes(values: FloatArray, first: int, after: int, stride: int) -> list[int]:
    """Return, in order, where each `stride` values from `first` to `after` are lowest and highest, and both ends."""
    picked = {first, after - 1}
    for begin in range(first, after, stride):
        bucket = values[begin : min(begin + stride, after)]
        picked |= {begin + int(bucket.argmin()), begin + int(bucket.argmax())}
    return sorted(picked) if len(picked) > 1 else [first, first]  # a lone value is a dot


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where `mask` holds: the first place of each stretch, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]


def _read(lane: int, top: float, digits: int) -> str:
    return f'<text class="read" data-lane="{lane}" data-digits="{digits}" x="{LEFT + 6}" y="{top + 12:.1f}"></text>'


def _span(values: FloatArray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    spare = max(0.0, MIN_SPAN_RAD - (high - low)) / 2
    return low - spare, high + spare


def _blocks(sheet: _Sheet, kind: str, times_s: FloatArray, mask: NDArray[np.bool_], place: tuple[float, float]) -> None:
    """Mark where `mask` holds, from the first tick of each stretch to the one after its last."""
    for first, after in _stretches(mask):
        begin, end = sheet.x(times_s[first]), sheet.x(times_s[min(after, len(times_s) - 1)])
        sheet.add(
            f'<rect class="{kind}" x="{begin:.1f}" y="{place[0]:.1f}" width="{max(0.6, end - begin):.1f}" '
            f'height="{place[1]}"/>'
        )


def _nice_step(rough: float) -> float:
    scale: float = 10.0 ** math.floor(math.log10(rough))
    return next(factor * scale for factor in (1.0, 2.0, 5.0, 10.0) if factor * scale >= rough)
