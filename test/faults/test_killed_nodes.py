"""`kill -9` of what runs and records trials, at random moments: no finished trial is lost, and the sitting goes on.

`ROS_WAM_KILLS=50 pytest -m faults test/faults/test_killed_nodes.py` kills as often as that.
"""

import json
import os
import random
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stack import Stack

from ros_wam.clock import StationClock
from ros_wam.errors import RecordError
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_recover import recover
from ros_wam.request import Request
from ros_wam.share import share_dir
from ros_wam.trial.results import load_results
from ros_wam.trial.seal import check_seal

pytestmark = [pytest.mark.slow, pytest.mark.ros, pytest.mark.faults]

KILLS = int(os.environ.get("ROS_WAM_KILLS", "50"))
VICTIMS = ("trial_node", "recorder_node")
LATEST_S = 18.0
"""From the start of the processes: they are up after 5 s, a trial takes 5."""
SEED = 6


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A task whose trials are over soon."""
    path = tmp_path / "config" / "tasks" / "move_objects_into_box.yaml"
    path.parent.mkdir(parents=True)
    text = (share_dir() / "config" / "tasks" / path.name).read_text()
    path.write_text(text.replace("time_limit_s: 90.0", "time_limit_s: 1.5"))
    return path


def test_no_finished_trial_is_lost(tmp_path: Path, task: Path) -> None:
    chance = random.Random(SEED)
    asked = {"robot": "ur5", "policy": "baseline", "task": str(task), "sim": True, "seed": 3, "record_dir": tmp_path}
    told: dict[str, dict[str, Any]] = {}
    killed: list[str] = []
    folder: Path | None = None
    while len(killed) < KILLS:
        stack = Stack(Request(**asked, trials=1000, resume=folder))
        folder = stack.sitting
        killed += kill(stack, chance, told, KILLS - len(killed))
        check_kept(folder, told)
    last = Stack(Request(**asked, trials=len(told) + 1, resume=folder))
    told |= {event["trial_id"]: event for event in scored(last, lambda: None)}
    assert last.ended == "trial_node" and folder is not None
    check_kept(folder, told)
    assert sorted(told) == [f"{k + 1:03d}" for k in range(len(told))]
    assert set(killed) == set(VICTIMS) or KILLS < 10
    lasted_s = {trial["bag"]: trial["duration_s"] for trial in load_results(folder)["trials"]}
    for bag in sorted(folder.glob("trials/*/bag")):  # before a start there may have been nothing to record yet
        assert messages_in(bag) > 0 or not lasted_s.get(str(bag.relative_to(folder))), bag


def kill(stack: Stack, chance: random.Random, told: dict[str, dict[str, Any]], most: int) -> list[str]:
    """Kill a process at a random moment, and the next, until the run has ended of it; return who was killed."""
    clock, killed = StationClock(), []
    due_ns = clock.now_ns() + round(chance.uniform(0.5, LATEST_S) * 1e9)

    def strike() -> None:
        nonlocal due_ns
        if clock.now_ns() < due_ns or len(killed) == most or "trial_node" in killed:
            return
        victim = chance.choice(VICTIMS) if len(killed) < most - 1 else "trial_node"
        if stack.supervisor.runs(victim):
            stack.supervisor.signal(victim, signal.SIGKILL)
            killed.append(victim)
            due_ns = clock.now_ns() + round(chance.uniform(0.5, LATEST_S) * 1e9)

    for event in scored(stack, strike):
        told[event["trial_id"]] = event
    return killed


def scored(stack: Stack, meanwhile: Any) -> Iterator[dict[str, Any]]:
    """Run to the end of `stack`, calling `meanwhile` often; yield the events of trials that are finished."""
    with stack.supervisor:
        output = stack.supervisor.output
        assert output is not None
        ended = None
        while ended is None:
            ended = stack.supervisor.ended()
            lines = list(output) if ended is not None else []
            if ended is None and select.select([output], [], [], 0.05)[0]:
                lines = [output.readline()]
            for line in lines:
                event = json.loads(line) if line.endswith("\n") else {}
                if event.get("state") == "scored":
                    yield event
            meanwhile()
        stack.ended = ended.name


def check_kept(folder: Path, told: dict[str, dict[str, Any]]) -> None:
    """Everything that was told to be finished is in the results as it was told, and sealed."""
    trials = {trial["trial_id"]: trial for trial in load_results(folder)["trials"]}
    for trial_id, event in told.items():
        assert trial_id in trials, f"{trial_id} was finished and is lost"
        kept = trials[trial_id]
        assert (kept["outcome"], kept["score"], kept["cause"]) == (event["outcome"], event["score"], event["cause"])
        assert check_seal(folder / "trials" / trial_id) == []


def messages_in(bag: Path) -> int:
    """Return how many messages a bag holds, recovered first where it was cut off."""
    try:
        reader = BagReader(bag)
    except RecordError:
        recover(bag)
        reader = BagReader(bag)
    with reader:
        return sum(1 for _ in reader.raw_messages())
