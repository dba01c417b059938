"""From connection to episode: what the policy's status says in every case."""

from collections.abc import Callable
from typing import Any

import pytest
from policy_world import MS, World

from ros_wam.causes import Cause
from ros_wam.errors import PolicyError, PolicyMismatch, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.frame_history import FrameHistory
from ros_wam.policy.runner import CONNECT_PERIOD_S, OBSERVATION_GRACE_S, PolicyRunner, PolicyState, PolicyStatus
from ros_wam.types import Observation, Reply


class Episode:
    """A runner over a world in virtual time, and every status it gave."""

    def __init__(self) -> None:
        self.world = World()
        self.statuses: list[PolicyStatus] = []
        self.runner = PolicyRunner(self.world.loop, self.world.client, self.world.clock, self.statuses.append)

    def step(self, wait_s: float = 0.0) -> PolicyStatus:
        self.world.run_until(self.world.clock.now_ns() + round(wait_s * 1e9))
        self.runner.step(self.world.clock.now_ns())
        return self.statuses[-1]


@pytest.fixture
def episode() -> Episode:
    return Episode()


def failing(error: PolicyError) -> Callable[..., Any]:
    def fail(*arguments: Any) -> Any:
        raise error

    return fail


def test_ready_once_connected_then_running_then_ready_again(episode: Episode) -> None:
    assert episode.step().state is PolicyState.READY
    assert not episode.runner.wants_frames(episode.world.clock.now_ns())
    episode.runner.start("tidy up")
    assert episode.runner.wake.is_set()
    status = episode.step()
    assert status.state is PolicyState.RUNNING
    assert status.step is not None
    assert status.step.observation.prompt == "tidy up"
    episode.runner.stop()
    assert episode.step().state is PolicyState.READY


