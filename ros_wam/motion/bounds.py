"""How fast a sampled motion may change and still stop in the room it has. Pure; used by the smoother and the gate.

Positions are samples `x[k+1] = x[k] + T * rate[k+1]`. Whoever keeps `rate <= largest_rate(room, slope, T)` at every
sample can always come to rest inside the room while changing the rate by at most `slope * T` per sample. The gate
applies it to positions (rate = velocity, slope = acceleration), the smoother also to velocities (acceleration, jerk).
"""

import numpy as np

from ros_wam.types import FloatArray


def within(value: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return `value` clipped; three times as fast as `np.clip` for a handful of joints."""
    return np.asarray(np.minimum(np.maximum(value, low), high))


def largest_rate(room: FloatArray, slope: FloatArray, period_s: float) -> FloatArray:
    """Return the largest rate of the next sample from which stopping takes no more than `room`; 0 where there is none.

    With u = rate / (slope T) and n = floor(u), stopping takes slope T² ((n + 1) u - n (n + 1) / 2), which is inverted.
    """
    samples = np.maximum(room, 0.0) / (slope * period_s**2)
    whole = np.floor((np.sqrt(1.0 + 8.0 * samples) - 1.0) / 2.0)
    following = whole + 1.0
    return np.asarray((samples + whole * following / 2.0) / following * slope * period_s)


def stopping_distance(rate: FloatArray, slope: FloatArray, period_s: float) -> FloatArray:
    """Return how far the samples still go, with its sign, while `rate` falls to 0 by `slope * T` each."""
    steps = np.abs(rate) / (slope * period_s)
    whole = np.floor(steps)
    return np.asarray(np.sign(rate) * slope * period_s**2 * (whole * steps - whole * (whole + 1.0) / 2.0))


def jerk_limited_stop(
    velocity: FloatArray, acceleration: FloatArray, acceleration_limit: FloatArray, jerk_limit: FloatArray
) -> FloatArray:
    """Return how far a joint goes in the positive direction until it has braked to rest as hard as the limits allow.

    An acceleration is first let off; a deceleration counts as part of a stop that began earlier, from rest of it.
    """
    turning_s = acceleration / jerk_limit
    peak = np.maximum(velocity + np.abs(acceleration) * np.abs(turning_s) / 2.0, 0.0)
    turning = np.where(
        acceleration > 0.0,
        velocity * turning_s + acceleration * turning_s**2 / 3.0,
        peak * turning_s - acceleration * turning_s**2 / 6.0,
    )
    swing_s = acceleration_limit / jerk_limit
    gentle = peak * np.sqrt(peak / jerk_limit)  # the deceleration limit is not reached
    full = peak * (peak / acceleration_limit + swing_s) / 2.0
    stop = np.where(peak < acceleration_limit * swing_s, gentle, full)
    return np.asarray(np.maximum(stop + turning, 0.0))
