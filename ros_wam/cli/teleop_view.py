"""What a person who teleoperates sees: what the robot waits for, how the demonstration does, which keys do what.

Elsewhere than on a terminal it is a line per change.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ros_wam.cli.progress import OUTCOME_STYLE, scored_line
from ros_wam.cli.told import read_told
from ros_wam.teleop.key_map import VERBS, key_help

PHASE_STYLE = {
    "following": "bold green",
    "aligning": "bold yellow",
    "clutched": "bold yellow",
    "released": "bold cyan",
    "lost": "bold red",
    "elsewhere": "dim",
}
WAITS = {
    "resetting": "lay the scene out, then press enter",
    "ready": "press enter to begin",
    "marking": "press y or n if it has no mark yet, then enter; x discards it",
    "marking of a trial": "score the trial on the operator's page, and seal it there",
    "closing": "all are recorded: press enter to end, b to do the last one again",
}
"""What a person is waited for, in each state in which `start` or `seal` is possible."""
VERDICT_STYLE = {"good": "green", "usable": "yellow", "warn": "yellow", "bad": "red"}
"""Of verdicts on a recording, and of how much a finding matters."""
FINDINGS = 3
REFRESH_HZ = 8
KEY_COLUMNS = 2


class TeleopView:
    """Shows the progress events of `episodes` as they come; use as a context manager."""

    def __init__(self, console: Console, episodes: int, device: str) -> None:
        self._console, self._episodes, self._device = console, episodes, device
        self._told: tuple[Any, ...] = ()
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, refresh_per_second=REFRESH_HZ, transient=True)

    def __enter__(self) -> "TeleopView":
        if self._live is not None:
            self._live.start()
            self._live.update(Group(Text("starting …", style="cyan"), _keys(self._device)))
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, line: str) -> None:
        """Show one line of `trial_node`'s output; a line that is not a JSON object is shown as it is."""
        event = read_told(line, self._console)
        if event is None:
            return
        if event.get("state") == "scored" and event.get("outcome") is not None:
            self._console.print(self._ended(event))
        if self._live is not None:
            self._live.update(self._picture(event))
            return
        teleop = event.get("teleop") or {}
        told = (event.get("trial_id"), event.get("state"), event.get("detail"), teleop.get("phase"))
        if told != self._told:
            said = " – ".join(str(part) for part in told[1:] if part)
            self._console.print(f"{self._which(event)}: {said}", markup=False, soft_wrap=True)
        self._told = told

    def _which(self, event: Mapping[str, Any]) -> str:
        kind = "trial" if event.get("kind") == "trials" else "demonstration"
        number = event.get("index") or event.get("trial_id") or ""
        return f"{kind} {number} of {event.get('of') or self._episodes}"

    def _ended(self, event: Mapping[str, Any]) -> Text:
        """Return the one line that remains; a demonstration is the one that it counts as, not the try that it was."""
        if event.get("kind") != "demonstrations":
            return scored_line(event, self._episodes)
        outcome = str(event["outcome"])
        line = Text(f"{self._which(event)}: ").append(outcome, style=OUTCOME_STYLE.get(outcome, ""))
        line.append(f", {float(event.get('duration_s') or 0.0):.1f} s")
        stages = event.get("stages") or []
        line.append(f", {_done(stages)} of {len(stages)} stages" if stages else "")
        verdict = _verdict(event)
        line.append(f", recording {verdict}" if verdict else "", style=VERDICT_STYLE.get(verdict, ""))
        return line.append(f" – {event['comment']}" if event.get("comment") else "", style="dim")

    def _picture(self, event: Mapping[str, Any]) -> Group:
        head = Text.assemble(
            (self._which(event), "bold"), "   ", (str(event.get("state") or ""), "cyan"), f"   {_seconds(event)}"
        )
        rows = [head, Text(str(event.get("prompt") or ""), style="italic"), _teleop_line(event, self._device)]
        rows += [Text(f"  {line}", style, no_wrap=True, overflow="ellipsis") for line, style in _remarks(event)]
        stages = event.get("stages") or []
        if stages:
            rows.append(_stages(stages))
        return Group(*rows, Text(), _keys(self._device, event.get("can")))


