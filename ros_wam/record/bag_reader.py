"""Reads one finished bag, straight from its MCAP file: rosbags parses a long metadata.yaml first."""

from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from mcap.reader import SeekingReader

from ros_wam.errors import RecordError
from ros_wam.record.bag_writer import METADATA_FILE, RATE_KEY
from ros_wam.record.cdr import deserialize
from ros_wam.record.chunk_messages import chunk_messages
from ros_wam.record.damage import DAMAGE


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
        self._folder = folder
        files = sorted(folder.glob("*.mcap"))
        if len(files) != 1:
            names = ", ".join(path.name for path in files)
            raise RecordError(f"{folder} holds several bags: {names}" if files else f"no bag in {folder}")
        try:
            if not (folder / METADATA_FILE).is_file():
                raise RecordError(f"the bag {folder} was never finished; recover it with: ros-wam bag recover {folder}")
            self._file = files[0].open("rb")
        except OSError as error:
            raise self._damaged(error) from error
        try:
            summary = SeekingReader(self._file).get_summary()
        except DAMAGE as error:
            self._file.close()
            raise self._damaged(error) from error
        if summary is None or summary.statistics is None:
            self._file.close()
            raise self._damaged("its summary is missing")
        self._channels = {_relative(channel.topic): channel for channel in summary.channels.values()}
        self._schemas, self._statistics = summary.schemas, summary.statistics
        self._chunks = sorted(summary.chunk_indexes, key=lambda index: index.chunk_start_offset)

    @property
    def topics(self) -> dict[str, str]:
        """The type of each topic, recorded messages or not."""
        return {topic: self._schemas[channel.schema_id].name for topic, channel in self._channels.items()}

    @property
    def counts(self) -> dict[str, int]:
        """The number of messages on each topic."""
        counts = self._statistics.channel_message_counts
        return {topic: counts.get(channel.id, 0) for topic, channel in self._channels.items()}

    @property
    def expected_rates_hz(self) -> dict[str, float]:
        """The rate that each topic was to have; without those that have none."""
        rates = {topic: channel.metadata.get(RATE_KEY) for topic, channel in self._channels.items()}
        return {topic: float(rate) for topic, rate in rates.items() if rate}

    @property
    def start_ns(self) -> int:
        """When the first message was received."""
        return int(self._statistics.message_start_time)

    @property
    def end_ns(self) -> int:
        """When the last message was received."""
        return int(self._statistics.message_end_time)

    def messages(self, topics: Collection[str] | None = None) -> Iterator[BagMessage]:
        """Yield the messages of `topics` (all when None) in the order written; RecordError for an unknown topic."""
        for topic, stamp_ns, kind, data in self.raw_messages(topics):
            yield BagMessage(topic, stamp_ns, deserialize(kind, data))

    def raw_messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Yield like `messages`, without decoding."""
        known = self.topics
        unknown = sorted(set(topics or ()) - set(known))
        if unknown:
            raise RecordError(f"no {', '.join(unknown)} in {self._folder}; there are: {', '.join(known)}")
        wanted = {channel.id: topic for topic, channel in self._channels.items() if topics is None or topic in topics}
        try:
            for index in self._chunks:
                if wanted.keys() & index.message_index_offsets.keys():
                    for channel, stamp_ns, data in chunk_messages(self._file, index, wanted):
                        yield RawMessage(wanted[channel], stamp_ns, known[wanted[channel]], data)
        except DAMAGE as error:
            raise self._damaged(error) from error

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _damaged(self, why: object) -> RecordError:
        return RecordError(f"cannot read the bag {self._folder}: {why}")

    def __enter__(self) -> "BagReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _relative(topic: str) -> str:
    return topic.removeprefix("/")
