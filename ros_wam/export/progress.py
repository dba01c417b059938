"""What an export tells of itself while it runs, and what it came to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """Of `episodes` the one numbered `number`, from 0, is in work: `done` of its `of` pictures; `name` tells which."""

    name: str
    number: int
    episodes: int
    done: int
    of: int


Report = Callable[[Step], None]
Advance = Callable[[int, int], None]
"""Is told how many pictures of an episode are done, and of how many."""


@dataclass(frozen=True)
class Exported:
    """A finished export: its folder, how many episodes and samples it holds, what is left out and why.

    `notes` says of single episodes what a user should know of them.
    """

    folder: Path
    episodes: int
    samples: int
    rate_hz: float
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def note(name: str, dropped: Mapping[str, int], repeated: Mapping[str, int], trimmed: int) -> str:
    """Return what a user should know of how an episode was sampled, empty where there is nothing."""
    parts = [f"{count} samples without {what}" for what, count in dropped.items()]
    parts += [f"{count} pictures of {view} shown twice" for view, count in repeated.items() if count]
    parts += [f"{trimmed} samples of rest trimmed"] if trimmed else []
    return f"{name}: {', '.join(parts)}" if parts else ""
