"""What a person who runs trials sees and types in a terminal: the state, the score sheet, single keys for each verb."""

import codecs
import threading
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ros_wam.cli.desk_client import DeskClient
from ros_wam.cli.desk_keys import HELP, DeskKeys
from ros_wam.cli.progress import scored_line
from ros_wam.cli.told import read_told
from ros_wam.clock import Clock
from ros_wam.desk_access import DeskAccess
from ros_wam.teleop.key_map import VERBS
from ros_wam.teleop.keys import AGAIN_NS
from ros_wam.teleop.terminal_keys import TerminalKeys
from ros_wam.trial.score_sheet import FAILURE_CLASSES

REFRESH_HZ = 8
TONES = {"FAULT": "bold red", "TELEOP": "bold magenta", "POLICY": "bold green", "HOMING": "bold yellow"}
WAITS = {
    "resetting": "lay the scene out, then press enter",
    "ready": "ready: press enter, and keep clear",
    "marking": "score the trial, then press enter to seal it",
}


class OperatorView:
    """A View of a sitting whose keys ask the desk; use as a context manager."""

    def __init__(self, console: Console, trials: int, desk: DeskAccess, clock: Clock) -> None:
        self._console, self._trials, self._clock = console, trials, clock
        self._lock = threading.RLock()  # an answer comes in the client's thread
        self._event: Mapping[str, Any] = {}
        self._keys, self._terminal = DeskKeys(), TerminalKeys()
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._seen_ns: dict[str, int] = {}
        self._client = DeskClient(desk, self._draw)
        self._live = Live(console=console, refresh_per_second=REFRESH_HZ, transient=True)

    def __enter__(self) -> "OperatorView":
        self._live.start()
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__(None, None, None)
        self._live.stop()

    def show(self, line: str) -> None:
        """Show one line of `trial_node`'s output; a line that is not a JSON object is shown as it is."""
        event = read_told(line, self._console)
        if event is None:
            return
        if event.get("state") == "scored" and event.get("outcome") is not None:
            self._console.print(scored_line(event, self._trials))
        self._event = event
        self.typed(b"")
        self._draw()

    def typed(self, data: bytes) -> None:
        """Take what was typed, and ask the desk for what it means."""
        for key in self._terminal.late(self._clock.now_ns()):
            self._press(key)
        text = self._decoder.decode(data)
        while text:
            if self._keys.line is not None:
                command, text = self._keys.text(text)
                self._ask(command)
                continue
            for key in self._terminal.feed(text[0].encode(), self._clock.now_ns()):
                self._press(key)
            text = text[1:]
        if data:
            self._draw()

    def _press(self, key: str) -> None:
        """Take a key; one that stands for a verb and is held repeats, and asks once."""
        now_ns, seen_ns = self._clock.now_ns(), self._seen_ns.get(key)
        self._seen_ns[key] = now_ns
        if key not in VERBS or seen_ns is None or now_ns - seen_ns >= AGAIN_NS:
            self._ask(self._keys.key(key, self._event))

    def _ask(self, command: Mapping[str, Any] | None) -> None:
        if command is not None:
            self._client.send(command)

    def _draw(self) -> None:
        with self._lock:
            self._live.update(self._picture())

    def _picture(self) -> RenderableType:
        event = self._event
        if not event:
            return Group(Text("the station is coming up …", style="cyan"), _help(), self._last_line())
        rows: list[RenderableType] = [_head(event, self._trials), Text(str(event.get("prompt") or ""), style="italic")]
        rows += [_waiting(event), *_reset(event), _sheet(event), _verdict(event), _views(event), Text(), _help()]
        return Group(*rows, self._last_line())

    def _last_line(self) -> Text:
        keys = self._keys
        if keys.line is not None:
            return Text.assemble(
                ("comment: ", "bold"), keys.line, ("▏", "blink"), ("   enter sends it, esc leaves", "dim")
            )
        if keys.prefix == "f":
            return Text("  ".join(f"{k} {n.replace('_', ' ')}" for k, n in enumerate(FAILURE_CLASSES, 1)), "bold")
        if keys.prefix:
            return Text(f"{'a retry more' if keys.prefix == 'r' else 'a retry less'} in stage …", "bold")
        return Text(self._client.answer, "red" if ":" in self._client.answer else "dim")


def _head(event: Mapping[str, Any], trials: int) -> Text:
    mode, limit_s = str(event.get("mode") or ""), float(event.get("time_limit_s") or 0.0)
    line = Text.assemble(
        (f"trial {event.get('index') or event.get('trial_id')} of {event.get('of') or trials}", "bold")
    )
    line.append(f"   {event.get('state') or ''}", "cyan")
    line.append(f"   {float(event.get('elapsed_s') or 0.0):.0f} of {limit_s:.0f} s")
    line.append(f"   {mode}", TONES.get(mode, ""))
    if event.get("latency_ms"):
        line.append(f"   inference {float(event['latency_ms']):.0f} ms")
    if event.get("takeovers"):
        line.append(f"   taken over {event['takeovers']} ×", "magenta")
    return line


def _waiting(event: Mapping[str, Any]) -> Text:
    can, state = event.get("can") or (), str(event.get("state"))
    if state in WAITS and ({"start", "seal"} & set(can)):
        return Text(WAITS[state], "bold yellow")
    return Text(str(event.get("detail") or ""), "yellow")


def _reset(event: Mapping[str, Any]) -> list[Text]:
    steps = event.get("reset") or () if event.get("state") == "resetting" else ()
    return [Text(f"  {number}. {step}") for number, step in enumerate(steps, 1)]


def _sheet(event: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    for number, stage in enumerate(event.get("stages") or (), 1):
        done, retries = stage.get("achieved", stage["points"] > 0), stage.get("retries") or 0
        table.add_row(
            Text(str(number % 10) if number <= 10 else "", "bold"),
            Text("■" if done else "□", "green" if done else "dim"),
            Text(str(stage["name"])),
            f"{stage['points']:g} / {stage['max_points']:g}",
            Text(f"{retries} {'retry' if retries == 1 else 'retries'}" if retries else "", "yellow"),
        )
    return table


def _verdict(event: Mapping[str, Any]) -> Text:
    stages = event.get("stages") or ()
    line = Text.assemble((f"{sum(stage['points'] for stage in stages):g}", "bold"))
    line.append(f" of {sum(stage['max_points'] for stage in stages):g} points")
    outcome = event.get("outcome")
    line.append(f"   {outcome or 'not marked yet'}", {"success": "green", "failure": "red"}.get(str(outcome), ""))
    for value in (event.get("failure_class"), event.get("comment")):
        line.append(f"   {str(value).replace('_', ' ')}" if value else "")
    return line


def _views(event: Mapping[str, Any]) -> Text:
    ages = event.get("freshness") or {}
    said = [f"{view} {'–' if age is None else f'{age:.0f} ms'}" for view, age in ages.items()]
    skew = event.get("skew_ms")
    line = Text("   ".join([*said, *([] if skew is None else [f"skew {skew:.0f} ms"])]), "dim")
    if event.get("views_trouble"):
        line.append(f"   {event['views_trouble']}", "red")
    return line


def _help() -> Table:
    table = Table.grid(padding=(0, 2))
    half = -(-len(HELP) // 2)
    for left, right in zip(HELP[:half], HELP[half:], strict=True):
        table.add_row(*(Text.assemble((keys, "bold"), f"  {text}") for keys, text in (left, right)))
    return table
