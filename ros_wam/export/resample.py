"""An episode at a steady rate, each value beside the stamp of where it came from.

Instant k is `start + k / rate`. What stands for it:

* of each view, the newest picture captured at or before it, at most `max_age_s` old;
* the joint state, interpolated linearly to the instant, or with StateAt.PICTURE to when the oldest of these pictures
  was captured, between measurements that are at most `max_age_s` apart;
* as its action, what was in force one period after the joint state: the newest control tick at or before that.

Where one of these is missing, there is no sample: nothing older stands in for it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import ExportError
from ros_wam.export.episode import Episode
from ros_wam.export.joint_track import IntArray
from ros_wam.export.sampling import Action, Gaps, Sampling, StateAt
from ros_wam.types import FloatArray

IDLE_RAD_S = 0.02
"""A robot none of whose joints is told to move faster is idle; for grippers, strokes per second."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Samples:
    """`N` samples at `stamp_ns` `(N,)`; joint columns `(N, n)` [rad, grippers 0–1; rad/s; N m].

    `state_stamp_ns`: when the joint state was true. `action` is one of `sent` and `asked`, which are of the control
    tick `action_stamp_ns`; `source`: whose that tick was, an index into MODES. `picture`: per view the number of the
    picture, `picture_stamp_ns` when it was captured. `dropped` counts the samples that are missing, by what was
    missing; `trimmed` those without motion at the ends.
    """

    stamp_ns: IntArray
    state_stamp_ns: IntArray
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray
    action: FloatArray
    sent: FloatArray
    asked: FloatArray
    action_stamp_ns: IntArray
    source: IntArray
    picture: Mapping[str, IntArray]
    picture_stamp_ns: Mapping[str, IntArray]
    dropped: Mapping[str, int]
    trimmed: int = 0

    def __len__(self) -> int:
        return len(self.stamp_ns)

    @property
    def repeated(self) -> dict[str, int]:
        """How many samples show the same picture as the one before, per view."""
        return {view: int((np.diff(number) == 0).sum()) for view, number in self.picture.items()}

    def rows(self, kept: NDArray[np.intp] | BoolArray) -> "Samples":
        """Return the samples of these rows."""
        values: dict[str, object] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("picture", "picture_stamp_ns"):
                value = {view: each[kept] for view, each in value.items()}
            values[item.name] = value[kept] if isinstance(value, np.ndarray) else value
        return Samples(**values)  # type: ignore[arg-type]


def instants(start_ns: int, end_ns: int, rate_hz: float) -> IntArray:
    """Return start + k / rate `(N + 1,)` before the end, each rounded by itself: of `N` instants, and the one after."""
    count = max(0, int((end_ns - start_ns) * rate_hz * 1e-9) + 2)
    all_ns = start_ns + np.array([round(k * 1e9 / rate_hz) for k in range(count)], dtype=np.int64)
    return all_ns[all_ns < end_ns]


def newest(stamp_ns: IntArray, instant_ns: IntArray) -> IntArray:
    """Return `(M,)`: the number of the newest of increasing `stamp_ns` at or before each instant, -1 without any."""
    return np.asarray(np.searchsorted(stamp_ns, instant_ns, side="right") - 1, dtype=np.int64)


def resample(episode: Episode, sampling: Sampling) -> Samples:
    """Return the samples of `episode`.

    Raises ExportError when a view has no pictures, when nothing is left, or when something is missing in the middle and
    `sampling.gaps` does not let that be dropped.
    """
    grid_ns = instants(episode.start_ns, episode.end_ns, sampling.rate_hz)
    if len(grid_ns) < 2:
        raise ExportError(f"it is over before {1 / sampling.rate_hz:g} s have passed")
    instant_ns = grid_ns[:-1]
    samples, missing = _aligned(episode, sampling, instant_ns, np.diff(grid_ns))
    lacking = np.any(list(missing.values()), axis=0)
    if lacking.all():
        raise ExportError(f"no instant at {sampling.rate_hz:g} Hz has everything; {_most_missing(missing)}")
    whole = np.flatnonzero(~lacking)
    inside = slice(int(whole[0]), int(whole[-1]) + 1)
    if sampling.gaps is Gaps.REFUSE and lacking[inside].any():
        raise ExportError(_gap_message(missing, lacking, inside, instant_ns - episode.start_ns, sampling))
    kept = samples.rows(~lacking)
    return _trimmed(kept) if sampling.trim else kept


