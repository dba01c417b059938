"""A simulated hand goes smoothly to where it is told to go, also from the middle of a motion."""

import numpy as np
import pytest

from ros_wam.sim.emulators.hand import Hand

MS = 1_000_000


def positions(hand: Hand, begin_ms: int, end_ms: int) -> np.ndarray:
    found = []
    for at_ms in range(begin_ms, end_ms):
        hand.advance(at_ms * MS)
        found.append(hand.position()[0])
    return np.array(found)


def test_it_goes_from_rest_to_rest_with_the_least_jerk() -> None:
    hand = Hand(np.array([1.0, 2.0]))
    hand.advance(500 * MS)
    hand.move(np.array([2.0, 2.0]), 1.0)
    way = positions(hand, 500, 1700)
    assert way[0] == 1.0
    assert way[500] == pytest.approx(1.5)
    assert (way[1000:] == 2.0).all()
    rates = np.diff(way) * 1000.0
    assert rates.max() == pytest.approx(1.875, abs=1e-3)
    assert rates.min() >= 0.0 and rates[0] < 0.01 and rates[998] < 0.01
    assert hand.position()[1] == 2.0


def test_a_new_motion_begins_where_it_is() -> None:
    hand = Hand(np.zeros(1))
    hand.move(np.ones(1), 1.0)
    positions(hand, 0, 501)
    hand.move(np.zeros(1), 0.5)
    way = positions(hand, 500, 1001)
    assert way[0] == pytest.approx(0.5)
    assert way[-1] == 0.0
    hand.move(np.full(1, 3.0), 0.0)
    assert hand.position()[0] == 3.0
