"""Live progress of a running sitting: a table on a terminal, plain lines elsewhere."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ros_wam.cli.told import read_told

OUTCOME_STYLE = {"success": "green", "failure": "red", "aborted": "yellow"}


class Progress:
    """Shows progress events as they come; use as a context manager."""

    def __init__(self, console: Console, trials: int) -> None:
        self._console = console
        self._trials = trials
        self._last_state = ""
        self._live = Live(console=console, refresh_per_second=5, transient=True) if console.is_terminal else None

    def __enter__(self) -> "Progress":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, line: str) -> None:
        """Show one line of `trial_node`'s output; a line that is not a JSON object is shown as it is."""
        event = read_told(line, self._console)
        if event is None:
            return
        if event.get("state") == "scored" and "outcome" in event:
            self._console.print(scored_line(event, self._trials))
        if self._live is not None:
            self._live.update(self._table(event))
        elif event.get("state") != self._last_state:
            said = " – ".join(str(part) for part in (event.get("state"), event.get("detail")) if part)
            self._console.print(f"trial {event.get('trial_id')}/{self._trials:03d}: {said}", markup=False)
        self._last_state = str(event.get("state"))

    def _table(self, event: Mapping[str, Any]) -> Table:
        table = Table.grid(padding=(0, 2))
        stages = event.get("stages") or []
        done = sum(1 for stage in stages if stage["points"] > 0)
        table.add_row(
            Text(f"trial {event.get('trial_id')}/{self._trials:03d}", style="bold"),
            Text(str(event.get("state")), style="cyan"),
            f"{float(event.get('elapsed_s') or 0.0):5.1f} s",
            f"{'■' * done}{'□' * (len(stages) - done)}",
            str(event.get("mode") or ""),
            f"inference {float(event['latency_ms']):.0f} ms" if event.get("latency_ms") else "",
            str(event.get("detail") or ""),
        )
        return table


def scored_line(event: Mapping[str, Any], trials: int) -> Text:
    """Return the one line that remains of a scored trial."""
    line = Text(f"trial {event['trial_id']}/{trials:03d}  ")
    line.append(f"{event['outcome']:8}", style=OUTCOME_STYLE.get(str(event["outcome"]), ""))
    line.append(f"  score {100 * float(event['score']):.0f} %  {float(event['duration_s']):.1f} s")
    if not event.get("valid", True):
        line.append(f"  invalid: {event.get('cause')}", style="yellow")
    if event.get("comment"):
        line.append(f"  {event['comment']}", style="dim")
    return line
