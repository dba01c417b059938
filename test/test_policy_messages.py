"""What the policy side says of an inference: the chunk first, then the raw answer, then the status."""

import dataclasses

import numpy as np
from fake_policy import BASELINE, UR5
from policy_world import World

from ros_wam.causes import Cause
from ros_wam.policy.loop import PolicyStep
from ros_wam.policy.messages import policy_messages
from ros_wam.policy.runner import PolicyState, PolicyStatus
from ros_wam.types import FloatArray


def said(status: PolicyStatus) -> tuple[list[str], dict[str, str]]:
    """Topics in their order, and the values of the status."""
    messages = policy_messages(status, BASELINE, UR5, 5)
    values = messages[-1][1]["status"][0]["values"]
    return [topic for topic, _ in messages], {item["key"]: item["value"] for item in values}


def answered(actions: FloatArray | None = None) -> PolicyStep:
    world = World()
    if actions is not None:
        world.client.actions = actions
    step = world.tick()
    assert isinstance(step, PolicyStep)
    return step


def test_admitted_chunk_comes_first() -> None:
    topics, values = said(PolicyStatus(PolicyState.RUNNING, step=answered()))
    assert topics == ["action_chunk", "action_chunk_raw", "policy_status"]
    assert (values["state"], values["inference"], values["chunk"], values["refused"]) == ("running", "1", "1", "")
    assert values["latency_ms"] == values["round_trip_ms"] == "100.0"


def test_what_the_policy_saw_is_told_by_its_stamps() -> None:
    step = answered()
    values = said(PolicyStatus(PolicyState.RUNNING, step=step))[1]
    assert int(values["observation_stamp_ns"]) == step.observation.stamp_ns
    for view, frame in step.observation.frames.items():
        assert int(values[f"{view}_stamp_ns"]) == frame.stamp_ns


def test_a_motion_that_was_too_fast_is_told() -> None:
    step = answered()
    assert said(PolicyStatus(PolicyState.RUNNING, step=step))[1]["slowed_to"] == "1.0"
    slowed = dataclasses.replace(step, slowest_share=0.25)
    assert said(PolicyStatus(PolicyState.RUNNING, step=slowed))[1]["slowed_to"] == "0.25"


def test_refused_answer_is_kept_as_it_came() -> None:
    topics, values = said(PolicyStatus(PolicyState.RUNNING, step=answered(np.full((30, 7), np.nan))))
    assert topics == ["action_chunk_raw", "policy_status"]
    assert values["refused"] == "non_finite"
    assert "row 0, column 0 is nan" in values["refused_detail"]
    assert values["refusals"] == '{"non_finite": 1}'
    assert values["chunk"] == ""


def test_answer_of_another_shape_is_told_in_words() -> None:
    topics, values = said(PolicyStatus(PolicyState.RUNNING, step=answered(np.zeros((30, 8)))))
    assert topics == ["policy_status"]
    assert "shape is (30, 8), must be (30, 7)" in values["refused_detail"]


def test_failure_has_its_cause() -> None:
    failed = PolicyStatus(PolicyState.FAILED, Cause.POLICY_TIMEOUT, "too slow")
    topics, values = said(failed)
    assert topics == ["policy_status"]
    assert (values["state"], values["cause"], values["detail"]) == ("failed", "policy_timeout", "too slow")
    assert said(dataclasses.replace(failed, cause=None))[1]["cause"] == ""
