"""A sitting's folder. Each trial's own file is the truth, on the disk before the next trial starts; results.json
gathers them and can be made again from them."""

import itertools
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ros_wam.config import dump, load
from ros_wam.errors import TrialError
from ros_wam.trial.durable import write_durably
from ros_wam.trial.marking import Marking, marking_from_json
from ros_wam.trial.outcome import Trial, trial_from_json
from ros_wam.trial.sitting import Sitting
from ros_wam.trial.summary import summarise

SCHEMA = 1
DRAFT = "marking.json"
_SAME_ON_RESUME = ("robot", "task", "policies", "sim", "seed", "kind")


class Results:
    """The results of one sitting, new or resumed: `trials` holds the finished ones by id, `drafts` those that a person
    was marking."""

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
        self.drafts = _read_drafts(folder, self.trials)
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
        if self.trial_dir(trial_id).exists() and trial_id not in self.trials:
            self._set_aside(trial_id, "interrupted")

    def discard(self, trial_id: str) -> None:
        """Count a finished trial no more; its folder is kept beside the others'. Raises TrialError as `add`."""
        try:
            self.trials.pop(trial_id)
            self._set_aside(trial_id, "discarded")
            self._gather()
        except OSError as error:
            raise TrialError(f"trial {trial_id} cannot be discarded in {self.folder}: {error.strerror}") from error

    @property
    def highest(self) -> int:
        """The highest number of a trial that was finished, discarded ones included; 0 when none was."""
        discarded = (path.name.split("-")[0] for path in self.folder.glob("trials/*-discarded-*"))
        return max((int(trial_id) for trial_id in (*self.trials, *discarded)), default=0)

    def draft(self, marking: Marking) -> None:
        """Write what a person has marked of a trial so far; raises TrialError when the disk refuses."""
        trial_id = marking.ended.trial_id
        try:
            text = json.dumps(marking.to_json(), indent=2, allow_nan=False)
            write_durably(self.trial_dir(trial_id) / DRAFT, text + "\n")
            self.drafts[trial_id] = marking
        except OSError as error:
            raise TrialError(f"trial {trial_id} cannot be written to {self.folder}: {error.strerror}") from error

    def _set_aside(self, trial_id: str, why: str) -> None:
        folder = self.trial_dir(trial_id)
        names = (folder.with_name(f"{trial_id}-{why}-{k}") for k in itertools.count(1))
        folder.rename(next(name for name in names if not name.exists()))

    def add(self, trial: Trial) -> None:
        """Write `trial`, or write it again with more known of it; raises TrialError when the disk refuses."""
        try:
            text = json.dumps(trial.to_json(), indent=2, allow_nan=False)
            write_durably(self.trial_dir(trial.trial_id) / "trial.json", text + "\n")
            self.trials[trial.trial_id] = trial
            if self.drafts.pop(trial.trial_id, None) is not None:
                (self.trial_dir(trial.trial_id) / DRAFT).unlink(missing_ok=True)
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
    """Return the finished trials of a sitting in order, without those discarded.

    Raises TrialError naming a file that cannot be read.
    """
    trials = []
    for path in sorted(folder.glob("trials/*/trial.json")):
        if "-" in path.parent.name:  # set aside
            continue
        try:
            trials.append(trial_from_json(json.loads(path.read_text())))
        except (OSError, ValueError, TrialError) as error:
            raise TrialError(f"cannot read {path}: {error}") from error
    return trials


def _read_drafts(folder: Path, finished: Collection[str]) -> dict[str, Marking]:
    drafts = {}
    for path in sorted(folder.glob(f"trials/*/{DRAFT}")):
        trial_id = path.parent.name
        if trial_id not in finished and "-" not in trial_id:
            try:
                drafts[trial_id] = marking_from_json(json.loads(path.read_text()))
            except (OSError, ValueError, TrialError) as error:
                raise TrialError(f"cannot read {path}: {error}") from error
    return drafts


def _gathered(sitting: Sitting, trials: dict[str, Trial]) -> dict[str, Any]:
    ordered = [trials[trial_id] for trial_id in sorted(trials)]
    return {
        "schema": SCHEMA,
        "sitting": sitting.sitting,
        "robot": sitting.robot,
        "task": sitting.task,
        "kind": sitting.kind,
        "policies": list(sitting.policies),
        "trials": [trial.to_json() for trial in ordered],
        "summary": summarise(ordered),
    }


def _check_same(old: Sitting, new: Sitting, path: Path) -> None:
    for key in _SAME_ON_RESUME:
        if getattr(old, key) != getattr(new, key):
            raise TrialError(f"cannot resume: {path} says {key} {getattr(old, key)}, this run {getattr(new, key)}")
