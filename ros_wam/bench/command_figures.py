"""Figures of a stream of commanded positions: how far it steps, how hard it accelerates, how far it is off."""

from dataclasses import dataclass

import numpy as np

from ros_wam.savitzky_golay import third_derivative_weights
from ros_wam.types import FloatArray

SETTLED_S = 2.0
STEP_S = 0.032
JERK_WINDOW_S = 0.1  # 51 samples at 500 Hz


@dataclass(frozen=True)
class CommandFigures:
    """Largest over joints and time, or root mean square.

    `step` is over 32 ms, `acceleration` the second difference, `rms_jerk` by Savitzky-Golay: these and `rms_error`
    after the first 2 s. The peaks are the first, second and third difference of every sample from the first on.
    """

    step_rad: float
    acceleration_rad_s2: float
    rms_jerk_rad_s3: float
    rms_error_rad: float
    peak_velocity_rad_s: float
    peak_acceleration_rad_s2: float
    peak_jerk_rad_s3: float


def command_figures(positions: FloatArray, wanted: FloatArray, rate_hz: float) -> CommandFigures:
    """Return the figures of `positions` `(N, n)` [rad], of which sample k should have been `wanted[k]`."""
    velocity, acceleration, jerk = (np.diff(positions, n, axis=0) * rate_hz**n for n in (1, 2, 3))
    settled, step = round(SETTLED_S * rate_hz) + 1, round(STEP_S * rate_hz)
    after, error = positions[settled:], (positions - wanted)[settled:]
    return CommandFigures(
        step_rad=_largest(after[step:] - after[:-step]),
        acceleration_rad_s2=_largest(acceleration[settled:]),
        rms_jerk_rad_s3=_rms(savitzky_golay_jerk(after, rate_hz)),
        rms_error_rad=_rms(error),
        peak_velocity_rad_s=_largest(velocity),
        peak_acceleration_rad_s2=_largest(acceleration),
        peak_jerk_rad_s3=_largest(jerk),
    )


def savitzky_golay_jerk(positions: FloatArray, rate_hz: float) -> FloatArray:
    """Return the third derivative [rad/s³] of the cubic that fits each window of samples best, in its middle."""
    weights = third_derivative_weights(JERK_WINDOW_S, rate_hz)
    windows = np.lib.stride_tricks.sliding_window_view(positions, len(weights), axis=0)
    return np.asarray(windows @ weights)


def _largest(values: FloatArray) -> float:
    return float(np.abs(values).max())


def _rms(values: FloatArray) -> float:
    return float(np.sqrt((values**2).mean()))
