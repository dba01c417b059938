"""A process without which there is no station: the trial is scored as its fault before everything ends."""

import signal
from pathlib import Path
from typing import Any

import pytest
from stack import Stack, run_stack


@pytest.mark.parametrize(("name", "cause"), [("sim_node", "simulation_failed"), ("robot_node", "control_process_died")])
def test_the_trial_says_what_died(tmp_path: Path, name: str, cause: str) -> None:
    def kill(stack: Stack, event: dict[str, Any]) -> None:
        if event["state"] == "running" and event["elapsed_s"] > 1.0:
            stack.supervisor.signal(name, signal.SIGKILL)

    stack = run_stack(tmp_path / "runs", kill, trials=2)
    assert stack.ended == name
    (trial,) = stack.results()
    assert (trial["outcome"], trial["valid"], trial["cause"]) == ("aborted", False, cause)
    assert name in trial["comment"]
