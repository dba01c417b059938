"""Real-time chunking on the server's side: answers that continue what is being executed."""

from typing import Any

import numpy as np
import pytest
from toy_tabletop import POSES, VIEWS, ToyTabletop, ur5

from ros_wam.clock import FakeClock
from ros_wam.errors import SpecError
from ros_wam.policies.baseline import BaselinePolicy
from ros_wam.policies.ongoing import Ongoing, continued
from ros_wam.policies.picker import tidying_session
from ros_wam.policies.progress import Progress
from ros_wam.policies.session import HORIZON, RATE_HZ
from ros_wam.types import FloatArray

EMBODIMENT = ur5()
ARM = ~EMBODIMENT.is_gripper
MASK = np.array([True, False])
DT_S = 1.0 / RATE_HZ


def test_what_is_certain_is_kept_and_the_rest_comes_back_to_the_plan() -> None:
    planned = np.zeros((30, 2))
    rows = continued(planned, Ongoing(np.full((20, 2), 0.1), 5), MASK)
    np.testing.assert_array_equal(rows[:6], np.full((6, 2), 0.1))
    assert (np.diff(rows[5:, 0]) <= 0.0).all()
    np.testing.assert_allclose(rows[18:, 0], 0.0, atol=1e-12)
    np.testing.assert_array_equal(rows[6:, 1], np.zeros(24))  # a gripper is not blended
    assert np.abs(np.diff(rows[:, 0], n=2)).max() < 0.1 * 0.05


@pytest.mark.parametrize("delay_rows", [0, 7, 40])
@pytest.mark.parametrize("left", [1, 8, 40])
def test_rows_that_are_as_planned_change_nothing(delay_rows: int, left: int) -> None:
    planned = np.outer(np.arange(30.0), [0.01, 0.0])
    ongoing = Ongoing(np.outer(np.arange(float(left)), [0.01, 0.0]), delay_rows)
    np.testing.assert_allclose(continued(planned, ongoing, MASK), planned, atol=1e-12)


def swing(times_s: FloatArray) -> FloatArray:
    """Two joints: rest until 1 s, then half a radian in a second, then rest."""
    share = np.clip(times_s - 1.0, 0.0, 1.0)
    return np.outer(share**2 * (3.0 - 2.0 * share), [0.5, -0.2])


@pytest.mark.parametrize("late_s", [0.0, 0.04, 0.2])
def test_rows_are_found_on_the_plan_however_late_they_began(late_s: float) -> None:
    progress, times = Progress(0.0, swing(np.zeros(1))[0]), 1.0 + np.arange(30) * DT_S
    progress.answer(times, swing(times))
    place = progress.match(15.0, swing(1.5 - late_s + np.arange(14) * DT_S), DT_S)
    assert place is not None
    assert place.plan_s == pytest.approx(1.5 - late_s, abs=0.003)


def test_rows_that_are_nowhere_on_the_plan_are_not_found() -> None:
    progress = Progress(0.0, np.zeros(2))
    assert progress.match(0.0, np.zeros((3, 2)), DT_S) is None
    progress.answer(np.arange(30) * DT_S, np.zeros((30, 2)))
    assert progress.match(15.0, np.full((3, 2), 0.5), DT_S) is None


@pytest.mark.parametrize("delay_rows", [1, 6, 14])
def test_chunks_agree_where_they_meet_whatever_the_delay(delay_rows: int) -> None:
    """The tabletop follows each answer from `delay_rows` on; before that, the answer before it."""
    table = ToyTabletop(EMBODIMENT, {"cube": POSES["cube"]})
    session, stamp_ns = tidying_session(EMBODIMENT, table.kinematics, VIEWS, "tidy up"), 1_000_000_000
    followed = session.step(stamp_ns, table.images(), table.joints)
    for _ in range(16):
        for row in followed[:15]:
            table.follow(row)
        stamp_ns += round(15 * DT_S * 1e9)
        left = followed[15:]
        answer = session.step(stamp_ns, table.images(), table.joints, Ongoing(left, delay_rows))
        speed = np.diff(np.vstack([left[: delay_rows + 1], answer[delay_rows + 1 :]])[:, ARM], axis=0) * RATE_HZ
        assert (np.abs(speed) <= 0.7 * EMBODIMENT.velocity[ARM]).all()
        followed = np.vstack([left[:delay_rows], answer[delay_rows:]])
        assert len(followed) == HORIZON
    assert table.in_box() == {"cube"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("observation/remaining_actions", np.zeros((3, 6))),
        ("observation/remaining_actions", np.full((3, 7), np.nan)),
        ("observation/delay_rows", -1),
        ("observation/delay_rows", 1.5),
    ],
)
def test_what_is_wrong_is_named(key: str, value: Any) -> None:
    served = BaselinePolicy(EMBODIMENT, VIEWS, FakeClock())
    home = EMBODIMENT.home_position
    request: dict[str, Any] = {f"observation/{view}_image": np.zeros((240, 320, 3), np.uint8) for view in VIEWS}
    request |= {"observation/joint_position": home[:6], "observation/gripper_position": home[6:]}
    request |= {"observation/remaining_actions": np.tile(home, (3, 1)), "observation/delay_rows": 2}
    request["prompt"] = "tidy up"
    served.infer(request, served.new_session())
    with pytest.raises(SpecError, match=key):
        served.infer(request | {key: value}, served.new_session())
