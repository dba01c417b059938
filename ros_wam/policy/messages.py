"""What the policy side says: each inference and each change of state, as the messages of its topics."""

from collections.abc import Mapping
from typing import Any

from ros_wam import fields
from ros_wam.embodiment import Embodiment
from ros_wam.fields import Diagnostic, Fields, Level
from ros_wam.policy.loop import PolicyStep
from ros_wam.policy.profile import Profile
from ros_wam.policy.runner import PolicyState, PolicyStatus

LEVELS = {
    PolicyState.DISCONNECTED: Level.WARN,
    PolicyState.READY: Level.OK,
    PolicyState.RUNNING: Level.OK,
    PolicyState.FAILED: Level.ERROR,
}
_NO_HOPS: Mapping[str, Any] = {}


def policy_messages(
    status: PolicyStatus, profile: Profile, embodiment: Embodiment, now_ns: int, hops: Mapping[str, Any] = _NO_HOPS
) -> list[tuple[str, Fields]]:
    """Return the messages of one status by topic, the admitted chunk first: it is waited for.

    `hops` is what there is to say of the way to the request, see HopLog.
    """
    messages: list[tuple[str, Fields]] = []
    step = status.step
    if step is not None:
        if step.chunk is not None:
            messages.append(("action_chunk", fields.action_chunk(step.chunk, embodiment.joint_names)))
        actions, layout = step.reply.actions, profile.action_labels
        if actions.ndim == 2 and actions.shape[1] == len(layout):  # else `refused_detail` tells the shape
            messages.append(("action_chunk_raw", fields.action_chunk_raw(step.inference_id, actions, layout)))
    values = {
        "policy": profile.name,
        "state": status.state.value,
        "cause": status.cause.value if status.cause else "",
        "detail": status.detail,
        **(_step_values(step) if step is not None else {}),
        **hops,
    }
    diagnostic = Diagnostic("policy_node", LEVELS[status.state], status.detail or status.state.value, values)
    return [*messages, ("policy_status", fields.diagnostics(now_ns, diagnostic))]


def followed_message(hops: Mapping[str, Any], now_ns: int) -> Fields:
    """Return the `policy_status` that completes an inference: `hops` from admission to the first setpoint."""
    return fields.diagnostics(now_ns, Diagnostic("policy_node", Level.OK, "followed", hops))


def _step_values(step: PolicyStep) -> dict[str, Any]:
    """Return what there is to say of one inference; `latency_ms` is the call, from request to decoded answer.

    `slowed_to` is 1 unless the policy's motions were too fast: the share of its way that the slowest row goes.
    """
    return {
        "inference": step.inference_id,
        "observation_stamp_ns": step.observation.stamp_ns,
        **{f"{view}_stamp_ns": frame.stamp_ns for view, frame in step.observation.frames.items()},
        "chunk": step.chunk.chunk_id if step.chunk else None,
        "refused": step.refused.reason.value if step.refused else "",
        "refused_detail": str(step.refused) if step.refused else "",
        "refusals": dict(step.refusals),
        "slowed_to": round(step.slowest_share, 3),
        "latency_ms": round(sum(step.reply.timing_ms.values()), 3),
        "server_ms": step.reply.server_infer_ms,
        **{f"{name}_ms": round(value, 3) for name, value in step.timing_ms.items()},
    }
