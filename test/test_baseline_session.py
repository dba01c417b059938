"""Whole episodes of the baseline on the toy tabletop: pictures in, rows out, under a clock that only the test moves."""

from typing import Any

import numpy as np
import pytest
from toy_tabletop import POSES, VIEWS, ToyTabletop, ur5

from ros_wam.errors import PoseUnreachable
from ros_wam.policies import picker
from ros_wam.policies.picker import tidying_session
from ros_wam.policies.session import RATE_HZ
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

EMBODIMENT = ur5()
ARM = ~EMBODIMENT.is_gripper
ROWS_PER_CALL = 15
AT_HOME_RAD = 0.01


class Run:
    """Calls the session every 0.5 s and has the tabletop follow the rows in between, exactly and at once."""

    def __init__(self, table: ToyTabletop) -> None:
        self.table = table
        self.session = tidying_session(EMBODIMENT, table.kinematics, VIEWS, "tidy up")
        self.stamp_ns = 1_000_000_000
        self.rows: list[FloatArray] = []

    def call(self, follow: bool = True, blind: bool = False) -> FloatArray:
        """Do one call and return its rows."""
        images = self.table.images()
        if blind:
            images = {view: np.zeros_like(image) for view, image in images.items()}
        rows = self.session.step(self.stamp_ns, images, self.table.joints)
        self.stamp_ns += round(ROWS_PER_CALL / RATE_HZ * 1e9)
        for row in rows[:ROWS_PER_CALL] if follow else ():
            self.table.follow(row)
            self.rows.append(row)
        return rows

    def until_done(self, limit_s: float) -> float:
        """Go on until all is in the box and the arm at home; return how long that took."""
        for calls in range(round(limit_s * RATE_HZ / ROWS_PER_CALL)):
            self.call()
            away = np.abs(self.table.joints - EMBODIMENT.home_position)[ARM].max()
            if self.table.in_box() == set(POSES) and away < AT_HOME_RAD:
                return calls * ROWS_PER_CALL / RATE_HZ
        raise AssertionError(f"in the box after {limit_s} s: {self.table.in_box()}")


@pytest.fixture(scope="module")
def tidied() -> Run:
    run = Run(ToyTabletop(EMBODIMENT, POSES))
    run.until_done(30.0)
    return run


def test_everything_ends_up_in_the_box_and_the_arm_at_home(tidied: Run) -> None:
    assert tidied.table.in_box() == set(POSES)


def test_nothing_is_put_on_anything_else(tidied: Run) -> None:
    places = [pose[:2] for pose in tidied.table.poses.values()]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(places) for b in places[:i]) > 0.04


def test_rows_stay_within_the_limits_from_one_chunk_to_the_next(tidied: Run) -> None:
    rows = np.array(tidied.rows)[:, ARM]
    velocity = np.diff(rows, axis=0) * RATE_HZ
    acceleration = np.diff(velocity, axis=0) * RATE_HZ
    assert (np.abs(velocity) <= 0.7 * EMBODIMENT.velocity[ARM]).all()
    assert (np.abs(acceleration) <= 0.8 * EMBODIMENT.acceleration[ARM]).all()
    assert ((rows >= EMBODIMENT.lower[ARM]) & (rows <= EMBODIMENT.upper[ARM])).all()


def test_at_rest_it_stays_at_rest(tidied: Run) -> None:
    rows = tidied.call()
    assert np.abs(rows - rows[0]).max() < 1e-3


def test_with_nothing_to_see_it_does_not_move() -> None:
    run = Run(ToyTabletop(EMBODIMENT, POSES))
    for _ in range(4):
        rows = run.call(blind=True)
        assert np.abs(rows - EMBODIMENT.home_position).max() < 1e-3


def test_a_missed_grasp_is_tried_again() -> None:
    table = ToyTabletop(EMBODIMENT, {"cube": POSES["cube"]})
    table.slippery = 20  # rows with closed fingers in which the cube slips out
    run = Run(table)
    for _ in range(40):
        run.call()
        if table.in_box():
            break
    assert table.in_box() == {"cube"}


def test_a_new_scene_is_tidied_after_the_old_one() -> None:
    run = Run(ToyTabletop(EMBODIMENT, {"cube": POSES["cube"]}))
    for _ in range(16):
        run.call()
    assert run.table.in_box() == {"cube"}
    run.table.joints = EMBODIMENT.home_position.copy()
    run.table.poses = {"bar": POSES["bar"].copy()}
    for _ in range(16):
        run.call()
    assert run.table.in_box() == {"bar"}


def test_a_robot_that_is_held_goes_on_from_where_it_is() -> None:
    run = Run(ToyTabletop(EMBODIMENT, {"cube": POSES["cube"]}))
    run.call()
    run.call()
    where = run.table.joints.copy()
    for _ in range(3):
        rows = run.call(follow=False)
    assert np.abs(rows[0] - where)[ARM].max() < EMBODIMENT.start_distance_rad
    for _ in range(20):
        run.call()
    assert run.table.in_box() == {"cube"}


def test_a_robot_put_elsewhere_plans_anew() -> None:
    run = Run(ToyTabletop(EMBODIMENT, {"cube": POSES["cube"]}))
    run.call()
    run.table.joints = EMBODIMENT.home_position + np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    rows = run.call(follow=False)
    assert np.abs(rows[0] - run.table.joints)[ARM].max() < 1e-3


def test_who_asks_twice_about_the_same_pictures_is_told_the_same_plan() -> None:
    run = Run(ToyTabletop(EMBODIMENT, {"cube": POSES["cube"]}))
    run.call()
    run.call(follow=False)
    run.stamp_ns -= round(ROWS_PER_CALL / RATE_HZ * 1e9)
    trajectory = run.session._planner.trajectory
    run.call(follow=False)
    assert run.session._planner.trajectory is trajectory


def test_a_grasp_that_is_out_of_reach_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    table = ToyTabletop(EMBODIMENT, {"cube": POSES["cube"]})
    planner, asked = picker.PickPlacePlanner.pick_place, []

    def pick_place(self: picker.PickPlacePlanner, trajectory: Trajectory, *rest: Any) -> Any:
        asked.append(rest[1][3])
        if len(set(asked)) < 2:
            raise PoseUnreachable("too far round")
        return planner(self, trajectory, *rest)

    monkeypatch.setattr(picker.PickPlacePlanner, "pick_place", pick_place)
    run = Run(table)
    for _ in range(20):
        run.call()
    assert table.in_box() == {"cube"}
    assert len(set(asked)) >= 2
