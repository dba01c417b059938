"""What an operator may ask for: a closed list of verbs, each with its own fields and no others."""

from collections.abc import Mapping
from typing import Any
from unicodedata import category

from ros_wam.errors import SpecError
from ros_wam.trial.score_sheet import FAILURE_CLASSES

CAPTURE = "capture_reference"
"""Keeps the pictures of now as the reference that this scene is laid out by; the desk does it itself."""
PLAIN = ("start", "stop", "success", "failure", "discard", "rerecord", "take_over", "hand_back", "seal", CAPTURE)
FIELDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(PLAIN, ()),
    "stage": ("name", "achieved"),
    "retry": ("name", "change"),
    "failure_class": ("name",),
    "comment": ("text",),
}
"""The fields of each verb."""
MAX_TEXT = 2000
_TEXTS = ("name", "text")
_NO_TEXT = ("Cc", "Cs")  # what would steer a terminal, and what no file can hold


def check_command(value: Any) -> dict[str, Any]:
    """Return what a browser sent as a command, without an `id` of its own; raises SpecError saying what is wrong."""
    if not isinstance(value, Mapping):
        raise SpecError(f"a command must be a JSON object, not {type(value).__name__}")
    command = {str(key): item for key, item in value.items() if key != "id"}
    verb = command.get("verb")
    if not isinstance(verb, str) or verb not in FIELDS:
        raise SpecError(f"no verb {verb!r}; there are: {', '.join(FIELDS)}")
    due = {"verb", *FIELDS[verb]}
    if set(command) != due:
        raise SpecError(f"{verb} must have {', '.join(sorted(due))}, and has {', '.join(sorted(command))}")
    for name in due - {"verb"}:
        _check_field(verb, name, command[name])
    return command


def _check_field(verb: str, name: str, value: Any) -> None:
    if verb == "failure_class":
        if value is not None and value not in FAILURE_CLASSES:
            raise SpecError(f"{verb}: name is {value!r}, must be null or one of {', '.join(FAILURE_CLASSES)}")
    elif name in _TEXTS and not (isinstance(value, str) and len(value) <= MAX_TEXT):
        raise SpecError(f"{verb}: {name} must be text of at most {MAX_TEXT} characters")
    elif name in _TEXTS and any(letter not in "\n\t" and category(letter) in _NO_TEXT for letter in value):
        raise SpecError(f"{verb}: {name} must be text without control characters and halves of characters")
    elif name == "achieved" and not isinstance(value, bool):
        raise SpecError(f"{verb}: achieved is {value!r}, must be true or false")
    elif name == "change" and (isinstance(value, bool) or value not in (1, -1)):
        raise SpecError(f"{verb}: change is {value!r}, must be 1 or -1")
