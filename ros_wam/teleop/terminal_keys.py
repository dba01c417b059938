"""What a terminal sends when keys are pressed, as names of keys: `w`, `+`, `enter`, `esc`, `space`, …"""

import re
from collections.abc import Iterator

NAMES = {"\r": "enter", "\n": "enter", "\t": "tab", " ": "space", "\x7f": "backspace", "\x08": "backspace"}
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O])")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?$")
ESCAPE_NS = 50_000_000
"""So long the rest of a sequence is waited for; a lone escape is the key."""


class TerminalKeys:
    """Takes bytes as they come, split anywhere; what is no key, such as an arrow's sequence, is left out."""

    def __init__(self) -> None:
        self._begun, self._begun_ns = "", 0

    def feed(self, data: bytes, now_ns: int) -> Iterator[str]:
        """Yield the keys that `data`, read at `now_ns`, completes. Letters are small, whatever caps lock says."""
        yield from self.late(now_ns)
        text = self._begun + data.decode("ascii", "ignore")
        self._begun = ""
        while text:
            unfinished = _UNFINISHED.match(text)
            if unfinished:
                self._begun, self._begun_ns = text, now_ns
                return
            sequence = _SEQUENCE.match(text)
            if sequence:
                text = text[sequence.end() :]
                continue
            key, text = text[0], text[1:]
            if key in NAMES or key.isprintable():
                yield NAMES.get(key, key.lower())

    def late(self, now_ns: int) -> Iterator[str]:
        """Yield the escape that turns out to be a key, because nothing follows it."""
        if self._begun and now_ns - self._begun_ns > ESCAPE_NS:
            begun, self._begun = self._begun, ""
            if begun == "\x1b":
                yield "esc"
