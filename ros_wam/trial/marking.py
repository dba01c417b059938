"""An ended trial that a person may still mark: what it came to, and what was said of it since."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ros_wam.causes import Cause
from ros_wam.errors import TrialError
from ros_wam.trial.ending import BY_OPERATOR
from ros_wam.trial.outcome import Outcome, Trial, score_of, trial_from_json
from ros_wam.trial.score_sheet import ScoreSheet
from ros_wam.types import Stage


@dataclass(frozen=True)
class Marking:
    """`ended`: the trial as it ended. `success`: the verdict given since, None while there is none."""

    ended: Trial
    sheet: ScoreSheet
    success: bool | None = None

    @property
    def may_judge(self) -> bool:
        """Whether a verdict is of use: nothing but the operator spoiled the trial."""
        return self.ended.cause in (None, Cause.OPERATOR_STOP)

    @property
    def trial(self) -> Trial:
        """The trial as it is marked now. A verdict makes one valid that the operator stopped."""
        ended, sheet = self.ended, self.sheet
        if self.success is not None:
            outcome = Outcome.SUCCESS if self.success else Outcome.FAILURE
            ended = replace(
                ended, outcome=outcome, valid=True, cause=None, failure_class=None, departures=None, comment=""
            )
        elif ended.comment == BY_OPERATOR and sheet.comment:
            ended = replace(ended, comment="")
        succeeded = ended.outcome is Outcome.SUCCESS
        return replace(
            ended,
            score=score_of(sheet.stages, succeeded),
            stages=sheet.stages,
            failure_class=None if succeeded else sheet.failure_class or ended.failure_class,
            comment="; ".join(text for text in (ended.comment, sheet.comment) if text),
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as a draft keeps it."""
        return {"ended": self.ended.to_json(), "sheet": asdict(self.sheet), "success": self.success}


def marking_from_json(data: Mapping[str, Any]) -> Marking:
    """Undo `to_json`; raises TrialError for what is none."""
    try:
        sheet = dict(data["sheet"])
        stages = tuple(Stage(**stage) for stage in sheet.pop("stages"))
        return Marking(trial_from_json(data["ended"]), ScoreSheet(stages=stages, **sheet), data["success"])
    except (KeyError, TypeError, ValueError) as error:
        raise TrialError(f"not a draft of a trial: {error!r}") from error
