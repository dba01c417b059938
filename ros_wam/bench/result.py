"""What a benchmark found."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ros_wam.machine import describe_machine
from ros_wam.motion.trajectory import SETTLE_S

Cell = str | float | None
LATENCY_IDLE = (
    "time without a chunk to follow, of the time since the first; a chunk counts as followed until the arm has "
    f"settled, {SETTLE_S:g} s after its last row"
)
"""What the latency benchmark calls idle, measured and analytic."""


@dataclass(frozen=True)
class BenchResult:
    """`figures` are the numbers that stand for the benchmark, with their units in the names; `rows` are its table.

    A row's `source` says where its numbers come from: `measured` here and now, or `published` with the benchmark's
    definition, measured before and not by this program.
    """

    bench: str
    figures: Mapping[str, float]
    rows: tuple[Mapping[str, Cell], ...]
    machine: Mapping[str, str] = field(
        default_factory=lambda: {**describe_machine(), "python": platform.python_version()}
    )

    def as_json(self) -> dict[str, Any]:
        """Return the object that `ros-wam bench NAME --json` prints."""
        return {
            "bench": self.bench,
            "machine": dict(self.machine),
            "figures": dict(self.figures),
            "rows": [dict(row) for row in self.rows],
        }
