"""A scripted station behind a real desk: it keeps what it was asked for, and does it as a trial would."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.clock import FakeClock
from ros_wam.desk.desk import Desk
from ros_wam.desk.reference import References
from ros_wam.desk.state import DeskState
from ros_wam.jpeg import encode_jpeg
from ros_wam.policy.profile import Freshness

MS = 1_000_000
RUNNING = ("stop", "success", "failure", "take_over", "stage", "retry", "failure_class", "comment")
STAGES = (("cup grasped", 4.0), ("cup above the coaster", 2.0), ("cup on the coaster", 3.0), ("arm back", 1.0))


def flat(shade: int, width: int = 320, height: int = 240) -> bytes:
    return encode_jpeg(np.full((height, width, 3), shade, np.uint8))


class DeskStation:
    """Time stands still unless the test moves it, so that nothing is stale by chance."""

    def __init__(self, folder: Path, views: Mapping[str, float] | None = None) -> None:
        self.commands: list[dict[str, Any]] = []
        self.refusal: str | None = None
        self.clock = FakeClock(1_000_000_000_000)
        self.state = DeskState(views or {"global": 30.0, "wrist": 30.0}, Freshness())
        self.sitting = folder / "sitting"
        self.sitting.mkdir(parents=True, exist_ok=True)
        self.references = References(self.sitting, folder / "tasks" / "put_cup_on_coaster.yaml")
        self.desk = Desk(self.state, self.references, self.ask, self.clock)
        self.event: dict[str, Any] = {
            "event": "progress",
            "trial_id": "003",
            "state": "running",
            "kind": "trials",
            "detail": None,
            "elapsed_s": 23.4,
            "time_limit_s": 60.0,
            "prompt": "put the cup on the coaster",
            "task": "put_cup_on_coaster",
            "robot": "ur5",
            "policy": "pi05_droid",
            "index": 3,
            "of": 10,
            "mode": "POLICY",
            "stages": [{"name": n, "points": 0.0, "max_points": p, "retries": 0} for n, p in STAGES],
            "score": 0.0,
            "outcome": None,
            "valid": None,
            "cause": None,
            "comment": "",
            "failure_class": None,
            "takeovers": 0,
            "reset": ["Put the coaster on the mark.", "Stand the cup upright at the place of the reference picture."],
            "can": [*RUNNING],
        }

    def tell(self, **changes: Any) -> None:
        """Say how the trial does, as it does four times a second."""
        self.event.update(changes)
        self.state.progress(self.event, self.clock.now_ns())

    def see(self, **pictures: bytes) -> None:
        """Take these pictures now."""
        for view, jpeg in pictures.items():
            self.state.picture(view, self.clock.now_ns(), jpeg)

    def ask(self, command: Mapping[str, Any]) -> str | None:
        """Be asked by an operator."""
        self.commands.append(dict(command))
        if self.refusal is None:
            self._do(command)
        self.tell()
        return self.refusal

    def _do(self, command: Mapping[str, Any]) -> None:
        stages = {stage["name"]: stage for stage in self.event["stages"]}
        match command["verb"]:
            case "stage" | "retry":
                stage = stages[command["name"]]
                stage["retries"] += command.get("change", 0)
                stage["achieved"] = command.get("achieved", stage.get("achieved", False))
                worth = max(0.0, stage["max_points"] - 0.5 * stage["retries"])
                stage["points"] = worth if stage["achieved"] else 0.0
            case "failure_class":
                self.event["failure_class"] = command["name"]
            case "comment":
                self.event["comment"] = command["text"]
            case "take_over" | "hand_back":
                self.event["mode"] = "TELEOP" if command["verb"] == "take_over" else "POLICY"
