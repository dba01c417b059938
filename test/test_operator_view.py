"""What an operator sees in a terminal, and where the keys that are typed there go."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from desk_station import DeskStation
from rich.console import Console

from ros_wam.cli.operator_view import OperatorView
from ros_wam.clock import FakeClock
from ros_wam.desk.serve import DeskServer
from ros_wam.desk_access import DeskAccess

TOKEN = "a-token-of-the-lab"


@pytest.fixture
def station(tmp_path: Path) -> DeskStation:
    return DeskStation(tmp_path)


class Terminal:
    """A view on a terminal of 80 × 24; `out` is what was written to it."""

    def __init__(self, port: int = 1, token: str | None = None) -> None:
        self.out, self.clock = StringIO(), FakeClock(1_000_000_000)
        self.console = Console(file=self.out, width=80, height=24, force_terminal=True, color_system=None)
        self.view = OperatorView(self.console, 10, DeskAccess("127.0.0.1", port, token), self.clock)

    def rows(self) -> list[str]:
        lines = self.console.render_lines(self.view._picture(), pad=False)
        return ["".join(segment.text for segment in line).rstrip() for line in lines]

    def text(self) -> str:
        return "\n".join(self.rows())


def event(station: DeskStation, **changes: Any) -> str:
    stages = [dict(stage) for stage in station.event["stages"]]
    stages[0] |= {"points": 3.5, "retries": 1, "achieved": True}
    more = {"freshness": {"global": 21.4, "wrist": None}, "skew_ms": 12.0, "latency_ms": 84.0, "stages": stages}
    return json.dumps({**station.event, **more, **changes})


def test_the_state_and_the_score_sheet_are_shown(station: DeskStation) -> None:
    terminal = Terminal()
    assert "coming up" in terminal.text()
    terminal.view.show(event(station, takeovers=2, failure_class="jitter", comment="slipped"))
    rows = terminal.rows()
    assert rows[0] == "trial 3 of 10   running   23 of 60 s   POLICY   inference 84 ms   taken over 2 ×"
    text = "\n".join(rows)
    for words in (
        "put the cup on the coaster",
        "3.5 / 4",
        "1 retry",
        "3.5 of 10 points   not marked yet   jitter   slipped",
    ):
        assert words in text
    assert "global 21 ms   wrist –   skew 12 ms" in text


@pytest.mark.parametrize(
    ("state", "can", "words"),
    [
        ("resetting", ["start", "stop"], "lay the scene out, then press enter"),
        ("ready", ["start", "stop"], "ready: press enter, and keep clear"),
        ("marking", ["seal"], "score the trial, then press enter to seal it"),
        ("ready", ["stop"], "wrist: no image for 2.0 s"),
    ],
)
def test_what_is_waited_for_is_said(station: DeskStation, state: str, can: list[str], words: str) -> None:
    terminal = Terminal()
    terminal.view.show(event(station, state=state, can=can, detail="wrist: no image for 2.0 s"))
    assert words in terminal.text()


def test_it_fits_a_terminal_of_80_by_24_with_ten_stages(station: DeskStation) -> None:
    terminal = Terminal()
    stages = [{"name": f"object {k} above the box", "points": 1.0, "max_points": 1.0, "retries": 2} for k in range(10)]
    terminal.view.show(event(station, state="resetting", can=["start"], stages=stages, reset=["one", "two", "three"]))
    assert len(terminal.rows()) <= 24 and not any("…" in row for row in terminal.rows()[:-6])


def test_the_outcome_of_each_stays_and_so_do_other_words(station: DeskStation) -> None:
    terminal = Terminal()
    terminal.view.show(event(station, state="scored", outcome="success", score=0.9, duration_s=21.0, valid=True))
    terminal.view.show("a word [of] another process\n")
    assert "trial 003/010  success   score 90 %  21.0 s" in terminal.out.getvalue()
    assert "a word [of] another process" in terminal.out.getvalue()


def test_a_stage_is_called_by_all_of_its_name(station: DeskStation) -> None:
    terminal = Terminal()
    terminal.view.show(event(station, stages=[{"name": "cup [red] grasped", "points": 0.0, "max_points": 1.0}]))
    assert "cup [red] grasped" in terminal.text()


@pytest.fixture
def desk(station: DeskStation) -> Iterator[DeskServer]:
    server = DeskServer(station.desk, "127.0.0.1", 0, TOKEN)
    yield server
    server.close()


@pytest.mark.slow
def test_keys_reach_the_trial_in_order_and_refusals_come_back(station: DeskStation, desk: DeskServer) -> None:
    terminal = Terminal(desk.port, TOKEN)
    with terminal.view:
        terminal.view.show(event(station))
        terminal.view.typed(b"2r2cyes")
        assert "comment: yes" in terminal.text()
        terminal.view.typed(b", by n\r")
        terminal.view.typed(b"\x1b[A")  # an arrow is no escape
        terminal.view.typed(b"f4\x1b")
        terminal.clock.advance_ns(100_000_000)
        terminal.view.typed(b"")
        station.refusal = "no trial runs"
        terminal.view.typed(b"y")
        terminal.view._client._pool.shutdown()
    assert station.commands == [
        {"verb": "stage", "name": "cup above the coaster", "achieved": True},
        {"verb": "retry", "name": "cup above the coaster", "change": 1},
        {"verb": "comment", "text": "yes, by n"},
        {"verb": "failure_class", "name": "timeout"},
        {"verb": "stop"},
        {"verb": "success"},
    ]
    assert terminal.rows()[-1] == "success: no trial runs"


@pytest.mark.slow
def test_a_key_that_is_held_asks_once(station: DeskStation, desk: DeskServer) -> None:
    terminal = Terminal(desk.port, TOKEN)
    terminal.view.show(event(station, state="ready", can=["start", "stop"]))
    for _ in range(40):
        terminal.view.typed(b"\r")
        terminal.clock.advance_ns(500_000_000)  # longer than any terminal waits before it repeats
    terminal.clock.advance_ns(300_000_000)
    terminal.view.typed(b"\r")
    terminal.view.typed(b"11")
    terminal.view._client._pool.shutdown()
    assert [command["verb"] for command in station.commands] == ["start", "start", "stage", "stage"]


@pytest.mark.slow
def test_a_desk_that_is_gone_is_told() -> None:
    terminal = Terminal()
    terminal.view.typed(b"y")
    terminal.view._client._pool.shutdown()
    assert "success: the desk does not answer" in terminal.text()
