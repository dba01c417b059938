"""Every strategy against a virtual clock: when it looks, what it executes, how long the robot waits."""

from collections.abc import Callable, Iterator
from itertools import cycle, pairwise

import numpy as np
import pytest
from strategy_world import CHUNK_S, DT_S, ROWS, TICK_NS, S, StrategyWorld

from ros_wam.bench.idle import idle_fraction
from ros_wam.policy.loop import RETRY_S
from ros_wam.policy.strategies import make_strategy
from ros_wam.policy.strategies.strategy import LOOK_AFTER_S
from ros_wam.types import ActionChunk

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

OVERLAPPING = ("receding", "async", "ensemble")


def world(strategy: str, latency_s: float | Callable[[], float], horizon: int = 15) -> StrategyWorld:
    latencies = latency_s if callable(latency_s) else lambda: latency_s
    return StrategyWorld(latencies, strategy, None if strategy == "ensemble" else horizon)


def within_a_tick(value_ns: float, wanted_ns: float) -> bool:
    return abs(value_ns - wanted_ns) <= TICK_NS


@pytest.mark.parametrize("strategy", ["sequential", *OVERLAPPING])
@pytest.mark.parametrize("latency_s", [0.1, 0.8])
def test_one_request_is_in_flight(strategy: str, latency_s: float) -> None:
    run = world(strategy, latency_s)
    run.run(6.0)
    assert len(run.taken) > 2
    assert all(later.asked_ns >= earlier.came_ns for earlier, later in pairwise(run.taken))


@pytest.mark.parametrize("strategy", ["sequential", *OVERLAPPING])
@pytest.mark.parametrize("latency_s", [0.1, 0.8])
def test_the_first_chunk_and_every_other_from_rest_begins_with_its_first_row(strategy: str, latency_s: float) -> None:
    run = world(strategy, latency_s)
    run.run(6.0)
    from_rest = [taken.chunk.chunk_id for taken in run.admitted if taken.reanchored and taken.chunk]
    assert from_rest[0] == 1
    assert (len(from_rest) > 1) is (strategy == "sequential" or latency_s > 0.5)
    for chunk_id in from_rest:
        assert next(row for chunk, row in run.rows if chunk == chunk_id) == 0


@pytest.mark.parametrize("strategy", OVERLAPPING)
@pytest.mark.parametrize("horizon", [5, 15, 24])
def test_the_longest_answer_that_is_hidden_is_told(strategy: str, horizon: int) -> None:
    hidden_s = make_strategy(strategy, None if strategy == "ensemble" else horizon).hidden_s(ROWS, DT_S)
    for latency_s, waits in ((hidden_s - 0.03, False), (hidden_s + 0.03, True)):
        run = world(strategy, latency_s, horizon)
        run.run(6.0)
        assert (sum(taken.reanchored for taken in run.admitted) > 1) is waits, latency_s


def test_where_the_robot_waits_for_each_answer_none_is_hidden() -> None:
    assert make_strategy("sequential", 15).hidden_s(ROWS, DT_S) == 0.0
    assert make_strategy("async", ROWS).hidden_s(ROWS, DT_S) == 0.0


@pytest.mark.parametrize("strategy", OVERLAPPING)
@pytest.mark.parametrize("latency_s", [0.0, 0.027, 0.1, 0.2, 0.321, 0.45])
def test_the_robot_never_waits_up_to_half_a_chunk(strategy: str, latency_s: float) -> None:
    run = world(strategy, latency_s)
    run.run(4.0)
    assert run.idle_ns == 0
    assert len(run.admitted) >= 4
    assert [taken.reanchored for taken in run.admitted[1:]] == [False] * (len(run.admitted) - 1)


def test_rows_in_motion_are_those_that_are_due() -> None:
    run = world("async", 0.2)
    run.run(4.0)
    firsts = dict(reversed(run.rows))
    assert firsts[1] == 0
    assert {row for chunk, row in firsts.items() if chunk > 1} <= {6, 7}  # 0.2 s of rows are past when they come
    assert run.position[0] == pytest.approx(run.admitted[0].chunk.positions[0, 0] + 0.1 * (4.0 - 0.2), abs=2e-3)


@pytest.mark.parametrize("latency_s", [0.0, 0.1, 0.2])
def test_async_looks_so_that_the_answer_comes_after_the_horizon(latency_s: float) -> None:
    run = world("async", latency_s)
    run.run(4.0)
    for followed, answer in pairwise(run.admitted):
        assert within_a_tick(answer.came_ns - followed.start_ns, 0.5 * S)


def test_async_looks_at_once_where_the_horizon_would_be_missed() -> None:
    run = world("async", 0.4)
    run.run(4.0)
    assert all(later.asked_ns - earlier.came_ns <= TICK_NS for earlier, later in pairwise(run.admitted[1:]))


def test_receding_looks_after_the_horizon_and_follows_the_rest_meanwhile() -> None:
    run = world("receding", 0.3, horizon=10)
    run.run(4.0)
    for followed, answer in pairwise(run.admitted):
        assert within_a_tick(answer.asked_ns - followed.start_ns, 10 * DT_S * S)
    assert max(row for chunk, row in run.rows if chunk == 2) == 19  # 10 rows, and 0.3 s


