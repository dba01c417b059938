"""Each question is answered by its own id, and one that nobody answers is not taken for done."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from ros_wam.desk import asking
from ros_wam.desk.asking import Asking
from ros_wam.errors import TrialError


class Trial:
    """Answers at once, each question with the refusal that its verb has in `refusals`."""

    def __init__(self, refusals: Mapping[str, str | None]) -> None:
        self.asking = Asking(self.hear)
        self.heard: list[Mapping[str, Any]] = []
        self._refusals = refusals

    def hear(self, command: Mapping[str, Any]) -> None:
        self.heard.append(command)
        self.asking.hear({"event": "progress", "state": "running"})
        self.asking.hear({"event": "answer", "id": "another's", "refusal": "not yours"})
        if command["verb"] in self._refusals:
            self.asking.hear({"event": "answer", "id": command["id"], "refusal": self._refusals[command["verb"]]})


def test_the_answer_is_that_of_the_same_id() -> None:
    trial = Trial({"stop": None, "start": "no trial waits"})
    assert trial.asking.ask({"verb": "stop"}) is None
    assert trial.asking.ask({"verb": "start"}) == "no trial waits"
    first, second = trial.heard
    assert first["id"] != second["id"] and first["verb"] == "stop"


def test_silence_is_not_taken_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_S", 0.0)
    with pytest.raises(TrialError, match="did not answer within 0 s; stop may be done or not"):
        Trial({}).asking.ask({"verb": "stop"})


def test_many_ask_at_once_and_each_gets_its_own() -> None:
    trial = Trial({f"verb{number}": f"no {number}" for number in range(20)})
    told: dict[int, str | None] = {}
    threads = [
        threading.Thread(target=lambda n=number: told.update({n: trial.asking.ask({"verb": f"verb{n}"})}))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {number: f"no {number}" for number in range(20)}
