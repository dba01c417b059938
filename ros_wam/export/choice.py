"""Which recorded trials an export takes: of one sitting, or of every sitting in a folder."""

from dataclasses import dataclass
from pathlib import Path

from ros_wam.errors import ExportError
from ros_wam.quality.selection import select
from ros_wam.run_config import load_run_config
from ros_wam.trial.outcome import Outcome, Trial


@dataclass(frozen=True)
class Chosen:
    """One trial that is taken. `name` tells it from those of other sittings."""

    folder: Path
    trial: Trial
    name: str


@dataclass(frozen=True)
class Choice:
    """What is taken, oldest sitting first, and of every other trial its name and why it is left out."""

    taken: tuple[Chosen, ...]
    left_out: tuple[tuple[str, str], ...]


def choose(folder: Path, *, include_failures: bool = False, include_bad: bool = False) -> Choice:
    """Return which trials in `folder` to take: those that succeeded, of a record that is not bad, or more as asked.

    Raises ExportError when `folder` is neither a sitting nor holds one, or when no trial is left.
    """
    outcomes = (Outcome.SUCCESS, Outcome.FAILURE) if include_failures else (Outcome.SUCCESS,)
    taken: list[Chosen] = []
    left_out: list[tuple[str, str]] = []
    for sitting in sittings_in(folder):
        selection = select(sitting, outcomes=outcomes, include_bad=include_bad)
        name = sitting.resolve().name
        taken += [Chosen(sitting / "trials" / t.trial_id, t, f"{name}-{t.trial_id}") for t in selection.kept]
        left_out += [(f"{name}-{trial_id}", why) for trial_id, why in selection.left_out]
    if not taken:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out) or "there are none"
        raise ExportError(f"no trial in {folder} can be exported: {reasons}")
    return Choice(tuple(taken), tuple(left_out))


def sittings_in(folder: Path) -> list[Path]:
    """Return `folder` if it is a sitting, else the sittings in it, oldest first; raises ExportError without any."""
    sittings = [folder] if _is_sitting(folder) else sorted(path for path in _folders(folder) if _is_sitting(path))
    if not sittings:
        raise ExportError(f"{folder} is no sitting and holds none: there is no sitting.yaml")
    return sittings


def slowest_camera_hz(choice: Choice) -> float:
    """Return what the slowest camera of the trials was set to, which they must agree on.

    Raises ExportError that names what they were set to, ConfigError when a recorded configuration cannot be read.
    """
    slowest = {chosen.name: min(_camera_rates_hz(chosen.folder), default=None) for chosen in choice.taken}
    rates_hz = set(slowest.values())
    rate_hz = rates_hz.pop()
    if rates_hz or rate_hz is None:
        told = ", ".join(f"{name} {'none' if rate is None else f'{rate:g} Hz'}" for name, rate in slowest.items())
        raise ExportError(f"the slowest cameras differ: {told}; say --rate-hz")
    return rate_hz


def _camera_rates_hz(folder: Path) -> list[float]:
    config = load_run_config(folder / "config" / "config.yaml")
    return [camera.rate_hz for camera in config.station().cameras.values()]


def _is_sitting(folder: Path) -> bool:
    return (folder / "sitting.yaml").is_file()


def _folders(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError as error:
        raise ExportError(f"cannot read {folder}: {error.strerror}") from error
