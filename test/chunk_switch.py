"""The chunk-switch benchmark: a policy whose chunks disagree by its own error, and the commanded motion alone.

Six joints follow 0.3 sin(2π 0.15 t + 0.7 i); each chunk of 30 rows at 30 Hz errs by N(0, 20 mrad) and drifts by
N(0, 10 mrad) over its length, drawn with seed 0. The next observation is made 15 rows after the last, or on arrival.
"""

from dataclasses import dataclass, replace

import numpy as np
from motion_fixtures import chunk_of, robot

from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.motion.smoother import Smoother
from ros_wam.types import FloatArray

JOINTS, ROWS, DT_S, DURATION_S = 6, 30, 1.0 / 30.0, 20.0
HORIZON_ROWS = 15
SETTLED_S = 2.0
NOMINAL_STEP_RAD = 0.3 * 2.0 * np.pi * 0.15 * DT_S


def reference(time_s: FloatArray | float) -> FloatArray:
    phase = 2.0 * np.pi * 0.15 * np.asarray(time_s)[..., None] + 0.7 * np.arange(JOINTS)
    return np.asarray(0.3 * np.sin(phase))


@dataclass(frozen=True)
class Figures:
    """What the benchmark reports [rad, rad/s, rad/s², rad/s³]; the peaks are finite differences of every sample."""

    step: float
    rms_error: float
    velocity: float
    acceleration: float
    jerk: float
    idle_s: float


def run(latency_s: float, rate_hz: float) -> Figures:
    embodiment = replace(robot(), control_rate_hz=rate_hz)
    rng = np.random.default_rng(0)
    buffer, smoother = ChunkBuffer(embodiment), Smoother(embodiment)
    smoother.reset(np.append(reference(0.0), 1.0), np.zeros(JOINTS + 1))
    positions, idle, number, ask_s = [], 0, 0, 0.0
    pending: tuple[float, float, FloatArray] | None = None
    for k in range(round(DURATION_S * rate_hz)):
        now_s = k / rate_hz
        if pending is not None and now_s >= pending[0] - 1e-9:
            arrival_s, observed_s, rows = pending
            number += 1
            chunk = chunk_of(np.hstack([rows, np.ones((ROWS, 1))]), round(observed_s * 1e9), number=number)
            buffer.add(chunk, round(now_s * 1e9), rested=False)
            ask_s, pending = max(observed_s + HORIZON_ROWS * DT_S, arrival_s), None
        target = buffer.target(round(now_s * 1e9))
        idle += number > 0 and (target is None or target.provenance.index >= ROWS - 1)
        positions.append(smoother.step(buffer, round(now_s * 1e9)).position[:JOINTS])
        if pending is None and now_s >= ask_s - 1e-9:
            bias, drift = rng.normal(0.0, 0.020, JOINTS), rng.normal(0.0, 0.010, JOINTS)
            share = np.arange(ROWS)[:, None] / ROWS
            pending = (now_s + latency_s, now_s, reference(now_s + np.arange(ROWS) * DT_S) + bias + drift * share)
    return _figures(np.array(positions), idle / rate_hz, rate_hz)


def _figures(positions: FloatArray, idle_s: float, rate_hz: float) -> Figures:
    velocity = np.diff(positions, axis=0) * rate_hz
    acceleration = np.diff(velocity, axis=0) * rate_hz
    jerk = np.diff(acceleration, axis=0) * rate_hz
    step = round(0.032 * rate_hz)
    settled = round(SETTLED_S * rate_hz) + 1
    times_s = np.arange(len(positions)) / rate_hz
    error = (positions - reference(times_s))[settled:]
    return Figures(
        step=float(np.abs(positions[settled + step :] - positions[settled:-step]).max()),
        rms_error=float(np.sqrt((error**2).mean())),
        velocity=float(np.abs(velocity).max()),
        acceleration=float(np.abs(acceleration).max()),
        jerk=float(np.abs(jerk).max()),
        idle_s=idle_s,
    )
