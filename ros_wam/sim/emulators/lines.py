"""ASCII protocols: text that arrives in pieces, handed on line by line."""

from collections.abc import Callable

_LINE_LIMIT = 1 << 20  # an upload is ~50 kB in many lines; a longer line is not one


class LineReader:
    """Collects bytes and calls `take` with each complete line, without its line end."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = b""

    def receive(self, data: bytes) -> None:
        """Add bytes as they arrived."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-_LINE_LIMIT:]
        for line in lines:
            self._take(line.rstrip(b"\r").decode("utf-8", "replace"))
