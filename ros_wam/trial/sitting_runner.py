"""The course of a sitting: one trial after the other, each on the disk before the next begins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ros_wam.trial.metrics import Metrics
from ros_wam.trial.outcome import Outcome, Trial
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.results import Results
from ros_wam.trial.runner import HOPELESS, Timeouts, TrialRunner, TrialState
from ros_wam.trial.station import Station

NOTHING_COUNTS = 3
"""Exit status of a sitting that went to its end without a valid trial; a process that fails ends with 1."""


class SittingRunner:
    """Runs the trials of `plan` that `results` does not hold yet; call `tick` at 20 Hz or more until `finished`."""

    def __init__(
        self,
        station: Station,
        plan: Sequence[PlannedTrial],
        results: Results,
        *,
        measure: Callable[[Path], Metrics],
        timeouts: Timeouts | None = None,
    ) -> None:
        """`measure` reads the metrics of a trial from its closed bag; so it does of finished trials that lack them."""
        self.finished = False
        self._station = station
        self._left = [planned for planned in plan if planned.trial_id not in results.trials]
        self._results = results
        self._measure = measure
        self._timeouts = timeouts
        self._runner: TrialRunner | None = None
        for trial in list(results.trials.values()):
            if trial.dropped is None:  # scored, and then cut off before its bag was read
                self._add_metrics(trial)

    @property
    def runner(self) -> TrialRunner | None:
        """The trial that runs now; None between trials."""
        return self._runner

    @property
    def valid_trials(self) -> int:
        """How many trials of the sitting, resumed ones included, count."""
        return sum(trial.valid for trial in self._results.trials.values())

    def tick(self, now_ns: int) -> Mapping[str, Any]:
        """Go on, and return the progress to show; raises TrialError when a result cannot be written."""
        if self._runner is None:
            if not self._left:
                self.finished = True
                return {}
            self._runner = self._next()
        runner = self._runner
        runner.tick(now_ns)
        if runner.state is TrialState.SCORED and runner.trial is not None:
            self._close(runner.trial)
        return runner.progress(now_ns)

    def _next(self) -> TrialRunner:
        planned = self._left.pop(0)
        self._results.begin(planned.trial_id)
        bag = f"trials/{planned.trial_id}/bag"
        return TrialRunner(self._station, planned, self._results.folder / bag, bag, self._timeouts)

    def _close(self, trial: Trial) -> None:
        """Write the score at once, and then again with what the bag tells."""
        self._results.add(trial)
        self._add_metrics(trial)
        self._runner = None
        if trial.cause in HOPELESS:  # the trials that are left wait for --resume
            self._left.clear()

    def _add_metrics(self, trial: Trial) -> None:
        if trial.bag is not None:
            metrics = self._measure(self._results.folder / trial.bag)
            known = trial.with_departures(metrics.departures)
            if trial.outcome is not Outcome.FAILURE or trial.failure_class is not None:
                metrics = replace(metrics, failure_class=None)
            self._results.add(replace(trial, **{**metrics.as_fields(), "departures": known.departures}))
