"""The third derivative of sampled motion, as smooth as the window that it is fitted over is long."""

import numpy as np

from ros_wam.types import FloatArray


def third_derivative_weights(window_s: float, rate_hz: float) -> FloatArray:
    """Return `(samples,)`, an odd number: times the samples of a window, summed, the third derivative [1/s³] of the
    cubic that fits them best (Savitzky and Golay).

    Written out, for scipy weighs 140 MB: the fit is linear, so one row of the pseudo-inverse holds the weights.
    """
    reach = round(window_s * rate_hz / 2.0)
    times_s = np.arange(-reach, reach + 1) / rate_hz
    weights: FloatArray = np.linalg.pinv(np.vander(times_s, 4, increasing=True))[3] * 6.0
    return weights
