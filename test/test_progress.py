"""What is shown of a sitting where there is no terminal."""

import json
from io import StringIO

from rich.console import Console

from ros_wam.cli.progress import Progress


def test_each_state_is_a_line_and_says_what_is_waited_for() -> None:
    out = StringIO()
    events = [("resetting", "the scene to be laid out"), ("resetting", "the scene to be laid out"), ("running", None)]
    with Progress(Console(file=out, width=200), trials=3) as progress:
        for state, detail in events:
            progress.show(json.dumps({"trial_id": "001", "state": state, "detail": detail}))
        progress.show("a word of another process\n")
    assert out.getvalue().splitlines() == [
        "trial 001/003: resetting – the scene to be laid out",
        "trial 001/003: running",
        "a word of another process",
    ]
