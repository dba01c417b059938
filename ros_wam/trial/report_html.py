"""A sitting as one self-contained page."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ros_wam.trial.episode import Episode
from ros_wam.trial.outcome import Trial
from ros_wam.trial.report_chart import draw_episode
from ros_wam.trial.report_details import COLUMNS, all_hops, happenings_html, hops_html, smoothness_facts, why
from ros_wam.trial.report_policies import policies_html
from ros_wam.trial.report_quality import quality_html
from ros_wam.trial.report_style import SCRIPT, STYLE
from ros_wam.trial.sitting import Sitting
from ros_wam.types import Stage

_COLUMNS = (*COLUMNS[:3], "stages", *COLUMNS[3:])
_NUMERIC = frozenset({"time", "idle", "inference p50 / p99", "interventions", "refused", "missing"})


def render_html(sitting: Sitting, summary: Mapping[str, Any], episodes: Sequence[Episode]) -> str:
    """Return the page: summary, table of trials, then each trial drawn over time. It loads nothing from elsewhere."""
    title = escape(sitting.prompt)
    station = "simulated station" if sitting.sim else "real station"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(sitting.task)} · {escape(sitting.robot)}</title><style>{STYLE}</style><main>"
        f'<h1>{title}</h1><div class="soft">{escape(sitting.task)} · {escape(sitting.robot)}, {station} · '
        f"{escape(', '.join(sitting.policies))} · {escape(sitting.sitting)}</div>"
        f"{_tiles(summary)}{policies_html(summary)}"
        f"<h2>Trials</h2>{_table(episodes)}"
        f"{_legend()}{''.join(map(_trial, episodes))}"
        f"{hops_html(all_hops(episodes))}"
        f"<h2>What was run</h2>{_provenance(sitting)}"
        f'</main><dialog><img alt=""></dialog><script>{SCRIPT}</script></html>\n'
    )


def _tiles(summary: Mapping[str, Any]) -> str:
    rate, interval = summary["success_rate"], summary["success_rate_95"]
    bar, note = "", "no valid trial"
    if rate is not None:
        low, high = (100 * bound for bound in interval)
        bar = (
            f'<div class="interval"><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
            f'<u style="left:calc({100 * rate:.1f}% - 1.5px)"></u></div>'
        )
        note = f"95 % interval {low:.0f}–{high:.0f} %"
    causes = ", ".join(f"{cause} × {n}" for cause, n in summary["causes"].items())
    classes = ", ".join(f"{name} × {n}" for name, n in summary["failure_classes"].items())
    idle, latency = summary["idle_fraction"], summary["inference_ms"]
    mean_time = None if summary["mean_duration_s"] is None else f"{summary['mean_duration_s']:.1f} s"
    of_score = "of the stages' points"
    if rate is not None:
        of_score += "; 95 % interval {:.0f}–{:.0f} %".format(*(100 * bound for bound in summary["mean_score_95"]))
    tiles = [
        _tile("success", None if rate is None else f"{summary['successes']} / {summary['valid']}", note, bar),
        _tile("mean score", None if rate is None else f"{100 * summary['mean_score']:.0f} %", of_score),
        _tile("mean time", mean_time, "from start to end of a trial"),
        _tile(
            "inference",
            None if latency is None else f"{latency['p50']:.0f} ms",
            "" if latency is None else f"mean p50; worst p99 {latency['p99']:.0f} ms",
        ),
        _tile("idle", None if idle is None else f"{100 * idle:.1f} %", "of the time nothing to follow"),
        _tile("failed", str(sum(summary["failure_classes"].values())), escape(classes) or "no valid trial failed"),
        _tile("taken over", str(summary["takeovers"]), "times, by a person"),
        _tile("invalid", str(summary["trials"] - summary["valid"]), escape(causes) or "no infrastructure fault"),
    ]
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _tile(name: str, value: str | None, note: str, bar: str = "") -> str:
    shown = f"<b>{value or '–'}</b>{bar}"
    return f'<div class="card tile"><div class="name">{name}</div>{shown}<div class="note">{note}</div></div>'


def _table(episodes: Sequence[Episode]) -> str:
    head = "".join(f"<th{_class(name)}>{name}</th>" for name in _COLUMNS)
    return f'<div class="card scroll"><table><tr>{head}</tr>{"".join(map(_row, episodes))}</table></div>'


def _row(episode: Episode) -> str:
    trial, stream = episode.trial, episode.stream.values()
    cells = {
        "trial": f'<a href="#trial-{trial.trial_id}">{trial.trial_id}</a>',
        "outcome": _pill(trial),
        "score": f'<span class="meter"><i style="width:{100 * trial.score:.0f}%"></i></span>{100 * trial.score:.0f} %',
        "stages": f'<span class="dots">{"".join(map(_dot, trial.stages))}</span>',
        "time": _number(trial.duration_s, 1, " s"),
        "idle": _number(None if trial.idle_fraction is None else 100 * trial.idle_fraction, 1, " %"),
        "inference p50 / p99": _latency(trial),
        "interventions": _number(trial.interventions, 0),
        "refused": _number(None if trial.refusals is None else sum(trial.refusals.values()), 0),
        "missing": _share(sum(n for n, _ in stream), sum(due for _, due in stream)),
        "why": escape(why(trial)),
    }
    return "<tr>" + "".join(f"<td{_class(name)}>{cells[name]}</td>" for name in _COLUMNS) + "</tr>"


def _class(name: str) -> str:
    return ' class="num"' if name in _NUMERIC else ""


def _pill(trial: Trial) -> str:
    return f'<span class="pill {trial.outcome.value}">{trial.outcome.value}</span>'


def _dot(stage: Stage) -> str:
    kind = "done" if stage.points >= stage.max_points else "part" if stage.points > 0.0 else ""
    return f'<i class="{kind}" title="{escape(stage.name)}: {stage.points:g} of {stage.max_points:g}"></i>'


def _number(value: float | None, digits: int, unit: str = "") -> str:
    return "–" if value is None else f"{value:.{digits}f}{unit}"


def _share(missing: int, due: int) -> str:
    return f"{missing} of {due}" if due else "–"


def _latency(trial: Trial) -> str:
    if trial.inference_ms is None:
        return "–"
    return f"{trial.inference_ms['p50']:.0f} / {trial.inference_ms['p99']:.0f} ms"


def _legend() -> str:
    return (
        '<h2>Over time</h2><div class="legend"><span><i style="border-color:var(--measured)"></i>measured</span>'
        '<span><i style="border-color:var(--sent);border-top-width:4px"></i>sent</span>'
        '<span><i class="block" style="background:var(--idle)"></i>nothing to follow</span>'
        '<span><i style="border-color:var(--good);border-top-style:dashed"></i>stage achieved</span>'
        '<span><i class="block" style="background:var(--bar)"></i>inference</span>'
        '<span><i style="border-color:var(--bad);border-top-style:dotted"></i>asked for, but changed by the gate</span>'
        '<span><i class="block" style="background:var(--limit)"></i>safety gate narrowed a command</span>'
        '<span><i class="block act warn"></i>warn</span><span><i class="block act slow"></i>slow</span>'
        '<span><i class="block act hold"></i>hold</span><span><i class="block act stop"></i>stop</span>'
        "<span>joints in rad, gripper 0 closed to 1 open; lag: largest joint difference sent − measured</span></div>"
    )


def _trial(episode: Episode) -> str:
    trial = episode.trial
    missing = [f"{topic} {_share(n, due)}" for topic, (n, due) in episode.stream.items() if n]
    facts = [
        f"score <b>{100 * trial.score:.0f} %</b>",
        f"time <b>{_number(trial.duration_s, 1, ' s')}</b>",
        f"inference <b>{_latency(trial)}</b>",
        f"interventions <b>{_number(trial.interventions, 0)}</b>",
        *([f"taken over <b>{trial.takeovers}</b> times"] if trial.takeovers else []),
        *smoothness_facts(episode),
        f"seed <b>{trial.seed}</b>",
    ] + ([f"missing <b>{escape(', '.join(missing))}</b>"] if missing else [])
    label = f"<b>{escape(why(trial))}.</b> " if why(trial) else ""
    say = f'<p class="say">{label}{escape(trial.comment)}</p>' if label or trial.comment else ""
    chart = draw_episode(episode)
    missed = escape(episode.missing or "the recording is empty")
    shown = f'<div class="scroll">{chart}</div>' if chart else f'<p class="soft">Nothing to draw: {missed}.</p>'
    return (
        f'<section class="card trial" id="trial-{trial.trial_id}"><header><h3>Trial {trial.trial_id}</h3>{_pill(trial)}'
        f'<span class="soft">{escape(trial.policy)}</span></header>'
        f'<div class="facts">{"".join(f"<span>{fact}</span>" for fact in facts)}</div>'
        f"{say}{quality_html(trial)}{_stages(episode)}{shown}{happenings_html(episode)}</section>"
    )


def _stages(episode: Episode) -> str:
    items = []
    for number, stage in enumerate(episode.stages, 1):
        reached = stage.stamp_ns is not None and episode.trace is not None
        at = f"{((stage.stamp_ns or 0) - episode.trace.start_ns) * 1e-9:.1f} s" if reached and episode.trace else ""
        retries = f"{stage.retries} {'retry' if stage.retries == 1 else 'retries'}" if stage.retries else ""
        worth = f"{stage.points:g}/{stage.max_points:g}"
        said = " · ".join(part for part in (worth, at, retries) if part)
        kind = "done" if stage.points > 0.0 else ""
        items.append(f'<li class="{kind}"><i>{number}</i>{escape(stage.name)} <span>{said}</span></li>')
    return f'<ol class="stages">{"".join(items)}</ol>' if items else ""


def _provenance(sitting: Sitting) -> str:
    rows = {
        "task": sitting.task,
        "robot": f"{sitting.robot} ({'simulated' if sitting.sim else 'real'} station)",
        "policies": ", ".join(sitting.policies),
        "trials planned": str(sitting.trials),
        "seed": str(sitting.seed),
        "git revision": sitting.git_revision or "not a checkout",
        "versions": ", ".join(f"{name} {number}" for name, number in sitting.versions.items()),
        "machine": ", ".join(f"{name} {value}" for name, value in sitting.machine.items()),
    }
    return '<dl class="card">' + "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in rows.items()) + "</dl>"
