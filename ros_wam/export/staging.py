"""Writes the chosen trials one after the other, each into a folder of its own, unless it is there already."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ros_wam.errors import ExportError, RosWamError
from ros_wam.export.choice import Choice, Chosen
from ros_wam.export.destination import Destination
from ros_wam.export.episode import Episode
from ros_wam.export.episode_reader import read_episode
from ros_wam.export.progress import Advance, Report, Step
from ros_wam.export.sampling import Sampling

Write = Callable[[Episode, Chosen, Path, Advance], None]
"""Writes an episode into an empty folder; raises a RosWamError when the recording cannot be."""


def open_destination(out: Path, kind: str, sampling: Sampling, more: dict[str, Any], choice: Choice) -> Destination:
    """Return `out` for an export of this `kind`; raises ExportError when it holds something else, or all of it."""
    destination = Destination(
        out, {"format": kind, **sampling.to_json(), **more}, [chosen.name for chosen in choice.taken]
    )
    if destination.finished:
        raise ExportError(f"{out} is finished already: it holds these {len(choice.taken)} episodes")
    return destination


def stage(
    destination: Destination, choice: Choice, write: Write, report: Report
) -> tuple[list[Chosen], list[tuple[str, str]]]:
    """Return which trials are written, and of each other one its name and why it is not.

    Raises ExportError when none is, or when the disk refuses.
    """
    kept: list[Chosen] = []
    left_out = list(choice.left_out)
    for number, chosen in enumerate(choice.taken):
        tell = functools.partial(_tell, report, chosen.name, number, len(choice.taken))
        try:
            source = json.dumps(chosen.trial.to_json())
            if not destination.holds(chosen.name, source):
                with destination.staging(chosen.name, source) as draft:
                    write(read_episode(chosen.folder), chosen, draft, tell)
            kept.append(chosen)
        except RosWamError as error:
            left_out.append((chosen.name, str(error)))
        except OSError as error:
            raise ExportError(
                f"cannot write {chosen.name} to {destination.folder}: {error.strerror or error}"
            ) from error
        tell(1, 1)
    if not kept:
        raise ExportError("no episode is left: " + "; ".join(f"{name}: {why}" for name, why in left_out))
    return kept, left_out


def _tell(report: Report, name: str, number: int, episodes: int, done: int, of: int) -> None:
    report(Step(name, number, episodes, done, of))
