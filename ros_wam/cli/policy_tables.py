"""Profiles, and what a policy server was found to be, as tables and as plain data."""

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich import box
from rich.table import Table

from ros_wam.doctor.check import as_json
from ros_wam.doctor.policy_examination import PolicyExamination
from ros_wam.policy.profile import Profile

Found = Sequence[tuple[Profile, Sequence[str]]]
"""Profiles, and the names of the robots that each fits."""


def profiles_table(found: Found) -> Table:
    """Return one row per profile."""
    table = _table("policy", "robots", "wire", "actions", "rows", "Hz")
    table.columns[0].no_wrap = True
    for row in profiles_json(found):
        wire = " ".join(dict.fromkeys((row["transport"], row["codec"], row["dialect"])))
        numbers = ("–" if row["rows"] is None else str(row["rows"]), f"{row['rate_hz']:g}")
        table.add_row(row["policy"], " ".join(row["robots"]), wire.removesuffix(" plain"), row["actions"], *numbers)
    return table


def profiles_json(found: Found) -> list[dict[str, Any]]:
    """Return one map per profile."""
    return [
        {
            "policy": profile.name,
            "robots": list(robots),
            "url": profile.url,
            "transport": profile.transport,
            "codec": profile.codec,
            "dialect": profile.dialect,
            "views": list(profile.views),
            "actions": f"{profile.action.space} {profile.action.reference}",
            "rows": profile.action.horizon,
            "rate_hz": profile.rate_hz,
            "strategy": profile.execution.strategy,
        }
        for profile, robots in found
    ]


def latency_table(timing_ms: Sequence[Mapping[str, float]]) -> Table:
    """Return one row per part of a call, the first call apart."""
    table = _table("[ms]", "first", "p50", "p90", "max")
    for row in latency_rows(timing_ms):
        table.add_row(*(cell if isinstance(cell, str) else _number(cell) for cell in row.values()))
    return table


def latency_rows(timing_ms: Sequence[Mapping[str, float]]) -> list[dict[str, str | float | None]]:
    """Return what each part took [ms]: in the first call, which may connect and compile, and in those after it.

    The server's own part is within the round trip, and so is not in the whole twice.
    """
    parts = list(dict.fromkeys(name for call in timing_ms for name in call))
    whole = [sum(value for name, value in call.items() if name != "server") for call in timing_ms]
    times = {name: [call.get(name, np.nan) for call in timing_ms] for name in parts}
    return [
        {
            "part": name.replace("_", " "),
            "first_ms": round(values[0], 3),
            **{
                f"{label}_ms": round(float(np.percentile(values[1:], share)), 3) if len(values) > 1 else None
                for label, share in (("p50", 50), ("p90", 90), ("max", 100))
            },
        }
        for name, values in {**times, "whole": whole}.items()
    ]


def examination_json(found: PolicyExamination) -> dict[str, Any]:
    """Return what `ros-wam policy check --json` prints; of what the server declares, the beginning of each value."""
    brief = reprlib.Repr()
    brief.maxstring = brief.maxother = 200
    names = list(found.metadata)[:100]
    return {
        "policy": found.profile.name,
        "robot": found.robot.name,
        "url": found.profile.url,
        **as_json(found.checks),
        "declares": {brief.repr(name).strip("'"): brief.repr(found.metadata[name]) for name in names},
        "latency": latency_rows(found.timing_ms) if found.timing_ms else [],
    }


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(
            column, overflow="fold", justify="right" if column in ("first", "p50", "p90", "max") else "left"
        )
    return table
