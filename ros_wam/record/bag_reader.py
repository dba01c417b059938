"""Reads one finished bag."""

from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from rosbags.rosbag2 import Reader, ReaderError

from ros_wam.errors import RecordError
from ros_wam.record.bag_metadata import expected_rates_hz
from ros_wam.record.bag_writer import METADATA_FILE
from ros_wam.record.cdr import deserialize


class BagMessage(NamedTuple):
    """One recorded message, decoded; `stamp_ns` is when it was received."""

    topic: str
    stamp_ns: int
    message: Any


class RawMessage(NamedTuple):
    """One recorded message as its bytes (CDR)."""

    topic: str
    stamp_ns: int
    type: str
    data: bytes


class BagReader:
    """The bag in `folder`. Raises RecordError when there is none, when it is unfinished, or when it is damaged."""

    def __init__(self, folder: Path) -> None:
        if not (folder / METADATA_FILE).is_file():
            unfinished = any(folder.glob("*.mcap"))
            raise RecordError(
                f"the bag {folder} was never finished; recover it with: ros-wam bag recover {folder}"
                if unfinished
                else f"no bag in {folder}"
            )
        self._folder = folder
        self._reader = Reader(folder)
        try:
            self._reader.open()
        except ReaderError as error:
            raise RecordError(f"cannot read the bag {folder}: {error}") from error

    @property
    def topics(self) -> dict[str, str]:
        """The type of each topic, recorded messages or not."""
        return {_relative(connection.topic): connection.msgtype for connection in self._reader.connections}

    @property
    def counts(self) -> dict[str, int]:
        """The number of messages on each topic."""
        return {_relative(connection.topic): connection.msgcount for connection in self._reader.connections}

    @property
    def expected_rates_hz(self) -> dict[str, float]:
        """The rate that each topic was to have; without those that have none."""
        return expected_rates_hz(self._reader.storage.metadata.custom)

    @property
    def start_ns(self) -> int:
        """When the first message was received."""
        return int(self._reader.start_time)

    @property
    def end_ns(self) -> int:
        """When the last message was received."""
        return int(self._reader.end_time) - 1  # rosbags says one nanosecond past it

    def messages(self, topics: Collection[str] | None = None) -> Iterator[BagMessage]:
        """Yield the messages of `topics` (all when None) in the order received; RecordError for an unknown topic."""
        for topic, stamp_ns, kind, data in self.raw_messages(topics):
            yield BagMessage(topic, stamp_ns, deserialize(kind, data))

    def raw_messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Yield like `messages`, without decoding."""
        unknown = sorted(set(topics or ()) - set(self.topics))
        if unknown:
            raise RecordError(f"no {', '.join(unknown)} in {self._folder}; there are: {', '.join(self.topics)}")
        wanted = [c for c in self._reader.connections if topics is None or _relative(c.topic) in topics]
        if not wanted:
            return
        try:
            for connection, stamp_ns, data in self._reader.messages(wanted):
                yield RawMessage(_relative(connection.topic), stamp_ns, connection.msgtype, bytes(data))
        except ReaderError as error:
            raise RecordError(f"cannot read the bag {self._folder}: {error}") from error

    def close(self) -> None:
        """Release the file."""
        self._reader.close()

    def __enter__(self) -> "BagReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _relative(topic: str) -> str:
    return topic.removeprefix("/")
