"""Ends a decoder that does what no decoder may: run code, start a process, open a file or connect."""

import sys
from typing import Any

FORBIDDEN = ("exec", "open", "socket.connect", "socket.bind", "ctypes.dlopen", "shutil.rmtree")
FORBIDDEN_FAMILIES = ("os.", "subprocess.")


class ForbiddenDeed(BaseException):
    """Not an Exception: no `except` of a decoder may hide it."""


class Guard:
    """While it is entered, such events of the interpreter (`sys.addaudithook`) end in `ForbiddenDeed`."""

    def __init__(self) -> None:
        self._watching = False
        sys.addaudithook(self._hook)

    def __enter__(self) -> "Guard":
        self._watching = True
        return self

    def __exit__(self, *_: object) -> None:
        self._watching = False

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._watching and (event in FORBIDDEN or event.startswith(FORBIDDEN_FAMILIES)):
            self._watching = False  # what comes of the error may look at files
            raise ForbiddenDeed(f"{event} {str(arguments)[:200]}")