def _aligned(
    episode: Episode, sampling: Sampling, instant_ns: IntArray, period_ns: IntArray
) -> tuple[Samples, dict[str, BoolArray]]:
    """Return a sample for each instant, and by what is missing of it, where that is."""
    picture, picture_stamp_ns = _pictures(episode, instant_ns)
    missing: dict[str, BoolArray] = {
        view: (picture[view] < 0) | (instant_ns - stamp_ns > sampling.max_age_ns)
        for view, stamp_ns in picture_stamp_ns.items()
    }
    observed_ns = instant_ns
    if sampling.state_at is StateAt.PICTURE:
        observed_ns = np.min(list(picture_stamp_ns.values()), axis=0)
    next_ns = observed_ns + period_ns
    missing["joint_states"] = episode.joints.gap_ns(observed_ns) > sampling.max_age_ns
    joints, trace = episode.joints.at(observed_ns), episode.trace
    tick = newest(trace.stamp_ns, next_ns)
    row = np.maximum(tick, 0)
    sent, asked = trace.sent[row], _asked(episode)[row]
    late = next_ns - trace.stamp_ns[row] > sampling.max_age_ns
    missing["setpoints"] = (tick < 0) | late | ~np.isfinite(sent + asked).all(axis=1)
    counts = Counter({name: int(where.sum()) for name, where in missing.items()})
    samples = Samples(
        stamp_ns=instant_ns,
        state_stamp_ns=observed_ns,
        position=joints.position,
        velocity=joints.velocity,
        effort=joints.effort,
        action=sent if sampling.action is Action.SENT else asked,
        sent=sent,
        asked=asked,
        action_stamp_ns=trace.stamp_ns[row],
        source=trace.origin.source[row],
        picture=picture,
        picture_stamp_ns=picture_stamp_ns,
        dropped={name: count for name, count in counts.items() if count},
    )
    return samples, missing


def _pictures(episode: Episode, instant_ns: IntArray) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
    """Return per view the number of the newest picture at each instant, -1 without any, and when it was captured."""
    number, stamp_ns = {}, {}
    for view in episode.robot.views:
        if view not in episode.views or not len(episode.views[view].stamp_ns):
            raise ExportError(f"the recording has no pictures of {view}")
        stamps = episode.views[view].stamp_ns
        number[view] = newest(stamps, instant_ns)
        stamp_ns[view] = stamps[np.maximum(number[view], 0)]
    return number, stamp_ns


def _asked(episode: Episode) -> FloatArray:
    trace = episode.trace
    return np.where(np.isnan(trace.target).any(axis=1, keepdims=True), trace.desired, trace.target)


def _most_missing(missing: Mapping[str, BoolArray]) -> str:
    name, where = max(missing.items(), key=lambda item: int(item[1].sum()))
    return f"{name} is missing or too old at {int(where.sum())} of {len(where)}"


def _gap_message(
    missing: Mapping[str, BoolArray], lacking: BoolArray, inside: slice, after_ns: IntArray, sampling: Sampling
) -> str:
    first = int(np.flatnonzero(lacking[inside])[0]) + inside.start
    names = ", ".join(name for name, where in missing.items() if where[first])
    return (
        f"{int(lacking[inside].sum())} samples are missing in its middle, the first"
        f" {after_ns[first] * 1e-9:.2f} s after its start: {names} not within {sampling.max_age_s * 1e3:.0f} ms;"
        " --gaps drop leaves them out"
    )


def _trimmed(samples: Samples) -> Samples:
    """Leave out the ends where nothing is told to move, but for one sample of rest at each."""
    dt_s = np.diff(samples.stamp_ns)[:, None] * 1e-9
    moves: BoolArray = np.any(np.abs(np.diff(samples.action, axis=0)) > IDLE_RAD_S * dt_s, axis=1)
    if not moves.any():
        raise ExportError("the robot is never told to move")
    first, last = int(np.argmax(moves)), len(moves) - int(np.argmax(moves[::-1]))
    kept = samples.rows(np.arange(first, last + 1))
    return Samples(**{**vars(kept), "trimmed": len(samples) - len(kept)})
