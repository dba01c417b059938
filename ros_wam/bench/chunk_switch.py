"""Chunks that disagree, and the motion that is commanded through them; there is no robot, so no machine's load tells.

Six joints shall follow 0.3 sin(2π 0.15 t + 0.7 i) for 20 s; a policy with errors of 20 mrad answers each request after
0.1, 0.2 or 0.4 s, one request at a time. What is measured are the chunk buffer and the smoother that drive a robot.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ros_wam import share
from ros_wam.bench.command_figures import CommandFigures, command_figures
from ros_wam.bench.erring_policy import DT_S, DURATION_S, HORIZON_ROWS, JOINTS, ROWS, ErringPolicy, wanted_positions
from ros_wam.bench.openpi_broker import broker_motion
from ros_wam.bench.published import CHUNK_SWITCH
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.motion.smoother import Smoother
from ros_wam.types import ActionChunk, FloatArray

LATENCIES_S = (0.1, 0.2, 0.4)
ROBOT = "ur5e"  # driven at 500 Hz, the rate that the figures are defined for
BOUNDS = {"velocity": 2.0, "acceleration": 8.0, "jerk": 80.0}
"""What the peaks are compared with [rad/s, rad/s², rad/s³], whatever the robot file says."""


def chunk_switch(show: Callable[[str], None]) -> BenchResult:
    """Return our figures, and one row for each method and latency; raises ConfigError."""
    embodiment = load_embodiment(share.find("robots", ROBOT))
    figures: dict[str, float] = {}
    ours, peers, peaks = [], [], []
    for latency_s in LATENCIES_S:
        show(f"latency {1e3 * latency_s:.0f} ms")
        positions, idle_s = smoothed_motion(embodiment, latency_s)
        found = _figures(positions, embodiment.control_rate_hz)
        row = _row("ros_wam", latency_s, idle_s, found)
        ours.append(row)
        figures[f"idle_pct_{1e3 * latency_s:.0f}"] = 100.0 * idle_s / DURATION_S
        if latency_s == 0.2:
            figures |= {"max_step_mrad_200": 1e3 * found.step_rad, "rms_error_mrad_200": 1e3 * found.rms_error_rad}
        peaks.append([found.peak_velocity_rad_s, found.peak_acceleration_rad_s2, found.peak_jerk_rad_s3])
        broker = broker_motion(latency_s, embodiment.control_rate_hz)
        if broker is not None:
            peers.append(_row("openpi broker", latency_s, broker[1], _figures(broker[0], embodiment.control_rate_hz)))
    for (name, bound), peak in zip(BOUNDS.items(), np.max(peaks, axis=0), strict=True):
        figures[f"peak_{name}_ratio"] = round(float(peak) / bound, 6)  # beyond is the rounding of third differences
    measured = {row["method"] for row in peers}
    peers += [row for row in CHUNK_SWITCH if row["method"] not in measured]
    return BenchResult("chunk-switch", figures, (*ours, *peers))


def smoothed_motion(embodiment: Embodiment, latency_s: float) -> tuple[FloatArray, float]:
    """Return `(N, 6)` commanded positions [rad], and how long [s] there was nothing fresh to follow.

    The next request follows 15 rows after the last observation, or on the arrival of its answer.
    """
    period_s = embodiment.period_s
    buffer, smoother, policy = ChunkBuffer(embodiment), Smoother(embodiment), ErringPolicy()
    smoother.reset(np.append(wanted_positions(np.zeros(1)), 1.0), np.zeros(JOINTS + 1))
    positions, idle, chunk_id, ask_s = [], 0, 0, 0.0
    asked: tuple[float, FloatArray] | None = None
    for k in range(round(DURATION_S / period_s)):
        now_s = k * period_s
        now_ns = round(now_s * 1e9)
        if asked is not None and now_s >= asked[0] + latency_s - 1e-9:
            (observed_s, rows), asked = asked, None
            chunk_id += 1
            buffer.add(_chunk(chunk_id, observed_s, rows), now_ns, rested=False)
            ask_s = max(observed_s + HORIZON_ROWS * DT_S, now_s)
        target = buffer.target(now_ns)
        idle += chunk_id > 0 and (target is None or target.provenance.index >= ROWS - 1)
        positions.append(smoother.step(buffer, now_ns).position[:JOINTS])
        if asked is None and now_s >= ask_s - 1e-9:
            asked = (now_s, policy.chunk(now_s))
    return np.array(positions), idle * period_s


def _chunk(chunk_id: int, observed_s: float, rows: FloatArray) -> ActionChunk:
    stamp_ns = round(observed_s * 1e9)
    return ActionChunk(chunk_id, chunk_id, stamp_ns, stamp_ns, DT_S, np.column_stack([rows, np.ones(len(rows))]))


def _figures(positions: FloatArray, rate_hz: float) -> CommandFigures:
    return command_figures(positions, wanted_positions(np.arange(len(positions)) / rate_hz), rate_hz)


def _row(method: str, latency_s: float, idle_s: float, found: CommandFigures) -> Mapping[str, Cell]:
    return {
        "method": method,
        "source": "measured",
        "latency_ms": round(1e3 * latency_s),
        "idle_pct": 100.0 * idle_s / DURATION_S,
        "step_mrad": 1e3 * found.step_rad,
        "acceleration_rad_s2": found.acceleration_rad_s2,
        "rms_jerk_rad_s3": found.rms_jerk_rad_s3,
        "rms_error_mrad": 1e3 * found.rms_error_rad,
    }
