"""Chunks that are followed at a share of their speed: nothing on the policy's side takes the clock for the path."""

import numpy as np
import pytest
from fake_policy import UR5
from strategy_world import DT_S, SPEED_RAD_S, T0, S, StrategyWorld

from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.types import FloatArray, Observation

LATENCY_S = 0.2


class SlowedWorld(StrategyWorld):
    """The robot follows its chunks exactly, at a share of their speed; the server goes on from what it is told."""

    def __init__(self, share: float, strategy: str, horizon: int | None = None) -> None:
        self.buffer = ChunkBuffer(UR5)
        self.buffer.set_speed(share, T0 - 20 * S)
        self.due_ns: list[int] = []
        super().__init__(lambda: LATENCY_S, strategy, horizon)
        self.loop.speed.tell(share, T0 - 20 * S)

    def slow_down(self, share: float) -> None:
        self.buffer.set_speed(share, self.clock.now_ns())
        self.loop.speed.tell(share, self.clock.now_ns())

    def mean_speed_rad_s(self, duration_s: float) -> float:
        start = self.position[0]
        self.run(duration_s)
        return float(self.position[0] - start) / duration_s

    def actions(self, observation: Observation) -> FloatArray:
        rows = super().actions(observation)
        if observation.commitment is not None:
            rows[:, 0] = observation.commitment.positions[0, 0] + SPEED_RAD_S * DT_S * np.arange(30)
        return rows

    def _take(self, observation: Observation, now_ns: int) -> None:
        super()._take(observation, now_ns)
        taken = self.taken[-1]
        if taken.chunk is not None:
            self.due_ns.append(now_ns if taken.reanchored else self.buffer.due_ns(taken.chunk, now_ns))
            self.buffer.add(taken.chunk, now_ns, taken.reanchored)

    def _follow(self) -> None:
        target = self.buffer.target(self.clock.now_ns())
        if target is not None:
            self.position = target.position


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
@pytest.mark.parametrize(("strategy", "horizon"), [("async", 15), ("ensemble", None)])
def test_the_robot_moves_at_its_share_of_the_speed(strategy: str, horizon: int | None, share: float) -> None:
    run = SlowedWorld(share, strategy, horizon)
    run.run(3.0)
    assert run.mean_speed_rad_s(4.0) == pytest.approx(share * SPEED_RAD_S, rel=0.03)


def test_what_is_left_is_told_only_where_the_clock_says_it() -> None:
    run = SlowedWorld(1.0, "async", 15)
    run.run(2.0)
    assert all(seen.commitment is not None for seen in run.seen[1:])
    count = len(run.seen)
    run.slow_down(0.25)
    run.run(1.0)
    run.slow_down(1.0)
    run.run(1.0)
    assert len(run.seen) > count
    assert all(seen.commitment is None for seen in run.seen[count:])
    run.run(3.0)
    assert run.seen[-1].commitment is not None


def test_an_ensemble_averages_no_chunk_that_the_robot_is_behind() -> None:
    run = SlowedWorld(1.0, "ensemble")
    run.run(2.0)
    run.slow_down(0.25)
    run.run(1.0)
    for taken, seen in zip(run.taken[-3:], run.seen[-4:-1], strict=True):
        assert taken.chunk is not None
        np.testing.assert_array_equal(taken.chunk.positions[0], seen.joint_state.position)
    run.slow_down(1.0)
    run.run(4.0)
    assert run.mean_speed_rad_s(2.0) == pytest.approx(SPEED_RAD_S, rel=0.03)


def test_every_row_that_is_followed_has_been_judged() -> None:
    run = SlowedWorld(1.0, "async", 15)
    run.run(2.0)
    assert run.admission.judged_ns == run.due_ns == [taken.came_ns for taken in run.taken]
    count = len(run.taken)
    for share in (0.25, 0.5, 1.0):
        run.slow_down(share)
        run.run(1.5)
    late_ns = np.subtract(run.due_ns, run.admission.judged_ns)[count:]
    assert len(run.due_ns) == len(run.taken)
    assert late_ns.min() > -4_000_000  # see RAMP_NS
    assert late_ns.max() > 0.05 * S
