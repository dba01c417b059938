"""What the robot and the policy said of themselves in a trial's bag."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ros_wam.active import read_active
from ros_wam.causes import Cause
from ros_wam.errors import SpecError
from ros_wam.fields import read_diagnostics
from ros_wam.ladder import LADDER, Active
from ros_wam.trial.trace import Inference, Said
from ros_wam.types import Mode

_VIEW = "_stamp_ns"
_HOP = "_ms"
_NO_HOPS = ("latency_ms",)


def read_safety(message: Any) -> list[Said]:
    """Return what a `safety_status` says; raises SpecError when it cannot be understood."""
    stamp_ns, statuses = read_diagnostics(message)
    try:
        return [_said(stamp_ns, status.values) for status in statuses]
    except (ValueError, TypeError, KeyError) as error:
        raise SpecError(f"safety_status: {error!r}") from error


def _said(stamp_ns: int, values: Mapping[str, str]) -> Said:
    cause = Cause(values["cause"]) if values.get("cause") else None
    active = read_active(values.get("active", ""))
    if "active" not in values and cause is not None:  # what says this watches no control loop
        active = (Active(cause, stamp_ns, LADDER[cause].action),)
    return Said(
        stamp_ns,
        mode=Mode[values["mode"]],
        cause=cause,
        detail=values.get("detail", ""),
        active=active,
        tool_force_n=tuple(json.loads(values.get("tool_force_n") or "[]")),
        refusals=json.loads(values.get("refusals") or "{}"),
    )


class PolicySaid:
    """Takes every `policy_status`; an inference is told of when it is answered, and again once it is followed."""

    def __init__(self) -> None:
        self._inferences: dict[str, Inference] = {}
        self._failures: list[tuple[int, Cause]] = []

    def take(self, message: Any) -> None:
        """Take one message; raises SpecError when it cannot be understood."""
        stamp_ns, statuses = read_diagnostics(message)
        try:
            for status in statuses:
                self._take(stamp_ns, status.values)
        except (ValueError, KeyError) as error:
            raise SpecError(f"policy_status: {error!r}") from error

    @property
    def inferences(self) -> tuple[Inference, ...]:
        """The inferences in the order of time."""
        return tuple(sorted(self._inferences.values(), key=lambda inference: inference.stamp_ns))

    @property
    def failures(self) -> tuple[tuple[int, Cause], ...]:
        """When the policy's side began to fail, and why."""
        return tuple(self._failures)

    def _take(self, stamp_ns: int, values: Mapping[str, str]) -> None:
        number = values.get("inference")
        if values.get("cause"):
            failure = Cause(values["cause"])
            if not self._failures or self._failures[-1][1] is not failure:
                self._failures.append((stamp_ns, failure))
        if not number:
            return
        hops = {key: float(text) for key, text in values.items() if key.endswith(_HOP) and text and key not in _NO_HOPS}
        known = self._inferences.get(number)
        if known is not None:
            self._inferences[number] = replace(known, hops_ms={**known.hops_ms, **hops})
        elif values.get("latency_ms"):
            self._inferences[number] = _inference(stamp_ns, values, hops)


def _inference(stamp_ns: int, values: Mapping[str, str], hops_ms: Mapping[str, float]) -> Inference:
    views = {key.removesuffix(_VIEW): int(text) for key, text in values.items() if key.endswith(_VIEW) and text}
    views.pop("observation", None)
    return Inference(
        stamp_ns,
        float(values["latency_ms"]),
        inference_id=int(values["inference"]),
        chunk_id=int(values["chunk"]) if values.get("chunk") else None,
        refused=values.get("refused", ""),
        detail=values.get("refused_detail", ""),
        view_stamps_ns=views,
        hops_ms=hops_ms,
    )
