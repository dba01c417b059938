"""A policy server that is not there from the beginning, or lies: no trial counts. `test/faults` kills one that was."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_policy import garbage_server
from stack import Stack, run_stack

from ros_wam.share import share_dir
from ros_wam.trial.sitting_runner import NOTHING_COUNTS


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Path]:
    """A profile of the baseline that somebody else serves, on a port where nobody listens."""
    data = yaml.safe_load((share_dir() / "config" / "policies" / "baseline.yaml").read_text())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "elsewhere.yaml"
    path.write_text(yaml.safe_dump({**data, "name": "elsewhere", "serve": [], "url": f"ws://127.0.0.1:{port}"}))
    return path


def only_trial(stack: Stack) -> dict[str, Any]:
    (trial,) = stack.results()
    assert not trial["valid"]
    assert trial["outcome"] == "aborted"
    return trial


@pytest.mark.thorough  # it waits half a minute
def test_a_server_that_is_not_there(tmp_path: Path, profile: Path) -> None:
    stack = run_stack(tmp_path / "runs", policy=str(profile))
    trial = only_trial(stack)
    assert trial["cause"] == "policy_unreachable"
    assert stack.supervisor.exit_status("trial_node") == NOTHING_COUNTS


def test_a_server_that_answers_garbage(tmp_path: Path, profile: Path) -> None:
    with garbage_server() as url:
        data = yaml.safe_load(profile.read_text())
        profile.write_text(yaml.safe_dump({**data, "url": url}))
        stack = run_stack(tmp_path / "runs", policy=str(profile))
    trial = only_trial(stack)
    assert trial["cause"] in ("policy_answer_invalid", "policy_mismatch")
