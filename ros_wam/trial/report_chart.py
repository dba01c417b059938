"""One trial as a drawing: every joint measured and sent, stages, inferences and pictures, on one time axis (SVG)."""

import base64
from collections.abc import Sequence
from html import escape

import numpy as np

from ros_wam.trial.episode import PICTURES, Episode, Picture
from ros_wam.trial.report_bands import draw_bands
from ros_wam.trial.report_sheet import LANE, LEFT, RIGHT, SMALL_LANE, TOP, WIDTH, Sheet
from ros_wam.trial.trace import Trace
from ros_wam.types import FloatArray

NARROWED_RAD = 1e-4
MIN_SPAN_RAD = 0.02  # a joint at rest is drawn as a line, not as its noise


def draw_episode(episode: Episode) -> str:
    """Return the drawing; an empty string when there is no trace to draw."""
    trace = None if episode.trace is None else episode.trace.while_running()
    if trace is None or len(trace.stamp_ns) < 2:
        return ""
    sheet = Sheet((trace.end_ns - trace.start_ns) * 1e-9)
    for joint in range(len(trace.joint_names)):
        _joint_lane(sheet, joint, trace)
    _error_lane(sheet, trace)
    _inference_lane(sheet, trace)
    draw_bands(sheet, trace)
    bottom = sheet.y
    sheet.time_axis()
    _stages(sheet, episode, trace.start_ns, bottom)
    for view, pictures in episode.film.items():
        _film(sheet, view, pictures, trace)
    cross = f'<line class="cross" y1="{TOP}" y2="{sheet.y:.0f}" x1="0" x2="0"/>'
    clock = f'<text class="clock" x="{RIGHT}" y="{bottom + 9:.1f}" text-anchor="middle"></text>'
    label = escape(f"trial {episode.trial.trial_id}: joints measured and sent, stages and pictures over time")
    return (
        f'<svg class="chart" role="img" aria-label="{label}" viewBox="0 0 {WIDTH:.0f} {sheet.y:.0f}" '
        f'data-width="{WIDTH:.0f}" data-left="{LEFT:.0f}" data-right="{RIGHT:.0f}" data-seconds="{sheet.seconds:.3f}">'
        + "".join(sheet.lanes + sheet.grid + sheet.parts + sheet.readouts)
        + cross
        + clock
        + "</svg>"
    )


def _joint_lane(sheet: Sheet, joint: int, trace: Trace) -> None:
    sent, measured = trace.sent[:, joint], trace.measured[:, joint]
    low, high = _span(np.concatenate([sent, measured]))
    top = sheet.lane(LANE, trace.joint_names[joint], _rounded(low), _rounded(high))
    number = sheet.readable(top, digits=3)
    sheet.blocks("idle", trace.times_s, trace.idle, top, LANE)
    # what was asked for shows only where it is not what was sent
    asked = np.where(np.abs(trace.desired[:, joint] - sent) > NARROWED_RAD, trace.desired[:, joint], np.nan)
    for kind, values in (("sent", sent), ("desired", np.clip(asked, low, high)), ("measured", measured)):
        sheet.line(kind, number, trace.times_s, values, (low, high), (top + 4, top + LANE - 4))


def _error_lane(sheet: Sheet, trace: Trace) -> None:
    arm = np.flatnonzero(["gripper" not in joint for joint in trace.joint_names])
    error_mrad = np.asarray(1e3 * np.abs(trace.sent[:, arm] - trace.measured[:, arm]).max(axis=1), dtype=np.float64)
    high = max(1.0, float(np.nanmax(error_mrad, initial=0.0)))
    top = sheet.lane(SMALL_LANE, "lag", high=f"{high:.0f} mrad")
    number = sheet.readable(top, digits=1)
    sheet.line("error", number, trace.times_s, error_mrad, (0.0, high), (top + 2, top + SMALL_LANE - 1))


def _inference_lane(sheet: Sheet, trace: Trace) -> None:
    if not trace.inferences:
        return
    high = max(inference.latency_ms for inference in trace.inferences)
    bottom = sheet.lane(SMALL_LANE, "inference", high=f"{high:.0f} ms") + SMALL_LANE
    for inference in trace.inferences:
        height = max(1.0, (SMALL_LANE - 3) * inference.latency_ms / max(high, 1e-9))
        x = sheet.x((inference.stamp_ns - trace.start_ns) * 1e-9)
        sheet.add(f'<rect class="bar" x="{x - 1.2:.1f}" y="{bottom - height:.1f}" width="2.4" height="{height:.1f}"/>')


def _stages(sheet: Sheet, episode: Episode, start_ns: int, bottom: float) -> None:
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


def _film(sheet: Sheet, view: str, pictures: Sequence[Picture], trace: Trace) -> None:
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


def _rounded(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # + 0.0: no "-0.00"


def _span(values: FloatArray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    spare = max(0.0, MIN_SPAN_RAD - (high - low)) / 2
    return low - spare, high + spare
