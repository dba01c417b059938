"""What the reference servers of every wire share: they listen while they are entered."""

from types import TracebackType
from typing import TypeVar

Server = TypeVar("Server", bound="Listening")


class Listening:
    """A server of the tests, which provides `start` and a `stop` that is repeatable."""

    def start(self) -> None:
        """Listen, at the port of the last time if there was one."""
        raise NotImplementedError

    def stop(self) -> None:
        """Cut every connection and listen no more, as a process that is killed does."""
        raise NotImplementedError

    def __enter__(self: Server) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
