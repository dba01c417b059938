"""Writes `docs/images/teleop_terminal.png`: what a person who teleoperates sees in the terminal."""

import io
import json
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from rich.console import Console

from ros_wam.cli.teleop_view import TeleopView
from ros_wam.task import load_task

ROOT = Path(__file__).parents[1]
TASK = load_task(ROOT / "config/tasks/put_cup_on_coaster.yaml")
WIDTH = 100


def event() -> dict[str, Any]:
    """Return what trial_node tells in the midst of a demonstration."""
    stages = [{"name": s.name, "points": 0.0, "max_points": s.points, "retries": 0} for s in TASK.stages]
    stages[0] |= {"points": 4.0, "achieved": True}
    return {
        "kind": "demonstrations",
        "trial_id": "007",
        "index": 7,
        "of": 50,
        "state": "running",
        "mode": "TELEOP",
        "prompt": TASK.prompt,
        "elapsed_s": 8.4,
        "stages": stages,
        "can": ["stop", "success", "failure", "discard"],
        "teleop": {"phase": "following", "detail": "", "lag_rad": "0.031", "lag_s": "0.12", "speed": "0.5"},
        "quality": [{"check": "view_skew", "severity": "warn", "detail": "wrist is up to 52 ms behind global"}],
        "last": {"trial_id": "006", "outcome": "success", "quality": {"verdict": "good", "findings": []}},
    }


def main() -> None:
    """Draw the view, and photograph it."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    view = TeleopView(console, 50, "gello")
    console.print(view._picture(json.loads(json.dumps(event()))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "terminal.html"
        svg = console.export_svg(
            title="ros-wam teleop --robot arx5 --device gello --task put_cup_on_coaster --episodes 50"
        )
        page_file.write_text(f"<body style='margin:0'><div style='width:980px'>{svg}</div>", encoding="utf-8")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 980, "height": 600})
        page.goto(page_file.as_uri())
        page.locator("svg").screenshot(path=ROOT / "docs/images/teleop_terminal.png")
        browser.close()


if __name__ == "__main__":
    main()
