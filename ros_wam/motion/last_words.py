"""What a process that died left in its log, in one line: what it said, how it died, where in Python it was."""

import re
from itertools import takewhile
from pathlib import Path

FATAL = "Fatal Python error: "
"""How `faulthandler` begins what it tells of a native crash."""
CURRENT_THREAD = "Current thread"
TRACEBACK = "Traceback (most recent call last):"
LINES = 2
FRAMES = 3
LONGEST = 600
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_FRAME = re.compile(r'File "(.+)", line (\d+),? in (.+)')


def last_words(log: str) -> str:
    """Return what is useful of the end of `log`, or `none`."""
    said, fatal, dump = log.partition(FATAL)
    if fatal:
        error, _, threads = dump.partition("\n")
        words = [*_lines(said), f"{error} in {_place(threads)}"]
    else:
        said, begun, stack = log.rpartition(TRACEBACK)
        frames, error = _parted(stack) if begun else ("", "")
        words = [*_lines(said)[-1:], f"{error} in {_frames(frames, innermost_first=False)}"] if error else _lines(log)
    return "; ".join(words)[-LONGEST:] or "none"


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [line for line in lines if line not in _CHAINED][-LINES:]


def _parted(stack: str) -> tuple[str, str]:
    """Return the frames of a traceback and the exception's line; that is empty if the process went on to say more."""
    lines = [line for line in stack.splitlines() if line.strip()]
    frames = list(takewhile(lambda line: line[0] == " ", lines))
    return "\n".join(frames), lines[-1] if len(lines) == len(frames) + 1 else ""


def _place(threads: str) -> str:
    """Where the thread was that crashed; one that a library started has no place in Python."""
    _, current, stack = threads.partition(CURRENT_THREAD)
    return _frames(stack.partition("\n\n")[0], innermost_first=True) if current else "a thread of the library's own"


def _frames(stack: str, innermost_first: bool) -> str:
    frames = _FRAME.findall(stack)
    frames = frames if innermost_first else frames[::-1]
    told = [f"{name} ({_short(Path(file))}:{line})" for file, line, name in frames[:FRAMES]]
    return " < ".join(told) or "no Python code"


def _short(file: Path) -> str:
    return f"{file.parent.name}/{file.name}" if file.name == "__init__.py" else file.name
