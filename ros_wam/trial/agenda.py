"""What a sitting still has to do."""

from collections.abc import Sequence
from dataclasses import replace

from ros_wam.trial.plan import PlannedTrial, trial_seed
from ros_wam.trial.procedure import Procedure
from ros_wam.trial.results import Results

SPOILED_IN_A_ROW = 3
"""So many demonstrations that do not count, one after another, end a sitting that nobody watches."""


class Agenda:
    """Trials: those of the plan that are not finished. Demonstrations: until as many count as the plan has.

    A demonstration that was discarded leaves its number behind; one to be made again keeps it.
    """

    def __init__(self, plan: Sequence[PlannedTrial], results: Results, procedure: Procedure) -> None:
        self.goal = len(plan)
        self._plan, self._results, self._procedure = plan, results, procedure
        self._first = [self.numbered(trial_id) for trial_id in results.drafts]
        done = {*results.trials, *results.drafts}
        self._left = [planned for planned in plan if planned.trial_id not in done]
        self._closed = False
        self._spoiled = 0

    @property
    def kept(self) -> int:
        """How many trials are finished, or demonstrations count."""
        trials = self._results.trials.values()
        return sum(trial.valid for trial in trials) if self._procedure.demonstrations else len(trials)

    def take(self) -> PlannedTrial | None:
        """Return what is next, None when all is done."""
        if self._closed:
            return None
        if self._first:
            return self._first.pop(0)
        if not self._procedure.demonstrations:
            return self._left.pop(0) if self._left else None
        if self.kept >= self.goal or (self._spoiled >= SPOILED_IN_A_ROW and not self._procedure.operated):
            return None
        return self.numbered(f"{self._results.highest + 1:03d}")

    def put_back(self, planned: PlannedTrial) -> None:
        """Have `planned` done next, before what was put back earlier."""
        self._first.insert(0, planned)

    def ended(self, valid: bool) -> None:
        """Note how a trial has ended."""
        self._spoiled = 0 if valid else self._spoiled + 1

    def close(self) -> None:
        """Leave what is left for `--resume`."""
        self._closed = True

    def numbered(self, trial_id: str) -> PlannedTrial:
        """Return the trial of this number, planned or beyond the plan."""
        seed = trial_seed(self._results.sitting.seed, int(trial_id) - 1)
        return replace(self._plan[0], trial_id=trial_id, seed=seed)
