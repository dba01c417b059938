"""What the gate of recordings found in each trial, where it judged them."""

from collections.abc import Sequence
from html import escape

from ros_wam.quality.verdict import Quality, quality_from_json
from ros_wam.trial.outcome import Trial


def quality_of(trial: Trial) -> Quality | None:
    """Return what was found, None where the recording was not judged; raises TrialError for what is no quality."""
    return None if trial.quality is None else quality_from_json(trial.quality)


def quality_html(trial: Trial) -> str:
    """Return verdict and findings; an empty string where the recording was not judged."""
    quality = quality_of(trial)
    if quality is None:
        return ""
    rows = "".join(
        f"<tr><td>{escape(finding.check.value.replace('_', ' '))}</td><td>{finding.severity.value}</td>"
        f'<td class="why">{escape(finding.detail)}</td></tr>'
        for finding in quality.findings
    )
    found = f'<div class="scroll"><table class="small">{rows}</table></div>' if rows else ""
    return f'<p class="say">Recording: <b>{quality.verdict.value}</b></p>{found}'


def quality_rows(trials: Sequence[Trial]) -> list[list[str]]:
    """Return, of all trials that were judged, trial, verdict, and the findings in words."""
    judged = [(trial.trial_id, quality) for trial in trials if (quality := quality_of(trial)) is not None]
    return [
        [name, quality.verdict.value, "; ".join(f"{each.check.value}: {each.detail}" for each in quality.findings)]
        for name, quality in judged
    ]
