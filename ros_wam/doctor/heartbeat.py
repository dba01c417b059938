"""The enable heartbeat of an examination, sent only while nobody else sends one: on a real station others listen."""

from collections.abc import Callable


class Heartbeat:
    """`send` publishes enable, `publishers` tells how many publish it where we do, ourselves among them.

    Once another was there nothing is sent any more: what was enabled before is disabled by our silence, and a word of
    ours could stop, or let go, a robot that is theirs.
    """

    def __init__(self, send: Callable[[bool], None], publishers: Callable[[], int]) -> None:
        self._send, self._publishers = send, publishers
        self._enabled = False
        self.others = 0
        """The most others that were there at once."""

    def beat(self) -> None:
        """Enable, until the next beat is due."""
        if self._alone():
            self._enabled = True
            self._send(True)

    def end(self) -> None:
        """Disable what was enabled."""
        if self._enabled and self._alone():
            self._send(False)
        self._enabled = False

    def _alone(self) -> bool:
        self.others = max(self.others, self._publishers() - 1)
        return self.others == 0
