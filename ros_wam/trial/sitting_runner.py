"""The course of a sitting: one trial after the other, each on the disk before the next begins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ros_wam.causes import Cause
from ros_wam.trial.agenda import Agenda
from ros_wam.trial.marking import Marking
from ros_wam.trial.metrics import Metrics
from ros_wam.trial.operated import OperatedRunner
from ros_wam.trial.outcome import Outcome, Trial
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.procedure import Procedure
from ros_wam.trial.results import Results
from ros_wam.trial.runner import HOPELESS, Timeouts, TrialRunner, TrialState
from ros_wam.trial.seal import is_sealed, write_seal
from ros_wam.trial.station import Station

NOTHING_COUNTS = 3
"""Exit status of a sitting that went to its end without a valid trial; a process that fails ends with 1."""
NOT_BEGUN = (None, TrialState.RESETTING, TrialState.READY)
"""Where a trial may still give way to another: nothing moves, and nothing is recorded."""
CLOSING = "closing"
"""The state that is shown once a person has made all demonstrations: the last may be dropped, and the sitting ends."""
CLOSING_S = 20.0
"""How long that lasts, unless a person says that it is over."""
OVER = ("start", "stop", "seal")
DROPS = ("discard", "rerecord")


class SittingRunner:
    """Runs the trials of `plan` that `results` does not hold yet; call `tick` at 20 Hz or more until `finished`.

    Demonstrations are gone on with until as many count as `plan` has.
    """

    def __init__(
        self,
        station: Station,
        plan: Sequence[PlannedTrial],
        results: Results,
        *,
        measure: Callable[[Path], Metrics],
        judge: Callable[[Path, Trial], Mapping[str, Any]] | None = None,
        timeouts: Timeouts | None = None,
        procedure: Procedure | None = None,
    ) -> None:
        """`measure` reads the metrics of a trial from its closed bag; so it does of finished trials that lack them.
        `judge` is given the same bag, and the trial: its verdict on the quality becomes the trial's.
        """
        self.finished = False
        self._station, self._results = station, results
        self._procedure = procedure or Procedure()
        self._measure, self._judge = measure, judge
        self._timeouts = timeouts
        self._runner: TrialRunner | None = None
        self._ended: TrialRunner | None = None
        self._closes_ns: int | None = None
        self._drafted: Marking | None = None
        self._again = False
        self._last: Trial | None = None
        for draft in () if self._procedure.operated else list(results.drafts.values()):
            results.add(draft.trial)  # nobody is there to mark it further
        for trial in list(results.trials.values()):
            if is_sealed(results.trial_dir(trial.trial_id)):
                continue
            if trial.dropped is None:  # scored, and then cut off before its bag was read
                self._read_bag(trial)
            else:
                write_seal(results.trial_dir(trial.trial_id))
        self._agenda = Agenda(plan, results, self._procedure)

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
            planned = self._agenda.take()
            if planned is None:
                return self._end(now_ns)
            self._runner = self._begin(planned)
        runner = self._runner
        runner.tick(now_ns)
        self._keep_draft(runner)
        if runner.state is TrialState.SCORED and runner.trial is not None:
            self._close(runner, runner.trial)
        return self._progress(runner, now_ns)

    def command(self, command: Mapping[str, Any], now_ns: int) -> str | None:
        """Do what an `operator_command` says and return None, or why not; raises as `tick`."""
        verb = command.get("verb")
        if self._runner is None:
            return self._obey_closing(str(verb), now_ns)
        if verb in DROPS:
            return self._drop(self._runner, verb == "rerecord")
        refusal = self._runner.command(command, now_ns)
        self._keep_draft(self._runner)
        return refusal

    def _end(self, now_ns: int) -> Mapping[str, Any]:
        """Finish; where a person has made all demonstrations not before the last can have been recorded again."""
        ended, complete = self._ended, self._agenda.kept >= self._agenda.goal
        if ended is None or self._last is None or not complete or self._procedure.limited:
            self.finished = True
            return {}
        if self._closes_ns is None:
            self._closes_ns = now_ns + round(CLOSING_S * 1e9)
        self.finished = now_ns >= self._closes_ns
        if self.finished:
            return {}
        detail = f"all are recorded; the last may be dropped for {CLOSING_S:g} s"
        return {**self._progress(ended, now_ns), "state": CLOSING, "detail": detail, "can": [*OVER, *DROPS]}

    def _obey_closing(self, verb: str, now_ns: int) -> str | None:
        if self._closes_ns is None:
            return f"{verb} is not possible: no trial runs"
        if verb in OVER:
            self._closes_ns = now_ns
            return None
        if verb in DROPS:
            self._closes_ns = None
            return self._drop_last(verb == "rerecord")
        return f"{verb} is not possible: all demonstrations are recorded; now: {', '.join((*OVER, *DROPS))}"

    def _begin(self, planned: PlannedTrial) -> TrialRunner:
        bag = f"trials/{planned.trial_id}/bag"
        given = self._station, planned, self._results.folder / bag, bag, self._timeouts, self._procedure
        draft = self._results.drafts.get(planned.trial_id)
        if draft is None:
            self._results.begin(planned.trial_id)
        if not self._procedure.operated:
            return TrialRunner(*given)
        runner = OperatedRunner(*given)
        if draft is not None:
            runner.resume(draft)
        return runner

    def _keep_draft(self, runner: TrialRunner) -> None:
        marking = runner.marking if isinstance(runner, OperatedRunner) else None
        if marking is not None and marking is not self._drafted and runner.trial is None:
            self._results.draft(marking)
            self._drafted = marking

    def _close(self, runner: TrialRunner, trial: Trial) -> None:
        """Write the score at once, and then again with what the bag tells; and seal it."""
        self._runner, self._ended = None, runner
        if runner.dropped:
            self._results.add(replace(trial, valid=False, cause=Cause.OPERATOR_STOP))  # nor after a crash from here on
            self._discard(trial.trial_id, runner.planned if self._again else None)
            return
        self._results.add(trial)
        self._last = self._read_bag(trial)
        self._agenda.ended(trial.valid)
        if trial.cause in HOPELESS:  # the trials that are left wait for --resume
            self._agenda.close()

    def _drop(self, runner: TrialRunner, again: bool) -> str | None:
        """Drop the demonstration that runs, else the last one, and do it again if `again`."""
        if not self._procedure.demonstrations:
            return "only demonstrations are discarded or recorded again; a trial counts"
        if runner.drop():
            self._again = again
            return None
        if runner.state not in NOT_BEGUN:
            return "the robot moves home: wait until it is there"
        if again and self._results.trials:
            if int(runner.planned.trial_id) <= self._results.highest:  # it was to be made again itself
                self._agenda.put_back(runner.planned)
            self._runner = None
        return self._drop_last(again)

    def _drop_last(self, again: bool) -> str | None:
        if not self._results.trials:
            return "no demonstration is finished"
        last = max(self._results.trials) if self._last is None else self._last.trial_id
        self._discard(last, self._agenda.numbered(last) if again else None)
        return None

    def _discard(self, trial_id: str, again: PlannedTrial | None) -> None:
        self._results.discard(trial_id)
        self._last = None
        if again is not None:
            self._agenda.put_back(again)

    def _read_bag(self, trial: Trial) -> Trial:
        """Write the trial again with what its bag tells, and seal it."""
        if trial.bag is not None:
            bag_dir = self._results.folder / trial.bag
            metrics = self._measure(bag_dir)
            known = trial.with_departures(metrics.departures)
            if trial.outcome is not Outcome.FAILURE or trial.failure_class is not None:
                metrics = replace(metrics, failure_class=None)
            trial = replace(trial, **{**metrics.as_fields(), "departures": known.departures})
            if self._judge is not None:
                trial = replace(trial, quality=self._judge(bag_dir, trial))
            self._results.add(trial)
        write_seal(self._results.trial_dir(trial.trial_id))
        return trial

    def _progress(self, runner: TrialRunner, now_ns: int) -> Mapping[str, Any]:
        progress, last = runner.progress(now_ns), self._last
        demonstrations, planned = self._procedure.demonstrations, runner.planned
        drops = DROPS if demonstrations and self._may_drop(runner) else ()
        return {
            **progress,
            "kind": self._procedure.kind.value,
            "index": min(self._agenda.kept + 1, self._agenda.goal) if demonstrations else int(planned.trial_id),
            "of": self._agenda.goal,
            "robot": planned.robot,
            "task": planned.task,
            "policy": planned.policy,
            "prompt": planned.prompt,
            "reset": list(self._procedure.task.reset) if self._procedure.task is not None else [],
            "can": [*progress["can"], *drops],
            "last": None
            if last is None
            else {"trial_id": last.trial_id, "outcome": last.outcome.value, "quality": last.quality},
        }

    def _may_drop(self, runner: TrialRunner) -> bool:
        return runner.may_drop or (runner.state in NOT_BEGUN and bool(self._results.trials))