def test_frames_are_kept_while_an_answer_is_waited_for(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    world, runner, kept = episode.world, episode.runner, []
    world.observations._history = FrameHistory({"wrist": (-15,)}, 1 / 15)
    infer = world.client.infer

    def watched(observation: Observation) -> Reply:
        reply = infer(observation)
        kept.append(runner.keeps_frames(world.clock.now_ns()))
        return reply

    monkeypatch.setattr(world.client, "infer", watched)
    assert not runner.keeps_frames(world.clock.now_ns())
    runner.start("tidy up")
    assert episode.step().step is not None
    assert kept == [True]
    runner.stop()
    episode.step()
    assert not runner.keeps_frames(world.clock.now_ns())


def test_status_is_repeated_twice_a_second(episode: Episode) -> None:
    for _ in range(100):
        episode.step(0.024)
    assert 4 <= len(episode.statuses) <= 7


def test_unreachable_server_is_tried_again_every_second(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(episode.world.client, "connect", failing(PolicyUnreachable("nobody there")))
    status = episode.step()
    assert (status.state, status.cause) == (PolicyState.DISCONNECTED, Cause.POLICY_UNREACHABLE)
    assert status.detail == "nobody there"
    monkeypatch.undo()
    assert episode.step(0.5 * CONNECT_PERIOD_S).state is PolicyState.DISCONNECTED
    assert episode.step(0.6 * CONNECT_PERIOD_S).state is PolicyState.READY


def test_server_that_goes_away_between_episodes_is_noticed(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    assert episode.step().state is PolicyState.READY
    monkeypatch.setattr(episode.world.client, "connect", failing(PolicyMismatch("another model")))
    status = episode.step(1.1 * CONNECT_PERIOD_S)
    assert (status.state, status.cause) == (PolicyState.DISCONNECTED, Cause.POLICY_MISMATCH)


def test_episode_does_not_start_without_a_server(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(episode.world.client, "reset", failing(PolicyUnreachable("nobody there")))
    episode.runner.start("tidy up")
    assert episode.step().state is PolicyState.FAILED


def test_failed_inference_ends_the_episode_until_it_is_stopped(
    episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    episode.runner.start("tidy up")
    monkeypatch.setattr(episode.world.client, "infer", failing(PolicyTimeout("too slow")))
    status = episode.step()
    assert (status.state, status.cause, status.detail) == (PolicyState.FAILED, Cause.POLICY_TIMEOUT, "too slow")
    monkeypatch.undo()
    assert episode.step(10.0).state is PolicyState.FAILED
    episode.runner.stop()
    assert episode.step().state is PolicyState.READY


def test_short_blindness_is_bridged_and_a_long_one_fails(episode: Episode) -> None:
    episode.runner.start("tidy up")
    assert episode.step().step is not None
    episode.world.blind = True
    assert episode.step(0.8).state is PolicyState.RUNNING
    assert episode.runner.blind
    episode.world.blind = False
    assert episode.step(0.008).step is not None
    assert not episode.runner.blind
    episode.world.blind = True
    assert episode.step(0.8).state is PolicyState.RUNNING
    assert episode.step(OBSERVATION_GRACE_S - 0.016).state is PolicyState.RUNNING
    status = episode.step(0.024)
    assert (status.state, status.cause) == (PolicyState.FAILED, Cause.CAMERA_STALE)
    assert not episode.runner.blind


def test_answer_that_comes_after_the_end_is_not_published(episode: Episode) -> None:
    episode.runner.start("tidy up")
    infer = episode.world.client.infer

    def stopped_meanwhile(observation: Any) -> Any:
        episode.runner.stop()
        return infer(observation)

    episode.world.client.infer = stopped_meanwhile  # type: ignore[method-assign]
    episode.step()
    assert all(status.step is None for status in episode.statuses)
    assert episode.step().state is PolicyState.READY


def test_refused_chunk_keeps_the_episode_running(episode: Episode) -> None:
    episode.world.client.actions = episode.world.client.actions * 0.0
    episode.runner.start("tidy up")
    status = episode.step()
    assert status.state is PolicyState.RUNNING
    assert status.step is not None
    assert status.step.refused is not None


def test_second_start_begins_anew_with_its_prompt(episode: Episode) -> None:
    episode.runner.start("one")
    episode.step()
    episode.runner.start("two")
    status = episode.step(16 * MS * 1e-9)
    assert status.step is not None
    assert status.step.observation.prompt == "two"


def test_nothing_is_inferred_while_the_robot_is_another_s(episode: Episode) -> None:
    episode.runner.start("tidy up")
    first = episode.step()
    assert first.step is not None
    episode.runner.lend(True)
    told = len(episode.statuses)
    for _ in range(100):
        episode.step(0.024)
        assert not episode.runner.wants_frames(episode.world.clock.now_ns())
    assert all(status.step is None and status.state is PolicyState.RUNNING for status in episode.statuses[told:])
    episode.runner.lend(False)
    assert episode.runner.wake.is_set()
    again = episode.step(0.024)
    assert again.step is not None and again.step.inference_id == first.step.inference_id + 1
    assert again.step.observation.commitment is None
    assert again.step.observation.stamp_ns > first.step.observation.stamp_ns + 2 * 10**9


def test_an_answer_to_what_was_seen_before_a_takeover_is_not_published(episode: Episode) -> None:
    episode.runner.start("tidy up")
    infer = episode.world.client.infer

    def taken_over_meanwhile(observation: Any) -> Any:
        episode.runner.lend(True)
        episode.runner.lend(False)
        return infer(observation)

    episode.world.client.infer = taken_over_meanwhile  # type: ignore[method-assign]
    episode.step()
    assert all(status.step is None for status in episode.statuses)
    episode.world.client.infer = infer  # type: ignore[method-assign]
    assert episode.step(0.024).step is not None


def test_a_short_blindness_before_a_takeover_is_forgotten(episode: Episode) -> None:
    episode.runner.start("tidy up")
    episode.step()
    episode.world.blind = True
    episode.step(0.8)
    episode.runner.lend(True)
    assert episode.step(3.0).state is PolicyState.RUNNING
    episode.runner.lend(False)
    assert episode.step(0.008).state is PolicyState.RUNNING
    assert episode.step(OBSERVATION_GRACE_S + 0.024).state is PolicyState.FAILED


def test_closing_disconnects(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(episode.world.client, "close", lambda: closed.append(True))
    episode.runner.close()
    assert closed
