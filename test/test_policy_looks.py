"""Cameras as they are, 30 pictures a second that come 20 ms late: nothing is asked about the same pictures twice."""

import dataclasses
from itertools import pairwise

import pytest
from fake_policy import UR5, frame, state
from policy_world import World
from strategy_world import FRAMES, MS, T0, S, StrategyWorld

from ros_wam.causes import Cause
from ros_wam.errors import ObservationError
from ros_wam.policy.profile import Freshness

PERIOD_NS = S // 30
DELAY_NS = 20 * MS


class CameraWorld(StrategyWorld):
    """A robot with cameras that take their time."""

    def _see(self) -> None:
        now_ns = self.clock.now_ns()
        self._observations.add_joint_state(state(now_ns - DELAY_NS - PERIOD_NS, self.position))
        self._observations.add_joint_state(state(now_ns, self.position))
        stamp_ns = T0 + (now_ns - DELAY_NS - T0) // PERIOD_NS * PERIOD_NS
        for each in FRAMES:
            self._observations.add_frame(dataclasses.replace(each, stamp_ns=stamp_ns))


@pytest.mark.parametrize(("strategy", "horizon"), [("ensemble", None), ("receding", 1), ("async", 1)])
@pytest.mark.parametrize("latency_s", [0.005, 0.027])
def test_every_picture_is_asked_about_once(strategy: str, horizon: int | None, latency_s: float) -> None:
    run = CameraWorld(lambda: latency_s, strategy, horizon)
    run.run(3.0)
    stamps = [seen.stamp_ns for seen in run.seen]
    assert all(earlier < later for earlier, later in pairwise(stamps))
    assert 40 <= len(stamps) <= 91


def test_every_view_has_to_show_something_new() -> None:
    world = World(latency_ns=0)
    assert world.tick() is not None
    world.blind = True
    world.loop._look = dataclasses.replace(world.loop._look, stamp_ns=0)
    world.run_until(world.clock.now_ns() + 24 * MS)
    first, second = UR5.views
    assert world.tick() is None
    world.observations.add_frame(frame(first, world.clock.now_ns()))
    assert world.tick() is None
    world.observations.add_frame(frame(second, world.clock.now_ns()))
    assert world.tick().inference_id == 2


def test_a_camera_that_stands_still_is_named_once_its_picture_is_too_old() -> None:
    world = World(latency_ns=0)
    world.tick()
    world.blind = True
    world.loop._look = dataclasses.replace(world.loop._look, stamp_ns=0)
    assert world.tick() is None
    world.run_until(world.clock.now_ns() + round(Freshness().max_age_s * S) + 16 * MS)
    with pytest.raises(ObservationError) as stale:
        world.tick()
    assert stale.value.cause is Cause.CAMERA_STALE


def test_a_new_episode_may_begin_with_the_pictures_of_the_last() -> None:
    world = World(latency_ns=0)
    world.tick()
    world.loop.start("stack them")
    assert world.tick().observation.prompt == "stack them"