def _seconds(event: Mapping[str, Any]) -> str:
    return f"{float(event.get('elapsed_s') or 0.0):.1f} s"


def _teleop_line(event: Mapping[str, Any], device: str) -> Text:
    teleop = event.get("teleop") or {}
    phase = str(teleop.get("phase") or "not heard yet")
    line = Text.assemble((f"{device}: ", ""), (phase, PHASE_STYLE.get(phase, "")))
    if event.get("mode"):
        line.append(f"   robot {event['mode']}")
    for name, text in (("speed", "speed {:.0%}"), ("lag_rad", "behind {:.2f} rad"), ("lag_s", "{:.2f} s late")):
        number = _number(teleop.get(name))
        if number is not None:
            line.append("   " + text.format(number))
    if teleop.get("selected"):
        line.append(f"   moves {teleop['selected']}")
    return line


def _done(stages: Sequence[Mapping[str, Any]]) -> int:
    return sum(1 for stage in stages if stage["points"] > 0)


def _stages(stages: Sequence[Mapping[str, Any]]) -> Text:
    squares = "".join("■" if stage["points"] > 0 else "□" for stage in stages)
    left = [stage["name"] for stage in stages if not stage["points"] > 0]
    return Text(f"{squares}  {_done(stages)} of {len(stages)}" + (f", next: {left[0]}" if left else ""))


def _number(value: Any) -> float | None:
    """Return a number as a status says it: as one, as its text, or not at all."""
    try:
        return None if value in (None, "") else float(value)
    except ValueError:
        return None


def _remarks(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is to be read beside the state, each with its style."""
    teleop = event.get("teleop") or {}
    of = " of a trial" if event.get("kind") == "trials" else ""
    waits = WAITS.get(f"{event.get('state')}{of}") or WAITS.get(str(event.get("state")))
    person = waits is not None and not {"start", "seal"}.isdisjoint(event.get("can") or ())
    remarks = [(waits, "bold cyan") if person else (event.get("detail"), "")]
    remarks += [(_of_leader(teleop), "yellow"), (teleop.get("pedal"), "red")]
    findings = [each for each in event.get("quality") or [] if isinstance(each, dict)]
    remarks += [_finding(each) for each in findings[:FINDINGS]]
    remarks.append((f"and {len(findings) - FINDINGS} more" if len(findings) > FINDINGS else "", ""))
    return [(str(text), style) for text, style in remarks if text]


def _of_leader(teleop: Mapping[str, Any]) -> str:
    """Return what the leader's status says beside the robot's mode, which is shown already."""
    detail = str(teleop.get("detail") or "")
    return detail.partition("; ")[2] if teleop.get("phase") == "elsewhere" else detail


def _finding(finding: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the gate of recordings found, and its style."""
    told = f"recording: {finding.get('check')}: {finding.get('detail')}"
    return told, VERDICT_STYLE.get(str(finding.get("severity")), "")


def _verdict(event: Mapping[str, Any]) -> str:
    """Return what the gate of recordings says of the demonstration that has just ended, empty if nothing."""
    last = event.get("last") or {}
    quality = last.get("quality") or {}
    return str(quality.get("verdict") or "") if last.get("trial_id") == event.get("trial_id") else ""


def _keys(device: str, can: Collection[str] | None = None) -> Table:
    """Return what each key does; what the trial does not do now is dim."""
    table = Table.grid(padding=(0, 2))
    shown = key_help(device)
    rows = -(-len(shown) // KEY_COLUMNS)
    for k in range(rows):
        table.add_row(*(_key(keys, text, can) for keys, text in shown[k::rows]))
    return table


def _key(keys: str, text: str, can: Collection[str] | None) -> Text:
    verbs = {VERBS[key].value for key in keys.split() if key in VERBS}
    idle = can is not None and verbs and verbs.isdisjoint(can)
    return Text.assemble((keys, "dim" if idle else "bold"), (f"  {text}", "dim" if idle else ""))