def test_ensemble_looks_as_often_as_answers_come_but_once_per_row() -> None:
    run = world("ensemble", 0.12)
    run.run(2.0)
    assert all(later.asked_ns - earlier.came_ns <= TICK_NS for earlier, later in pairwise(run.taken))
    run = world("ensemble", 0.0)
    run.run(1.0)
    assert all(within_a_tick(later.asked_ns - earlier.asked_ns, DT_S * S) for earlier, later in pairwise(run.taken))


def test_sequential_executes_its_rows_and_no_more() -> None:
    run = world("sequential", 0.2)
    run.run(6.0)
    assert {row for _, row in run.rows} == set(range(15))
    for followed, answer in pairwise(run.admitted):
        assert within_a_tick(answer.asked_ns - followed.start_ns, (14 * DT_S + LOOK_AFTER_S) * S)


@pytest.mark.parametrize("strategy", OVERLAPPING)
def test_a_slower_policy_stops_and_goes(strategy: str) -> None:
    run = world(strategy, 1.2)
    run.run(10.0)
    assert all(taken.reanchored for taken in run.admitted)
    assert len(run.admitted) == len(run.taken)
    for followed, answer in pairwise(run.admitted):
        assert within_a_tick(answer.asked_ns - followed.start_ns, (CHUNK_S + LOOK_AFTER_S) * S)


@pytest.mark.parametrize("latency_s", [0.5, 0.568, 0.81, 1.189, 5.616])
def test_idle_time_is_what_it_has_to_be(latency_s: float) -> None:
    cycle_s = CHUNK_S + LOOK_AFTER_S + latency_s
    run = world("async", latency_s)
    run.run(latency_s + 5 * cycle_s)
    assert run.idle_fraction == pytest.approx(idle_fraction(CHUNK_S, latency_s), rel=0.03)


@pytest.mark.parametrize("strategy", OVERLAPPING)
@pytest.mark.parametrize("seed", range(3))
def test_latency_that_jitters_within_half_a_chunk_makes_nobody_wait(strategy: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    run = world(strategy, lambda: float(random.uniform(0.0, 2 * 0.22)))
    run.run(8.0)
    assert run.idle_ns == 0
    assert len(run.admitted) == len(run.taken)


def test_a_latency_that_rises_and_falls_again_is_followed() -> None:
    latencies: Iterator[float] = iter([0.1] * 4 + [0.8] * 4 + [0.1] * 60)
    run = world("async", lambda: next(latencies))
    run.run(30.0)
    reanchored = [taken.reanchored for taken in run.admitted]
    assert reanchored[1:4] == [False] * 3
    assert all(reanchored[6:8])
    assert not any(reanchored[-10:])


def test_the_first_answer_of_a_server_that_compiles_is_soon_forgotten() -> None:
    latencies: Iterator[float] = iter([4.0] + [0.1] * 60)
    run = world("async", lambda: next(latencies))
    run.run(10.0)
    assert [taken.reanchored for taken in run.admitted[:2]] == [True, True]
    assert not any(taken.reanchored for taken in run.admitted[2:])


@pytest.mark.parametrize("strategy", ["sequential", *OVERLAPPING])
def test_a_policy_whose_every_chunk_is_refused_is_asked_in_peace(strategy: str) -> None:
    run = world(strategy, 0.0)
    run.admission.refuses = lambda chunk: True
    run.run(2.0)
    assert 10 <= len(run.taken) <= 2.0 / RETRY_S + 1
    assert not run.admitted


def test_after_a_refusal_in_motion_there_is_time_for_another_answer() -> None:
    run = world("async", 0.2)
    refused = cycle([False, False, True])
    run.admission.refuses = lambda chunk: next(refused)
    run.run(6.0)
    assert len(run.admitted) < len(run.taken)
    assert run.idle_ns == 0


def test_after_a_refusal_too_late_for_another_the_robot_is_seen_at_rest() -> None:
    run = world("async", 0.4)
    count = iter(range(100))
    run.admission.refuses = lambda chunk: next(count) == 1
    run.run(4.0)
    first, refused, third = run.taken[:3]
    assert refused.chunk is None
    assert within_a_tick(third.asked_ns - first.start_ns, (CHUNK_S + LOOK_AFTER_S) * S)
    assert third.reanchored


def test_an_ensemble_is_named_after_its_newest_inference() -> None:
    run = world("ensemble", 0.1)
    run.run(2.0)
    for number, taken in enumerate(run.admitted, start=1):
        assert isinstance(taken.chunk, ActionChunk)
        assert (taken.chunk.inference_id, taken.chunk.chunk_id) == (number, number)
        assert taken.chunk.observation_stamp_ns == taken.asked_ns


def test_what_is_left_is_told_with_the_anticipated_delay() -> None:
    run = world("async", 0.216)
    run.run(2.0)
    assert run.seen[0].commitment is None
    for followed, seen in zip(run.admitted, run.seen[1:], strict=False):
        assert seen.commitment is not None
        assert seen.commitment.delay_rows == 7  # of 6.5, what has begun by then
        np.testing.assert_allclose(seen.commitment.positions[0], seen.joint_state.position, atol=1e-9)
        left_ns = followed.start_ns + CHUNK_S * S - seen.stamp_ns
        assert len(seen.commitment.positions) == int(left_ns * 1e-9 / DT_S + 1e-6) + 1


def test_at_rest_nothing_is_left() -> None:
    run = world("async", 1.0)
    run.run(6.0)
    assert len(run.seen) > 2
    assert all(seen.commitment is None for seen in run.seen)
