"""What a page says of departures, refusals, smoothness and latency."""

from collections.abc import Sequence
from html import escape

from ros_wam.ladder import LADDER
from ros_wam.trial.departures import spells
from ros_wam.trial.episode import Episode
from ros_wam.trial.hops import Hop, hops
from ros_wam.trial.outcome import Trial

COLUMNS = (
    *("trial", "outcome", "score", "time", "idle", "inference p50 / p99"),
    *("interventions", "refused", "missing", "why"),
)
"""Of the table of trials; `why` it was invalid, or failed."""

ROWS = 12
"""How many departures and refusals of a trial are listed; the drawing shows all of them."""


def why(trial: Trial) -> str:
    """Return what made a trial invalid, or which behaviour failed; an empty string where neither is known."""
    return f"invalid: {trial.cause.value}" if trial.cause is not None else trial.failure_class or ""


def all_hops(episodes: Sequence[Episode]) -> list[Hop]:
    """Return the hops of every inference of the sitting while the policy had the robot."""
    traces = [episode.trace.while_running() for episode in episodes if episode.trace is not None]
    return hops(inference for trace in traces for inference in trace.inferences)


def happenings(episode: Episode) -> list[tuple[float, str, str, str]]:
    """Return every departure and refusal in the order of time: when [s], what, what it did, and the evidence."""
    if episode.trace is None:
        return []
    trace = episode.trace.while_running()
    said = [
        (
            (spell.begin_ns - trace.start_ns) * 1e-9,
            spell.cause.value,
            f"{spell.action.name.lower()} for {_lasting((spell.end_ns - spell.begin_ns) * 1e-9)}",
            spell.detail or LADDER[spell.cause].condition,
        )
        for spell in spells(trace)
    ]
    refused = [
        ((inference.stamp_ns - trace.start_ns) * 1e-9, inference.refused, "chunk refused", inference.detail)
        for inference in trace.inferences
        if inference.refused
    ]
    named = {what for _, what, _, _ in said}
    ended = [
        ((item.stamp_ns - trace.start_ns) * 1e-9, item.cause.value, item.action.name.lower(), episode.trial.comment)
        for item in episode.trial.departures or ()
        if item.cause.value not in named
    ]
    return sorted([*said, *refused, *ended])


def happenings_html(episode: Episode) -> str:
    """Return the list of what departed from plan; an empty string when nothing did."""
    rows = happenings(episode)
    shown = "".join(
        f'<tr><td class="num">{at_s:.2f} s</td><td>{escape(what)}</td><td>{escape(did)}</td>'
        f'<td class="why">{escape(evidence)}</td></tr>'
        for at_s, what, did, evidence in rows[:ROWS]
    )
    more = f'<p class="soft">and {len(rows) - ROWS} more</p>' if len(rows) > ROWS else ""
    return f'<div class="scroll"><table class="small">{shown}</table></div>{more}' if rows else ""


def smoothness_facts(episode: Episode) -> list[str]:
    """Return how smooth the sent motion was, in words."""
    peaks = episode.smoothness
    if peaks is None:
        return []
    return [
        f"peak of the limit: velocity <b>{peaks.velocity:.2f}</b> acceleration <b>{peaks.acceleration:.2f}</b> "
        f"jerk <b>{peaks.jerk:.2f}</b>",
        f"largest change by the gate <b>{1e3 * peaks.narrowed_rad:.1f} mrad</b>",
    ]


def hops_html(found: Sequence[Hop]) -> str:
    """Return the table of latencies; an empty string when none was measured."""
    if not found:
        return ""
    head = '<tr><th>hop</th><th class="num">p50</th><th class="num">p99</th><th class="num">measured</th></tr>'
    rows = "".join(
        f'<tr><td>{escape(hop.name)}</td><td class="num">{hop.p50_ms:.2f} ms</td>'
        f'<td class="num">{hop.p99_ms:.2f} ms</td><td class="num">{hop.count}</td></tr>'
        for hop in found
    )
    return f'<h2>Latency, hop by hop</h2><div class="card scroll"><table class="hops">{head}{rows}</table></div>'


def _lasting(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1.0 else f"{1e3 * seconds:.0f} ms"
