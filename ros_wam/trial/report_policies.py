"""How each policy of a sitting did, a row for each: what two policies are compared by."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

COLUMNS = ("policy", "success", "score", "time", "inference p50 / p99", "idle", "takeovers", "failures")
"""Success and score with their 95 % intervals; time, inference and idle are means of valid trials, p99 is the worst."""


def policy_rows(summary: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the cells of each policy's row, in the order of COLUMNS."""
    return [_row(name, each) for name, each in summary["policies"].items()]


def policies_html(summary: Mapping[str, Any]) -> str:
    """Return the table; an empty string where there are no trials."""
    rows = policy_rows(summary)
    if not rows:
        return ""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<h2>Policies</h2><div class="card scroll"><table><tr>{head}</tr>{body}</table></div>'


def _row(name: str, each: Mapping[str, Any]) -> tuple[str, ...]:
    latency, idle, time_s = each["inference_ms"], each["idle_fraction"], each["mean_duration_s"]
    failures = ", ".join(f"{what} × {count}" for what, count in each["failure_classes"].items())
    invalid = each["trials"] - each["valid"]
    return (
        name,
        f"{each['successes']} of {each['valid']}{_interval(each['success_rate_95'])}",
        "–" if each["mean_score"] is None else f"{100 * each['mean_score']:.0f} %{_interval(each['mean_score_95'])}",
        "–" if time_s is None else f"{time_s:.1f} s",
        "–" if latency is None else f"{latency['p50']:.0f} / {latency['p99']:.0f} ms",
        "–" if idle is None else f"{100 * idle:.1f} %",
        str(each["takeovers"]),
        ", ".join(part for part in (failures, f"{invalid} invalid" if invalid else "") if part) or "none",
    )


def _interval(bounds: Sequence[float] | None) -> str:
    return "" if bounds is None else f" ({100 * bounds[0]:.0f}–{100 * bounds[1]:.0f} %)"
