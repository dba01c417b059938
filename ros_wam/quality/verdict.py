"""What the findings of a recording come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ros_wam.errors import TrialError
from ros_wam.quality.finding import Finding, Severity, finding_from_json


class Verdict(Enum):
    """Whether a recording may be trained with: without a word, knowing what is wrong with it, or not at all."""

    GOOD = "good"
    USABLE = "usable"
    BAD = "bad"


@dataclass(frozen=True)
class Quality:
    """What was found in `seconds` of a recording, the worst first."""

    seconds: float
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Bad with any bad finding, usable with any other, else good."""
        if any(finding.severity is Severity.BAD for finding in self.findings):
            return Verdict.BAD
        return Verdict.USABLE if self.findings else Verdict.GOOD

    def to_json(self) -> dict[str, Any]:
        """Return it as trial.json keeps it."""
        found = [finding.to_json() for finding in self.findings]
        return {"verdict": self.verdict.value, "seconds": self.seconds, "findings": found}


def quality_from_json(data: Mapping[str, Any]) -> Quality:
    """Undo `to_json`; raises TrialError for what is none."""
    try:
        return Quality(data["seconds"], tuple(finding_from_json(item) for item in data["findings"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TrialError(f"not a quality: {error!r}; keys must be verdict, seconds, findings") from error
