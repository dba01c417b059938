"""Where each sent setpoint came from, from a bag alone: what was seen, inferred, asked for, changed and sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ros_wam.causes import Limit
from ros_wam.fields import MODES
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.trace import Trace
from ros_wam.types import FloatArray, Mode


@dataclass(frozen=True, eq=False)
class SentSetpoint:
    """One control tick. `desired` (the smoother's) and `sent` are `(n,)` [rad, grippers 0–1].

    Followed was row `row` of chunk `chunk_id` of inference `inference_id`, which saw the robot at
    `observation_stamp_ns` and pictures captured at `view_stamps_ns`; all -1, and no pictures, where nothing was
    followed. `changed`: which limit of the gate changed which joints.
    """

    stamp_ns: int
    sequence: int
    mode: Mode
    observation_stamp_ns: int
    view_stamps_ns: Mapping[str, int]
    inference_id: int
    chunk_id: int
    row: int
    desired: FloatArray
    sent: FloatArray
    changed: Mapping[Limit, tuple[str, ...]]


def read_provenance(bag_dir: Path) -> Iterator[SentSetpoint]:
    """Give every setpoint that was sent, oldest first; raises RecordError or SpecError."""
    return provenance(read_trace(bag_dir))


def provenance(trace: Trace) -> Iterator[SentSetpoint]:
    """Give every setpoint of `trace` that was sent, oldest first."""
    seen = {inference.inference_id: inference.view_stamps_ns for inference in trace.inferences}
    origin = trace.origin
    for k in np.flatnonzero(np.isfinite(trace.sent).all(axis=1)):
        inference_id = int(origin.inference_id[k])
        yield SentSetpoint(
            stamp_ns=int(origin.stamp_ns[k]),
            sequence=int(origin.sequence[k]),
            mode=MODES[origin.source[k]],
            observation_stamp_ns=int(origin.observation_stamp_ns[k]),
            view_stamps_ns=seen.get(inference_id, {}),
            inference_id=inference_id,
            chunk_id=int(origin.chunk_id[k]),
            row=int(origin.index[k]),
            desired=trace.desired[k],
            sent=trace.sent[k],
            changed=origin.changes(int(k), trace.joint_names),
        )


def traced_share(trace: Trace) -> float | None:
    """Return the share of the ticks with a target of the policy whose pictures are known; None without such ticks."""
    seen = [inference.inference_id for inference in trace.inferences if inference.view_stamps_ns]
    followed = trace.in_mode(Mode.POLICY) & ~trace.idle
    return float(np.isin(trace.origin.inference_id[followed], seen).mean()) if followed.any() else None
