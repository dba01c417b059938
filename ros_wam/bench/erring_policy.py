"""A policy whose chunks disagree: it knows the motion that is wanted, but for a bias and a drift of each chunk."""

import numpy as np

from ros_wam.types import FloatArray

JOINTS, ROWS, DT_S = 6, 30, 1.0 / 30.0
HORIZON_ROWS = 15  # after how many rows the next chunk is asked for
DURATION_S = 20.0
BIAS_RAD, DRIFT_RAD = 0.020, 0.010
AMPLITUDE_RAD, FREQUENCY_HZ, PHASE_RAD = 0.3, 0.15, 0.7
NOMINAL_STEP_RAD = AMPLITUDE_RAD * 2.0 * np.pi * FREQUENCY_HZ * DT_S
"""How far the wanted motion goes in one row where it is fastest: 9.4 mrad."""


def wanted_positions(times_s: FloatArray) -> FloatArray:
    """Return the motion that is wanted at `times_s` `(N,)` as `(N, 6)` [rad]."""
    phase = 2.0 * np.pi * FREQUENCY_HZ * times_s[:, None] + PHASE_RAD * np.arange(JOINTS)
    return np.asarray(AMPLITUDE_RAD * np.sin(phase))


class ErringPolicy:
    """Draws the errors of its chunks from a generator with seed 0: six biases, then six drifts, anew for each chunk."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def chunk(self, observed_s: float) -> FloatArray:
        """Return `(30, 6)` [rad]; row k is for `observed_s` + k/30 s."""
        bias, drift = self._random.normal(0.0, BIAS_RAD, JOINTS), self._random.normal(0.0, DRIFT_RAD, JOINTS)
        times_s = np.asarray(observed_s + np.arange(ROWS) * DT_S, dtype=np.float64)
        share = np.arange(ROWS)[:, None] / ROWS
        return np.asarray(wanted_positions(times_s) + bias + drift * share)
