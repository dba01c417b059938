"""What is to be done later in a trial."""

from collections.abc import Callable


class Deeds:
    """Each is done once, at the first `do` at or after its time."""

    def __init__(self) -> None:
        self._due: list[tuple[int, Callable[[], None]]] = []

    def at(self, due_ns: int, act: Callable[[], None]) -> None:
        """Do something at `due_ns`."""
        self._due.append((due_ns, act))

    def do(self, now_ns: int) -> None:
        """Do what is due."""
        due, self._due = [d for d in self._due if d[0] <= now_ns], [d for d in self._due if d[0] > now_ns]
        for _, act in due:
            act()

    def clear(self) -> None:
        """Forget what was not due yet."""
        self._due.clear()
