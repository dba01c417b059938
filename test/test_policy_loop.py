"""The policy loop: infers while the robot moves, in virtual time."""

from typing import Any

import numpy as np
import pytest
from fake_policy import BASELINE, UR5, with_columns
from policy_world import HOME, MS, S, World

from ros_wam.causes import RefusalReason
from ros_wam.errors import ChunkRefused, ObservationError
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.loop import RETRY_S
from ros_wam.policy.strategies.strategy import LOOK_AFTER_S, REST_TIMEOUT_S
from ros_wam.types import FloatArray, Reply

OVER_S = 29 / 30.0 + LOOK_AFTER_S


def test_tick_asks_admits_and_dates_the_chunk_at_the_observation() -> None:
    world = World()
    asked_ns = world.clock.now_ns()
    step = world.tick()
    assert step.chunk.t0_ns == step.chunk.observation_stamp_ns == step.observation.stamp_ns == asked_ns
    assert (step.chunk.inference_id, step.chunk.chunk_id) == (1, 1)
    assert step.refused is None
    assert step.observation.prompt == "tidy up"
    assert step.timing_ms == pytest.approx({"observe": 0.0, "round_trip": 100.0, "admit": 0.0})


def test_timing_sums_up_to_the_age_of_the_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(latency_ns=104 * MS)
    build = world.observations.build

    def slow_build(now_ns: int, prompt: str) -> Any:
        world.clock.advance_ns(16 * MS)
        return build(now_ns, prompt)

    monkeypatch.setattr(world.observations, "build", slow_build)
    step = world.tick()
    assert sum(step.timing_ms.values()) == pytest.approx((world.clock.now_ns() - step.observation.stamp_ns) * 1e-6)


def test_answer_comes_when_the_horizon_has_been_executed() -> None:
    """From rest the chunk starts when it comes; the next is asked for so that it comes 15 rows later, in motion."""
    world = World(latency_ns=104 * MS)
    first = world.tick()
    start_ns = world.clock.now_ns()
    assert world.tick() is None
    world.run_until(start_ns + 392 * MS)
    assert world.tick() is None
    world.run_until(start_ns + 400 * MS)
    second = world.tick()
    assert second.chunk.chunk_id == first.chunk.chunk_id + 1
    # In motion the chunk counts from its observation: the next answer is to come half a second after that.
    assert not world.loop.due(second.chunk.t0_ns + 395 * MS)
    assert world.loop.due(second.chunk.t0_ns + 396 * MS)


def test_policy_slower_than_its_chunk_is_asked_again_at_rest() -> None:
    world = World(latency_ns=2 * S)
    first = world.tick()
    assert first.chunk is not None
    end_ns = world.clock.now_ns() + round(29 / 30 * 1e9)
    world.speed_rad_s = 0.1
    world.run_until(end_ns + 400 * MS)
    assert world.tick() is None
    world.speed_rad_s = 0.0
    world.run_until(end_ns + 464 * MS)
    assert world.tick() is None
    world.run_until(end_ns + 512 * MS)
    world.client.actions[:, 0] = world.position[0]
    assert world.tick().chunk is not None


def test_rest_is_not_waited_for_for_ever() -> None:
    world = World(latency_ns=2 * S)
    world.tick()
    deadline_ns = world.clock.now_ns() + round((OVER_S + REST_TIMEOUT_S) * 1e9)
    world.speed_rad_s = 0.1
    world.run_until(deadline_ns - MS)
    assert not world.loop.due(deadline_ns - MS)
    assert world.loop.due(deadline_ns + MS)


def test_robot_that_moved_during_a_long_inference_gets_no_late_chunk() -> None:
    world = World(latency_ns=2 * S)
    world.speed_rad_s = 0.02
    step = world.tick()
    assert step.chunk is None
    assert step.refused.reason is RefusalReason.EXPIRED
    assert not world.loop.due(world.clock.now_ns() + round(RETRY_S * 1e9) - MS)
    assert world.loop.due(world.clock.now_ns() + round(RETRY_S * 1e9))


@pytest.mark.parametrize(
    ("actions", "reason"),
    [
        (np.full((30, 7), np.nan), RefusalReason.NON_FINITE),
        (np.zeros((29, 7)), RefusalReason.WRONG_SHAPE),
        (np.zeros((30, 7)), RefusalReason.START_DISTANCE),
    ],
)
def test_refused_chunk_is_a_step_without_one(actions: FloatArray, reason: RefusalReason) -> None:
    world = World()
    world.client.actions = actions
    step = world.tick()
    assert step.chunk is None
    assert step.refused.reason is reason
    assert step.reply.actions is actions
    world.run_until(world.clock.now_ns() + 104 * MS)
    world.client.actions = np.tile(HOME, (30, 1))
    retried = world.tick()
    assert (retried.chunk.inference_id, retried.chunk.chunk_id) == (2, 1)
    assert step.refusals == retried.refusals == {reason.value: 1}
    world.loop.start("again")
    assert world.loop.refusals == {}


def test_an_answer_to_a_robot_whose_state_has_gone_stale_is_refused_and_recorded() -> None:
    world = World()
    observation = world.loop.ask(world.clock.now_ns())
    world.clock.advance_ns(S)
    with pytest.raises(ChunkRefused, match=r"position is not known: no observation .state_stale.") as refused:
        world.loop.take(observation, Reply(np.tile(HOME, (30, 1))), world.clock.now_ns())
    assert refused.value.reason is RefusalReason.START_DISTANCE
    assert world.loop.refusals == {"start_distance": 1}


def test_take_raises_what_tick_reports() -> None:
    world = World()
    observation = world.loop.ask(world.clock.now_ns())
    with pytest.raises(ChunkRefused):
        world.loop.take(observation, Reply(np.zeros((1, 1))), world.clock.now_ns())


def test_columns_go_by_name_and_grippers_are_clamped() -> None:
    world = World()
    layout = tuple(reversed(UR5.joint_names))
    world.loop._adapter = ActionAdapter(with_columns(BASELINE, layout), UR5)
    world.client.actions = np.tile(HOME[::-1], (30, 1))
    world.client.actions[:15, 0] = -0.5
    world.client.actions[15:, 0] = 1.5
    chunk = world.tick().chunk
    np.testing.assert_array_equal(chunk.positions[0, :6], HOME[:6])
    np.testing.assert_array_equal(chunk.positions[:, 6], [0.0] * 15 + [1.0] * 15)


def test_no_observation_is_no_inference() -> None:
    world = World()
    world.blind = True
    world.run_until(world.clock.now_ns() + 200 * MS)
    with pytest.raises(ObservationError, match="camera_stale"):
        world.tick()
    assert not world.client.asked
    world.blind = False
    world.run_until(world.clock.now_ns() + 8 * MS)
    assert world.tick().chunk.inference_id == 1


def test_new_episode_asks_at_once_with_its_prompt() -> None:
    world = World()
    world.tick()
    assert not world.loop.due(world.clock.now_ns())
    world.loop.start("stack them")
    assert world.tick().observation.prompt == "stack them"
    assert world.client.resets == 2
