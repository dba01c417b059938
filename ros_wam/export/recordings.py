"""Every recorded trial of a folder as a file for the Rerun viewer, with those that failed: they are looked at most."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ros_wam.errors import ExportError, RosWamError
from ros_wam.export.choice import sittings_in
from ros_wam.export.episode_reader import read_episode
from ros_wam.export.rrd import write_rrd
from ros_wam.trial.results import read_trials


@dataclass(frozen=True)
class Recordings:
    """The files there are now, those `written` by this export among them; why others are left out, by trial."""

    files: tuple[Path, ...]
    written: int
    left_out: tuple[tuple[str, str], ...]


def write_recordings(folder: Path, out: Path, show: Callable[[int, int, str], None]) -> Recordings:
    """Write `<sitting>-<trial>.rrd` into `out` for each trial of the sitting, or sittings, in `folder`.

    A file that is there is not written again: each is there only once it is whole. `show` is told number, count and
    name before each. Raises ExportError when there is nothing to write, or the disk refuses.
    """
    found = [(sitting, trial) for sitting in sittings_in(folder) for trial in read_trials(sitting)]
    files, left_out, written = [], [], 0
    for number, (sitting, trial) in enumerate(found):
        name = f"{sitting.resolve().name}-{trial.trial_id}"
        show(number, len(found), name)
        path = out / f"{name}.rrd"
        if trial.bag is None:
            left_out.append((name, "nothing was recorded"))
            continue
        if not path.exists():
            try:
                write_rrd(read_episode(sitting / "trials" / trial.trial_id), path)
            except RosWamError as error:
                left_out.append((name, str(error)))
                continue
            except OSError as error:
                raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
            written += 1
        files.append(path)
    if not files:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out) or "there are no trials"
        raise ExportError(f"nothing in {folder} can be shown: {reasons}")
    return Recordings(tuple(files), written, tuple(left_out))
