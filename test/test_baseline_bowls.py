"""Stacking bowls with two arms: what is seen, and episodes on toy bowls under a clock that only the test moves."""

import numpy as np
import pytest
from toy_bowls import ALOHA, PLACES, ROOT, VIEWS, ToyBowls, draw

from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policies.bowl_memory import BowlMemory
from ros_wam.policies.bowls import SMALLER
from ros_wam.policies.ongoing import Ongoing
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.scene_memory import Sighting
from ros_wam.policies.session import RATE_HZ
from ros_wam.policies.stacker import stacking_session
from ros_wam.sim.tasks import stack_bowls
from ros_wam.types import FloatArray

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

ARM = ~ALOHA.is_gripper
HOME = ALOHA.home_position
HIGH = PlacedCamera(VIEWS["high"], np.eye(4))
PROMPT = "stack the two smaller bowls onto the largest one"
ROWS_PER_CALL = 15
AT_HOME_RAD = 0.01
BOTH = {bowl.name for bowl in SMALLER}


class Run:
    """Calls the session every 0.5 s and has the toy follow the rows in between, exactly and at once."""

    def __init__(self, toy: ToyBowls) -> None:
        self.toy = toy
        self.session = stacking_session(ALOHA, toy.kinematics, VIEWS, PROMPT)
        self.stamp_ns = 1_000_000_000
        self.rows: list[FloatArray] = []

    def call(self, blind: bool = False) -> FloatArray:
        """Do one call and return its rows."""
        images = self.toy.images()
        if blind:
            images = {view: np.zeros_like(image) for view, image in images.items()}
        rows = self.session.step(self.stamp_ns, images, self.toy.joints)
        self.stamp_ns += round(ROWS_PER_CALL / RATE_HZ * 1e9)
        for row in rows[:ROWS_PER_CALL]:
            self.toy.follow(row)
            self.rows.append(row)
        return rows

    def until_done(self, limit_s: float, bowls: set[str] = BOTH) -> None:
        """Go on until the bowls are nested and both arms at home."""
        for _ in range(round(limit_s * RATE_HZ / ROWS_PER_CALL)):
            self.call()
            away = np.abs(self.toy.joints - HOME)[ARM].max()
            if self.toy.nested() == bowls and away < AT_HOME_RAD:
                return
        raise AssertionError(f"nested after {limit_s} s: {self.toy.nested()}")


@pytest.fixture(scope="module")
def stacked() -> Run:
    run = Run(ToyBowls(PLACES))
    run.until_done(25.0)
    return run


def test_each_bowl_was_moved_by_the_arm_on_whose_side_it_stood(stacked: Run) -> None:
    assert stacked.toy.nested() == BOTH
    assert stacked.toy.moved_by == {"medium bowl": "left", "small bowl": "right"}


def test_rows_stay_within_the_limits_from_one_chunk_to_the_next(stacked: Run) -> None:
    rows = np.array(stacked.rows)[:, ARM]
    velocity = np.diff(rows, axis=0) * RATE_HZ
    acceleration = np.diff(velocity, axis=0) * RATE_HZ
    assert (np.abs(velocity) <= 0.7 * ALOHA.velocity[ARM]).all()
    assert (np.abs(acceleration) <= 0.8 * ALOHA.acceleration[ARM]).all()
    assert ((rows >= ALOHA.lower[ARM]) & (rows <= ALOHA.upper[ARM])).all()


def test_one_arm_waits_while_the_other_works(stacked: Run) -> None:
    away = np.abs(np.array(stacked.rows) - HOME) > AT_HOME_RAD
    left, right = away[:, :6].any(axis=1), away[:, 7:13].any(axis=1)
    first, second = np.flatnonzero(left), np.flatnonzero(right)
    assert first[0] < second[0]
    both = (left & right).sum() / RATE_HZ
    assert both < 4.0, "only on the way home"


def test_at_rest_it_stays_at_rest_and_what_is_taken_out_is_stacked_again(stacked: Run) -> None:
    rows = stacked.call()
    assert np.abs(rows - rows[0]).max() < 1e-3
    stacked.toy.places["small bowl"], stacked.toy.heights_m["small bowl"] = np.array([-0.33, -0.22]), 0.0
    stacked.until_done(15.0)
    assert stacked.toy.moved_by["small bowl"] == "left"


def test_with_nothing_to_see_it_does_not_move() -> None:
    run = Run(ToyBowls(PLACES))
    for _ in range(3):
        assert np.abs(run.call(blind=True) - HOME).max() < 1e-3


def test_without_the_largest_nothing_is_picked_up() -> None:
    run = Run(ToyBowls({name: place for name, place in PLACES.items() if name != "large bowl"}))
    for _ in range(3):
        assert np.abs(run.call() - HOME).max() < 1e-3


def test_a_missed_grasp_is_tried_again() -> None:
    toy = ToyBowls({name: PLACES[name] for name in ("large bowl", "small bowl")})
    toy.slippery = 1
    run = Run(toy)
    run.until_done(30.0, {"small bowl"})
    assert toy.slippery < 0


