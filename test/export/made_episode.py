"""Episodes made in memory, of the stamps that a test says; nothing is on a disk."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from synthetic_bag import origin_of

from ros_wam import share
from ros_wam.embodiment import load_embodiment
from ros_wam.export.episode import Episode
from ros_wam.export.joint_track import JointTrack
from ros_wam.export.recorded_view import RecordedView
from ros_wam.trial.outcome import Outcome, Trial
from ros_wam.trial.trace import Trace

T0_NS = 1_790_000_000_000_000_000
UR5 = load_embodiment(share.find("robots", "ur5"))
TRIAL = Trial("001", "task", "ur5", "baseline", 1, Outcome.SUCCESS, 1.0, (), True, None)


def at(stamp_ns: np.ndarray) -> np.ndarray:
    """`(N, 7)`: every joint moves 1 rad/s, each from elsewhere."""
    return (stamp_ns - T0_NS)[:, None] * 1e-9 + np.arange(7.0)


def made_episode(
    views: Mapping[str, Sequence[int]], joints: Sequence[int], ticks: Sequence[int], end_ns: int
) -> Episode:
    """An episode from 0 to `end_ns` whose parts have these stamps, all after `T0_NS`.

    Asked is 1 beside sent, and nothing is asked at every fifth tick.
    """
    tick_ns = T0_NS + np.array(ticks, dtype=np.int64)
    joint_ns = T0_NS + np.array(joints, dtype=np.int64)
    sent = at(tick_ns)
    target = sent + 1.0
    target[::5] = np.nan
    trace = Trace(
        joint_names=UR5.joint_names,
        measured=sent,
        target=target,
        desired=sent + 0.5,
        sent=sent,
        origin=origin_of(tick_ns),
        start_ns=T0_NS,
        end_ns=T0_NS + end_ns,
    )
    return Episode(
        folder=Path("001"),
        trial=TRIAL,
        robot=replace(UR5, views=tuple(views)),
        prompt="do it",
        trace=trace,
        joints=JointTrack(joint_ns, at(joint_ns), 0.0 * at(joint_ns), 0.0 * at(joint_ns)),
        views={
            name: RecordedView(name, name, Path("bag"), T0_NS + np.array(stamps, dtype=np.int64), None)
            for name, stamps in views.items()
        },
    )
