"""Fitting silhouettes to drawn pictures: a millimetre, a degree or two, and when not to believe it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_tabletop import POSES, VIEWS, camera, draw

from ros_wam.policies.silhouette import Fit, fit_silhouette
from ros_wam.policies.things import CLUTTER, Thing
from ros_wam.policies.tool_vector import to_matrix
from ros_wam.policies.vision import blobs, hsv_of

OVER_TABLE = to_matrix(np.array([-0.46, 0.0, 0.34, np.pi / 2, 0.0, 0.0]))
each_thing = pytest.mark.parametrize("thing", CLUTTER, ids=lambda thing: thing.name)


def fitted(thing: Thing, view: str, pose: np.ndarray, hidden_px: int = 0) -> Fit:
    placed = camera(view, OVER_TABLE)
    image = draw(placed, {thing.name: pose}, {})
    if hidden_px:
        top = int(blobs(hsv_of(image), thing.colour)[0].outline[:, 1].min())
        image[: top + hidden_px] = 0
    fit = fit_silhouette(blobs(hsv_of(image), thing.colour)[0], thing, placed)
    assert fit is not None
    return fit


def turn(a: float, b: float, period: float) -> float:
    return abs((a - b + period / 2) % period - period / 2) if period else 0.0


@each_thing
@pytest.mark.parametrize("view", VIEWS)
@given(x=st.floats(-0.56, -0.40), y=st.floats(-0.18, 0.05), yaw=st.floats(-np.pi, np.pi))
@settings(max_examples=8)
def test_position_and_yaw_are_found(thing: Thing, view: str, x: float, y: float, yaw: float) -> None:
    fit = fitted(thing, view, np.array([x, y, yaw]))
    assert np.hypot(fit.x_m - x, fit.y_m - y) < (0.003 if view == "global" else 0.0015)
    # From far away a cube seen over a corner looks much like one that is turned a little further.
    assert turn(fit.yaw_rad, yaw, thing.yaw_period_rad) < np.radians(12.0 if view == "global" else 3.0)
    assert fit.rms_px < 1.0
    assert 0.85 < fit.coverage < 1.15


@each_thing
def test_a_half_hidden_thing_is_told_from_a_whole_one(thing: Thing) -> None:
    fit = fitted(thing, "wrist", POSES[thing.name], hidden_px=14)
    assert fit.rms_px > 1.0 or fit.coverage < 0.85


def test_a_good_guess_leads_to_the_same_place() -> None:
    thing, placed = CLUTTER[2], camera("wrist", OVER_TABLE)
    (blob,) = blobs(hsv_of(draw(placed, {"bar": POSES["bar"]}, {})), thing.colour)
    alone, guided = fit_silhouette(blob, thing, placed), fit_silhouette(blob, thing, placed, POSES["bar"] + 0.01)
    assert alone is not None
    assert guided is not None
    assert (guided.x_m, guided.y_m, guided.yaw_rad) == pytest.approx((alone.x_m, alone.y_m, alone.yaw_rad), abs=2e-3)


def test_a_camera_that_looks_away_fits_nothing() -> None:
    thing, placed = CLUTTER[0], camera("wrist", OVER_TABLE)
    (blob,) = blobs(hsv_of(draw(placed, {"cube": POSES["cube"]}, {})), thing.colour)
    upside_down = OVER_TABLE @ np.diag([1.0, -1.0, -1.0, 1.0])
    assert fit_silhouette(blob, thing, camera("wrist", upside_down)) is None