def test_a_bowl_that_is_not_seen_is_waited_for_before_the_next_ones_turn() -> None:
    run = Run(ToyBowls({name: PLACES[name] for name in ("large bowl", "small bowl")}))
    for _ in range(10):
        run.call()
    assert np.abs(np.array(run.rows) - HOME).max() < 1e-3
    run.toy.places["medium bowl"], run.toy.heights_m["medium bowl"] = PLACES["medium bowl"].copy(), 0.0
    for _ in range(10):
        run.call()
    assert run.toy.moved_by == {"medium bowl": "left"}


def test_chunks_agree_where_they_meet_when_rows_are_ongoing() -> None:
    """The toy follows each answer from the sixth row on; before that, the answer before it."""
    toy, stamp_ns, delay_rows = ToyBowls(PLACES), 1_000_000_000, 6
    session = stacking_session(ALOHA, toy.kinematics, VIEWS, PROMPT)
    followed = session.step(stamp_ns, toy.images(), toy.joints)
    for _ in range(18):
        for row in followed[:ROWS_PER_CALL]:
            toy.follow(row)
        stamp_ns += round(ROWS_PER_CALL / RATE_HZ * 1e9)
        left = followed[ROWS_PER_CALL:]
        answer = session.step(stamp_ns, toy.images(), toy.joints, Ongoing(left, delay_rows))
        followed = np.vstack([left[:delay_rows], answer[delay_rows:]])
        speed = np.diff(followed[:, ARM], axis=0) * RATE_HZ
        assert (np.abs(speed) <= 0.7 * ALOHA.velocity[ARM]).all()
    assert toy.nested() == {"medium bowl"}


@pytest.mark.parametrize("view", ["high", "left_wrist"])
def test_bowls_are_found_to_a_millimetre(view: str) -> None:
    toy, memory = ToyBowls(PLACES), BowlMemory()
    camera = toy.camera(view)
    memory.look(toy.images()[view], camera, 0)
    seen = {name: np.array([item.x_m, item.y_m]) for name, item in memory.bowls.items()}
    assert set(seen) == (set(PLACES) if view == "high" else {"medium bowl"})
    for name, place in seen.items():
        np.testing.assert_allclose(place, PLACES[name], atol=0.0015)


def look_at_cut_bowl(others: dict[str, FloatArray], heights_m: dict[str, float]) -> float:
    """Return how far off the largest bowl is thought to be after a look that shows part of it; at first it is 17 mm."""
    toy, memory, known = ToyBowls(PLACES), BowlMemory(), PLACES["large bowl"] + 0.012
    memory.bowls["large bowl"] = Sighting(known[0], known[1], 0.0, 0.02, 0)
    camera = toy.camera("left_wrist")
    memory.look(draw(camera, {"large bowl": PLACES["large bowl"], **others}, heights_m), camera, 1)
    found = memory.bowls["large bowl"]
    return float(np.linalg.norm(np.array([found.x_m, found.y_m]) - PLACES["large bowl"]))


def test_a_bowl_that_the_edge_of_the_picture_cuts_off_is_found_near_where_it_was_known() -> None:
    nested = PLACES["large bowl"] + 0.004
    assert look_at_cut_bowl({}, {}) < 0.001
    assert look_at_cut_bowl({"medium bowl": nested}, {"medium bowl": 0.008}) < 0.001


def test_a_bowl_that_another_hides_is_left_where_it_was_known() -> None:
    hiding = PLACES["large bowl"] + [0.02, -0.10]
    assert look_at_cut_bowl({"small bowl": hiding}, {"small bowl": 0.1}) > 0.016


def test_what_is_in_the_largest_or_in_the_hand_does_not_stand_on_the_table() -> None:
    memory = BowlMemory()
    places = {**PLACES, "medium bowl": PLACES["large bowl"] + 0.004}
    memory.look(draw(HIGH, {"large bowl": PLACES["large bowl"]}, {}), HIGH, 0)
    memory.look(draw(HIGH, places, {"medium bowl": 0.008}), HIGH, 1, skip={"small bowl"})
    assert set(memory.bowls) == {"large bowl"}


def test_what_the_policy_knows_of_the_bowls_is_what_they_are() -> None:
    for known, real in zip(SMALLER, stack_bowls.SMALLER, strict=True):
        assert (known.name, known.foot_m, known.rim_m) == (real.name, real.foot_m, real.rim_m)
        assert known.height_m == real.height_m


def test_a_robot_with_one_arm_does_not_suit() -> None:
    ur5 = load_embodiment(ROOT / "robots" / "ur5.yaml")
    with pytest.raises(ConfigError, match="this work needs 2 on one frame"):
        stacking_session(ur5, Kinematics(ur5), {}, PROMPT)
    with pytest.raises(ConfigError, match="no view high"):
        stacking_session(ALOHA, Kinematics(ALOHA), {v: VIEWS[v] for v in ("left_wrist", "right_wrist")}, PROMPT)
