"""A camera that goes on sending its last picture, stamped anew: the robot holds and the trial does not count."""

from pathlib import Path
from typing import Any

from stack import Stack, run_stack


def test_a_frozen_camera_is_named_as_the_cause(tmp_path: Path) -> None:
    frozen: list[float] = []

    def freeze_a_camera(stack: Stack, event: dict[str, Any]) -> None:
        if not frozen and event["state"] == "running" and event["elapsed_s"] > 2.0:
            stack.link.inject("frozen_camera")
            frozen.append(event["elapsed_s"])

    stack = run_stack(tmp_path / "runs", freeze_a_camera)
    (trial,) = stack.results()
    assert frozen
    assert (trial["outcome"], trial["valid"], trial["cause"]) == ("aborted", False, "camera_stale")
    assert "wrist" in trial["comment"] or "global" in trial["comment"]
