"""What the keys of an operator's terminal ask for: verbs as anywhere else, and marks on the score sheet."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ros_wam.teleop.key_map import VERBS
from ros_wam.trial.score_sheet import FAILURE_CLASSES

RETRY, UNDO_RETRY, CLASS, COMMENT = "r", "u", "f", "c"
HELP = (
    ("enter", "start; once scored: seal"),
    ("esc", "stop"),
    ("y n", "success, failure"),
    ("t g", "take over, hand back"),
    ("1 … 9", "stage achieved (0: tenth)"),
    ("r 1 … 9", "a retry more in it (u: less)"),
    ("f 1 … 6", "failure class"),
    ("c", "comment, to enter"),
)
_ERASING = ("\x7f", "\x08")
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")


class DeskKeys:
    """Turns keys into commands of `operator_command`, by what the newest progress event allows."""

    def __init__(self) -> None:
        self.prefix = ""
        self.line: str | None = None
        """The comment as it is typed, None while none is."""

    def key(self, key: str, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what `key`, named as by `TerminalKeys`, asks for; None for nothing, or not yet."""
        prefix, self.prefix = self.prefix, ""
        if key.isdigit():
            return self._digit(prefix, (int(key) - 1) % 10, event)
        if key in (RETRY, UNDO_RETRY, CLASS):
            self.prefix = key
        elif key == COMMENT and "comment" in _can(event):
            self.line = str(event.get("comment") or "")
        elif key in VERBS:
            verb = VERBS[key].value
            return {"verb": "seal" if key == "enter" and "seal" in _can(event) else verb}
        return None

    def text(self, typed: str) -> tuple[dict[str, Any] | None, str]:
        """Take text of a comment; return the command once it is entered, and what was typed after it.

        Escape leaves the comment as it was; what other keys send, such as an arrow's, is no text.
        """
        typed = _SEQUENCE.sub("", typed)
        for index, letter in enumerate(typed):
            if letter in "\r\n":
                text, self.line = self.line, None
                return {"verb": "comment", "text": text}, typed[index + 1 :]
            if letter == "\x1b":
                self.line = None
                return None, typed[index + 1 :]
            if letter in _ERASING:
                self.line = (self.line or "")[:-1]
            elif letter.isprintable():
                self.line = (self.line or "") + letter
        return None, ""

    def _digit(self, prefix: str, index: int, event: Mapping[str, Any]) -> dict[str, Any] | None:
        if prefix == CLASS:
            if index >= len(FAILURE_CLASSES):
                return None
            name = FAILURE_CLASSES[index]
            return {"verb": "failure_class", "name": None if event.get("failure_class") == name else name}
        stages: Sequence[Mapping[str, Any]] = event.get("stages") or ()
        if index >= len(stages):
            return None
        stage = stages[index]
        if prefix:
            return {"verb": "retry", "name": stage["name"], "change": 1 if prefix == RETRY else -1}
        return {"verb": "stage", "name": stage["name"], "achieved": not stage.get("achieved", stage["points"] > 0)}


def _can(event: Mapping[str, Any]) -> Sequence[str]:
    return event.get("can") or ()
