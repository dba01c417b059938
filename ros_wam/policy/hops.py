"""How long each hop took, from a captured frame to the first setpoint that came of it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ros_wam.fields import PictureTimes
from ros_wam.followed import Followed
from ros_wam.policy.loop import PolicyStep

KEPT = 1024
"""So many pictures and so many inferences are remembered: of three views that are looked back at, 11 s at 30 Hz."""


@dataclass(frozen=True)
class PictureHops:
    """When one picture came here, when it was taken up and when it was decoded [station time].

    `times` is what the camera's process tells of it; None where it tells nothing.
    """

    times: PictureTimes | None
    received_ns: int
    taken_ns: int
    decoded_ns: int


@dataclass
class _Inference:
    """`software_ms` is what the hops up to admission took, None where one of them is not known."""

    stamp_ns: int
    admitted_ns: int
    software_ms: float | None
    published_ns: int = 0


class HopLog:
    """Notes stamps and returns what `policy_status` says of an inference. For several threads."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, int], PictureHops] = {}
        self._inferences: dict[int, _Inference] = {}
        self._lock = threading.Lock()

    def picture(self, view: str, stamp_ns: int, hops: PictureHops) -> None:
        """Note the hops of the frame of `view` that was captured at `stamp_ns`."""
        with self._lock:
            _keep(self._pictures, (view, stamp_ns), hops)

    def inference(self, step: PolicyStep) -> dict[str, Any]:
        """Return the stamps of the frames that the inference saw and the hops up to the request [ms]."""
        stamp_ns, frames = step.observation.stamp_ns, step.observation.frames
        values: dict[str, Any] = {"observation_stamp_ns": stamp_ns}
        values |= {f"{view}_stamp_ns": frame.stamp_ns for view, frame in frames.items()}
        with self._lock:
            seen = {view: self._pictures.get((view, frame.stamp_ns)) for view, frame in frames.items()}
        known = {view: hops for view, hops in seen.items() if hops is not None}
        asked_ns = stamp_ns + round(step.timing_ms.get("observe", 0.0) * 1e6)
        for view, hops in known.items():
            values |= {f"{view}_{name}_ms": value for name, value in _picture_ms(frames[view].stamp_ns, hops).items()}
        if known:
            values["build_ms"] = _ms(asked_ns - max(hops.decoded_ns for hops in known.values()))
        noted = _Inference(stamp_ns, stamp_ns + round(sum(step.timing_ms.values()) * 1e6), None)
        if len(known) == len(frames):
            noted.software_ms = _software_ms(step, list(known), values)
        with self._lock:
            _keep(self._inferences, step.inference_id, noted)
        return values

    def published(self, inference_id: int, now_ns: int) -> None:
        """Note that the chunk of an inference is passed on now."""
        with self._lock:
            if inference_id in self._inferences:
                self._inferences[inference_id].published_ns = now_ns

    def followed(self, told: Followed) -> dict[str, Any] | None:
        """Return the hops from admission to the first setpoint [ms]; None for what was returned before, or is unknown.

        `software_ms` is the whole without `capture`, waiting and inference.
        """
        with self._lock:
            known = self._inferences.pop(told.inference, None)
        if known is None or not known.published_ns:
            return None
        tick_wait_ns = max(told.due_ns - told.handed_ns, 0)
        hand_over_ns = told.sent_ns - known.admitted_ns
        software_ms = known.software_ms
        return {
            "inference": told.inference,
            "chunk": told.chunk,
            "publish_ms": _ms(known.published_ns - known.admitted_ns),
            "chunk_transport_ms": _ms(told.handed_ns - known.published_ns),
            "tick_wait_ms": _ms(tick_wait_ns),
            "setpoint_ms": _ms(told.sent_ns - max(told.due_ns, told.handed_ns)),
            "hand_over_ms": _ms(hand_over_ns),
            "whole_ms": _ms(told.sent_ns - known.stamp_ns),
            "software_ms": None if software_ms is None else round(software_ms + _ms(hand_over_ns - tick_wait_ns), 3),
        }


def _picture_ms(stamp_ns: int, hops: PictureHops) -> dict[str, float]:
    """Return capture (exposure or rendering, and the device), encode, transport, wait (to be asked for) and decode."""
    own = {"wait": _ms(hops.taken_ns - hops.received_ns), "decode": _ms(hops.decoded_ns - hops.taken_ns)}
    if hops.times is None:
        return own
    return {
        "capture": _ms(hops.times.read_ns - stamp_ns),
        "encode": _ms(hops.times.encoded_ns - hops.times.read_ns),
        "transport": _ms(hops.received_ns - hops.times.encoded_ns),
        **own,
    }


def _software_ms(step: PolicyStep, views: list[str], values: Mapping[str, float]) -> float | None:
    """Return encode to admission without inference; cameras work side by side, what is decoded here is one by one."""
    server_ms = step.reply.server_infer_ms
    if server_ms is None or any(f"{view}_encode_ms" not in values for view in views):
        return None
    to_here = max(values[f"{view}_encode_ms"] + values[f"{view}_transport_ms"] for view in views)
    decoding = sum(values[f"{view}_decode_ms"] for view in views)
    call = sum(value for name, value in step.timing_ms.items() if name != "observe")
    return to_here + decoding + values["build_ms"] + call - server_ms


def _ms(duration_ns: int) -> float:
    return round(duration_ns * 1e-6, 3)


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
