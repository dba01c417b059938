"""Answers that look like success and are errors, as the servers that are known give them: for every family alike.

openpi and its kin: a text frame with a traceback. StarVLA: `ok` false, `status` "error", `error.message`. HoloBrain:
zeros as actions beside an `error`. GR00T: `error`, or the bytes ERROR. OpenVLA, OFT and Cosmos: status 200 and the text
"error". LeRobot: no bytes at all.
"""

import reprlib
from collections.abc import Mapping
from typing import Any

from ros_wam.errors import PolicyAnswerInvalid

_MOST_CHARACTERS = 500
_brief = reprlib.Repr()  # `str` of what is nested deep raises RecursionError
_brief.maxstring = _brief.maxother = _MOST_CHARACTERS


def refuse_error_frame(data: bytes | str) -> bytes:
    """Return a frame's bytes; raises PolicyAnswerInvalid where the frame itself says that the server failed."""
    if isinstance(data, str):
        raise PolicyAnswerInvalid(f"the policy server failed: {_last_line(data)}")
    if data == b"ERROR":
        raise PolicyAnswerInvalid("the policy server failed: it answered ERROR")
    if not data:
        raise PolicyAnswerInvalid("the policy server gave an empty answer")
    return data


def refuse_error(answer: Any) -> Any:
    """Return a decoded answer; raises PolicyAnswerInvalid with the server's words where it tells of an error."""
    if isinstance(answer, str):
        raise PolicyAnswerInvalid(f"the policy server failed: {_last_line(answer)}")
    if isinstance(answer, Mapping):
        error = answer.get("error")
        told = error is True or (isinstance(error, (str, bytes, list, Mapping)) and bool(error))  # a number may be none
        if told or answer.get("ok") is False or answer.get("status") == "error":
            raise PolicyAnswerInvalid(f"the policy server failed: {_words(error)}")
    return answer


def _words(error: Any) -> str:
    if isinstance(error, Mapping):
        error = error.get("message", error)
    if error is None or isinstance(error, bool):
        return "without a word"
    return _last_line(error if isinstance(error, str) else _brief.repr(error))


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2][:_MOST_CHARACTERS] or "without a word"
