"""Servos tell where they are within a turn; what they lead may go on beyond it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.teleop.turns import Turns


@settings(deadline=None)
@given(st.floats(-6.0, 6.0), st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=20))
def test_what_moves_less_than_half_a_turn_between_two_readings_is_followed(home: float, moves: list[float]) -> None:
    turns, at = Turns(np.array([home])), home
    for move in moves:
        at += move
        told = turns.follow(np.array([(at + math.pi) % math.tau - math.pi]))
        assert told[0] == pytest.approx(at, abs=1e-9)


def test_it_begins_nearest_to_home_again() -> None:
    turns = Turns(np.array([0.0]))
    for at in (2.0, 4.0, 6.0):
        turns.follow(np.array([at]))
    assert turns.follow(np.array([6.1 - math.tau]))[0] == pytest.approx(6.1)
    turns.reset()
    assert turns.follow(np.array([6.1]))[0] == pytest.approx(6.1 - math.tau)
