"""Asks a trial by messages, and waits for the answer that bears the question's id."""

import itertools
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ros_wam.errors import TrialError

ANSWER_S = 2.0


class Asking:
    """Questions from any thread go out through `say`; `hear` is told of every event, by another."""

    def __init__(self, say: Callable[[Mapping[str, Any]], None]) -> None:
        self._say = say
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[str, threading.Event] = {}
        self._refusals: dict[str, str | None] = {}

    def ask(self, command: Mapping[str, Any]) -> str | None:
        """Return why `command` is refused, None when it is done; raises TrialError when nobody says within 2 s."""
        asked, answered = f"desk-{os.getpid()}-{next(self._numbers)}", threading.Event()
        with self._lock:
            self._open[asked] = answered
        try:
            self._say({**command, "id": asked})
            if not answered.wait(ANSWER_S):
                raise TrialError(
                    f"the trial did not answer within {ANSWER_S:g} s; {command['verb']} may be done or not"
                )
            return self._refusals[asked]
        finally:
            with self._lock:
                self._open.pop(asked, None)
                self._refusals.pop(asked, None)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take note of a `trial_event`: the answers among them end the waiting."""
        asked = event.get("id")
        if event.get("event") != "answer" or not isinstance(asked, str):
            return
        with self._lock:
            answered = self._open.get(asked)
            if answered is not None:
                refusal = event.get("refusal")
                self._refusals[asked] = None if refusal is None else str(refusal)
                answered.set()
