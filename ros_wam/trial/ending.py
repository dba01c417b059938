"""Why a trial ended, before it has stopped; and the trial that it makes once it has."""

from dataclasses import dataclass

from ros_wam.causes import Cause
from ros_wam.ladder import LADDER
from ros_wam.trial.departures import Departure
from ros_wam.trial.outcome import POLICYS_OWN, Outcome, Trial, score_of
from ros_wam.trial.plan import PlannedTrial
from ros_wam.types import Stage

BY_OPERATOR = "marked by the operator"


@dataclass(frozen=True)
class Ending:
    """`cause` is None unless the infrastructure or the operator spoiled the trial; `detail` is what was seen."""

    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    failure_class: str | None = None

    def trial(self, planned: PlannedTrial, stages: tuple[Stage, ...], duration_s: float, ended_ns: int) -> Trial:
        """Return the trial that ended so; what else is known of it is for the caller to add."""
        return Trial(
            trial_id=planned.trial_id,
            task=planned.task,
            robot=planned.robot,
            policy=planned.policy,
            seed=planned.seed,
            outcome=self.outcome,
            score=score_of(stages, self.outcome is Outcome.SUCCESS),
            stages=stages,
            valid=self.cause is None,
            cause=self.cause,
            failure_class=self.failure_class,
            comment=self.detail,
            duration_s=duration_s,
            departures=None if self.cause is None else (_departure(self.cause, ended_ns),),
        )


def ended_by(cause: Cause, detail: str) -> Ending:
    """Return the end of a running trial: what the policy brought about itself is its failure, all else spoils it."""
    if cause in POLICYS_OWN:
        return Ending(Outcome.FAILURE, detail=detail, failure_class=cause.value)
    return Ending(Outcome.ABORTED, cause, detail)


def _departure(cause: Cause, ended_ns: int) -> Departure:
    return Departure(cause, LADDER[cause].action, ended_ns, 0.0)
