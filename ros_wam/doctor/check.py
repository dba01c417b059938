"""One check of the doctor's, and what all of them come to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

GO, NO_GO = "GO", "NO-GO"


@dataclass(frozen=True)
class Check:
    """What was looked at, whether it is as it must be, what was found, and what it must be."""

    name: str
    ok: bool
    value: str
    limit: str


def verdict(checks: Sequence[Check]) -> str:
    """Return GO where every check holds; no checks at all are no reason to go."""
    return GO if checks and all(check.ok for check in checks) else NO_GO


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return what `ros-wam doctor --json` prints."""
    return {"verdict": verdict(checks), "checks": [asdict(check) for check in checks]}
