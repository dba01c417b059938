"""A sitting's folder. Each trial's own file is the truth, on the disk before the next trial starts; results.json
gathers them and can be made again from them."""

import itertools
import json
from pathlib import Path
from typing import Any

from ros_wam.config import dump, load
from ros_wam.errors import TrialError
from ros_wam.trial.durable import write_durably
from ros_wam.trial.outcome import Trial, trial_from_json
from ros_wam.trial.sitting import Sitting
from ros_wam.trial.summary import summarise

SCHEMA = 1
_SAME_ON_RESUME = ("robot", "task", "policies", "sim", "seed")


class Results:
    """The results of one sitting, new or resumed; `trials` holds the finished ones by id."""

    def __init__(self, folder: Path, sitting: Sitting) -> None:
        """Open `folder`; raises TrialError when it holds a different sitting, a file that cannot be read, or no room.

        When what a sitting is resumed with differs from what it began with, `sitting.yaml` then names both.
        """
        self.folder = folder
        path = folder / "sitting.yaml"
        old = load(path, Sitting) if path.exists() else None
        if old is not None:
            _check_same(old, sitting, path)
        self.sitting = sitting if old is None else old.resumed(sitting)
        self.trials = {trial.trial_id: trial for trial in read_trials(folder)}
        try:
            if self.sitting != old:
                write_durably(path, dump(self.sitting))
            self._gather()
        except OSError as error:
            raise TrialError(f"the sitting cannot be written to {folder}: {error.strerror}") from error

    def trial_dir(self, trial_id: str) -> Path:
        """Return the folder of a trial."""
        return self.folder / "trials" / trial_id

    def begin(self, trial_id: str) -> None:
        """Make room for a trial; what an attempt that was cut off left there is kept beside it."""
        folder = self.trial_dir(trial_id)
        if folder.exists() and trial_id not in self.trials:
            names = (folder.with_name(f"{trial_id}-interrupted-{k}") for k in itertools.count(1))
            folder.rename(next(name for name in names if not name.exists()))

    def add(self, trial: Trial) -> None:
        """Write `trial`, or write it again with more known of it; raises TrialError when the disk refuses."""
        try:
            text = json.dumps(trial.to_json(), indent=2, allow_nan=False)
            write_durably(self.trial_dir(trial.trial_id) / "trial.json", text + "\n")
            self.trials[trial.trial_id] = trial
            self._gather()
        except OSError as error:
            raise TrialError(f"trial {trial.trial_id} cannot be written to {self.folder}: {error.strerror}") from error

    def _gather(self) -> None:
        write_durably(self.folder / "results.json", json.dumps(_gathered(self.sitting, self.trials), indent=2) + "\n")


def load_results(folder: Path) -> dict[str, Any]:
    """Return what results.json holds, made from the trials' own files, so that a crash between the two hides none.

    Raises TrialError when `folder` is not a sitting or a trial in it cannot be read.
    """
    return _gathered(load_sitting(folder), {trial.trial_id: trial for trial in read_trials(folder)})


def load_sitting(folder: Path) -> Sitting:
    """Return what `folder` ran; raises TrialError when it is not a sitting, ConfigError when that cannot be read."""
    path = folder / "sitting.yaml"
    if not path.is_file():
        raise TrialError(f"{folder} is not a sitting: it holds no sitting.yaml")
    return load(path, Sitting)


def read_trials(folder: Path) -> list[Trial]:
    """Return the finished trials of a sitting in order; raises TrialError naming a file that cannot be read."""
    trials = []
    for path in sorted(folder.glob("trials/*/trial.json")):
        try:
            trials.append(trial_from_json(json.loads(path.read_text())))
        except (OSError, ValueError, TrialError) as error:
            raise TrialError(f"cannot read {path}: {error}") from error
    return trials


def _gathered(sitting: Sitting, trials: dict[str, Trial]) -> dict[str, Any]:
    ordered = [trials[trial_id] for trial_id in sorted(trials)]
    return {
        "schema": SCHEMA,
        "sitting": sitting.sitting,
        "robot": sitting.robot,
        "task": sitting.task,
        "policies": list(sitting.policies),
        "trials": [trial.to_json() for trial in ordered],
        "summary": summarise(ordered),
    }


def _check_same(old: Sitting, new: Sitting, path: Path) -> None:
    for key in _SAME_ON_RESUME:
        if getattr(old, key) != getattr(new, key):
            raise TrialError(f"cannot resume: {path} says {key} {getattr(old, key)}, this run {getattr(new, key)}")
