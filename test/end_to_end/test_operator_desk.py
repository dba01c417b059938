"""A trial on the production path that a person lays out, starts, marks and seals, by the desk alone."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from stack import Stack, run_stack

TASK = "move_objects_into_box"


class Person:
    """Does each thing once, when the desk lets it; `refused` is what the desk said no to."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.refused: list[str] = []
        self._done: set[tuple[str, ...]] = set()

    def __call__(self, stack: Stack, event: dict[str, Any]) -> None:
        assert stack.run.desk is not None
        self._desk, state, can = stack.run.desk.url, str(event["state"]), event["can"]
        if state not in self.states:
            self.states.append(state)
        if state in ("resetting", "ready") and "start" in can:
            if state == "ready" or self._ask({"verb": "capture_reference"}):
                self._once({"verb": "start"}, state)
        elif state == "running" and event["elapsed_s"] > 1.0:
            self._once({"verb": "stage", "name": "cube grasped", "achieved": True})
            self._once({"verb": "retry", "name": "cube grasped", "change": 1})
            self._once({"verb": "failure"})
        elif state == "marking":
            self._once({"verb": "failure_class", "name": "jitter"})
            self._once({"verb": "comment", "text": "knocked it over"})
            self._once({"verb": "seal"})

    def _once(self, command: dict[str, Any], *when: str) -> None:
        key = (command["verb"], *when)
        if key not in self._done and self._ask(command):
            self._done.add(key)

    def _ask(self, command: dict[str, Any]) -> bool:
        try:
            answer = httpx.post(f"{self._desk}command", json=command, timeout=10.0)
        except httpx.ConnectError:  # the desk is coming up
            return False
        if not answer.is_success and command["verb"] != "capture_reference":  # for which no picture may be there yet
            self.refused.append(f"{command['verb']}: {answer.text}")
        return answer.is_success


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stack, Person]:
    person = Person()
    return run_stack(tmp_path_factory.mktemp("desk"), person, operator=True, task=TASK), person


def test_every_step_waits_for_the_person(run: tuple[Stack, Person]) -> None:
    _, person = run
    assert person.refused == []
    assert person.states == ["resetting", "homing", "ready", "preparing", "running", "stopping", "marking", "scored"]


def test_the_trial_is_what_was_marked(run: tuple[Stack, Person]) -> None:
    (trial,) = run[0].results()
    assert (trial["outcome"], trial["valid"], trial["failure_class"]) == ("failure", True, "jitter")
    assert trial["comment"] == "knocked it over"
    assert trial["score"] == pytest.approx(0.05)
    first, *others = trial["stages"]
    assert (first["name"], first["points"], first["retries"]) == ("cube grasped", 0.5, 1)
    assert all(stage["points"] == 0.0 for stage in others)


def test_the_scene_is_kept_for_the_next_sitting_too(run: tuple[Stack, Person]) -> None:
    sitting = run[0].sitting
    for folder in (sitting / "reference/001", sitting.parent / "reference" / TASK / "001"):
        assert sorted(path.name for path in Path(folder).iterdir()) == ["global.jpg", "wrist.jpg"]
        assert (folder / "global.jpg").read_bytes()[:2] == b"\xff\xd8"
