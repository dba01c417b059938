"""Sittings to export, and a report that nobody reads."""

from pathlib import Path
from typing import Any

from recorded_trial import RecordedTrial

from ros_wam.export.progress import Step


def sitting_of(folder: Path, trials: int = 1, **each: Any) -> list[RecordedTrial]:
    """Record a sitting of `trials`, all alike, but each a little longer than the one before."""
    seconds = each.pop("seconds", 1.0)
    recorded = [
        RecordedTrial(folder / "trials" / f"{k + 1:03d}", seconds=seconds + 0.1 * k, **each) for k in range(trials)
    ]
    (folder / "sitting.yaml").write_text("")
    return recorded


def nothing(step: Step) -> None:
    """Do nothing."""
