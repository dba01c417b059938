"""What is shown of the views is what an observation of them would be judged by."""

import numpy as np
import pytest
from fake_policy import UR5
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.causes import Cause
from ros_wam.errors import ObservationError
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Freshness
from ros_wam.policy.view_freshness import ViewFreshness
from ros_wam.types import CameraFrame

NOW_NS = 10**18
MS = 1_000_000


def freshness(*views: str, rate_hz: float = 30.0) -> ViewFreshness:
    return ViewFreshness(dict.fromkeys(views or ("wrist", "global"), rate_hz), Freshness())


def test_age_of_each_view_and_how_far_they_are_apart() -> None:
    views = freshness()
    views.saw("wrist", NOW_NS - 30 * MS)
    views.saw("global", NOW_NS - 52 * MS)
    now = views.now(NOW_NS)
    assert now.as_json() == {"age_ms": {"wrist": 30.0, "global": 52.0}, "skew_ms": 22.0, "trouble": ""}
    later = views.now(NOW_NS + 60 * MS)
    assert later.age_ms == {"wrist": 90.0, "global": 112.0}
    assert later.trouble == "global is 112 ms old, at most 100 ms"


def test_view_that_has_sent_nothing() -> None:
    views = freshness()
    views.saw("wrist", NOW_NS)
    assert views.now(NOW_NS).as_json() == {
        "age_ms": {"wrist": 0.0, "global": None},
        "skew_ms": None,
        "trouble": "global has sent no picture yet",
    }


def test_views_that_nobody_asked_for_do_not_count() -> None:
    views = freshness("wrist")
    views.saw("wrist", NOW_NS)
    views.saw("side", NOW_NS - 10**12)
    assert views.now(NOW_NS).as_json() == {"age_ms": {"wrist": 0.0}, "skew_ms": None, "trouble": ""}


def test_without_views_there_is_no_trouble() -> None:
    assert ViewFreshness({}, Freshness()).now(NOW_NS).as_json() == {"age_ms": {}, "skew_ms": None, "trouble": ""}


@pytest.mark.parametrize(("rate_hz", "skew_ms", "holds"), [(30.0, 43, True), (30.0, 44, False), (60.0, 27, False)])
def test_views_may_be_a_period_and_a_margin_apart(rate_hz: float, skew_ms: int, holds: bool) -> None:
    views = freshness(rate_hz=rate_hz)
    views.saw("wrist", NOW_NS)
    views.saw("global", NOW_NS - skew_ms * MS)
    assert (views.now(NOW_NS).trouble == "") is holds


@given(st.lists(st.integers(-30, 150), min_size=2, max_size=2))
def test_the_verdict_is_that_of_an_observation(ages_ms: list[int]) -> None:
    views, builder = freshness(), ObservationBuilder(UR5, ("wrist", "global"), 1.0 / 30.0, Freshness())
    for view, age_ms in zip(("wrist", "global"), ages_ms, strict=True):
        views.saw(view, NOW_NS - age_ms * MS)
        builder.add_frame(CameraFrame(view, NOW_NS - age_ms * MS, np.zeros((2, 2, 3), np.uint8)))
    with pytest.raises(ObservationError) as refused:  # there is no joint state: that is asked for last
        builder.build(NOW_NS, "tidy up")
    assert (views.now(NOW_NS).trouble == "") is (refused.value.cause is Cause.STATE_STALE)
