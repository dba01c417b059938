"""The delay between a leader and its robot, found from what both did."""

import numpy as np
import pytest

from ros_wam.teleop.tracking_lag import TrackingLag

ARM = np.array([True, True, False])


def seen(
    delay_s: float,
    period_s: float = 0.02,
    rad: float = 0.3,
    noise_rad: float = 0.0,
    until_s: float = 3.0,
    again_rad: float | None = None,
) -> TrackingLag:
    """With `again_rad` each stamp is told again, with positions that are so far off."""
    rng = np.random.default_rng(1)
    lag = TrackingLag(ARM)

    def leader(at_s: float) -> np.ndarray:
        return np.array([rad * np.sin(3.0 * at_s), rad * np.cos(2.0 * at_s), 5.0 * at_s])

    for at_s in np.arange(0.0, until_s, period_s):
        measured = leader(at_s - delay_s) + rng.normal(0.0, noise_rad, 3)
        lag.note(round(at_s * 1e9), leader(at_s), round(at_s * 1e9), measured)
        if again_rad is not None:
            lag.note(round(at_s * 1e9), leader(at_s) + again_rad, round(at_s * 1e9), measured - again_rad)
    return lag


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.12, 0.3])
@pytest.mark.parametrize("noise_rad", [0.0, 0.002])
def test_it_finds_the_delay_of_noisy_joints_and_leaves_grippers_out(delay_s: float, noise_rad: float) -> None:
    assert seen(delay_s, noise_rad=noise_rad).delay_s() == pytest.approx(delay_s, abs=0.011)


def test_it_does_not_guess() -> None:
    assert seen(0.1, rad=0.02).delay_s() is None  # hardly any motion
    assert seen(0.1, until_s=1.2).delay_s() is None  # not enough seen
    assert TrackingLag(ARM).delay_s() is None


def test_what_is_said_twice_counts_once_and_it_can_begin_anew() -> None:
    lag = seen(0.1, again_rad=0.5)
    assert lag.delay_s() == pytest.approx(0.1, abs=0.011)
    lag.forget()
    assert lag.delay_s() is None
