"""Writes one rosbag2 bag (MCAP). A bag without `metadata.yaml` is unfinished: nothing else ever looks like a result."""

import fcntl
import os
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from mcap.writer import CompressionType, Writer

from ros_wam.errors import RecordError
from ros_wam.record.bag_metadata import BagContents, bag_metadata, qos_profile
from ros_wam.record.cdr import typestore
from ros_wam.topics import Topic

METADATA_FILE = "metadata.yaml"
RATE_KEY = "expected_rate_hz"
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # several times as fast, where PyYAML has it
_CHUNK_BYTES = 512 * 1024
_FLUSH_NS = 800_000_000  # with the time that a message waits in a queue, a kill costs less than a second


class BagWriter:
    """One bag in the new folder `folder`: `<folder>_0.mcap`, and `metadata.yaml` once it is closed.

    Topics are recorded as in the root namespace, whatever the station's. A message's log time is when it was received,
    its publish time when what it says was true, where that is known. Used by one thread. Raises RecordError when the
    disk does not take the data; such a bag stays unfinished.
    """

    def __init__(self, folder: Path, topics: Mapping[str, Topic]) -> None:
        self._folder = folder
        self._path = folder / f"{folder.name}_0.mcap"
        self._topics = dict(topics)
        self._failure: str | None = None
        self._counts = dict.fromkeys(topics, 0)
        self._written = self._start_ns = self._end_ns = 0
        self._flushed_ns = -_FLUSH_NS
        try:
            folder.mkdir(parents=True)
            self._file = self._path.open("xb")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until closed: nobody may take it for cut off
        except OSError as error:
            raise RecordError(f"cannot make the bag {folder}: {error.strerror}") from error
        self._writer = Writer(self._file, chunk_size=_CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library="ros_wam")
        self._channels = self._register()

    def _register(self) -> dict[str, int]:
        schemas: dict[str, int] = {}
        channels: dict[str, int] = {}
        for name, topic in self._topics.items():
            if topic.type not in schemas:
                definition, _ = typestore().generate_msgdef(topic.type, ros_version=2)
                schemas[topic.type] = self._writer.register_schema(topic.type, "ros2msg", definition.encode())
            metadata = {
                "offered_qos_profiles": yaml.dump([qos_profile(topic)], Dumper=_DUMPER),
                "topic_type_hash": typestore().hash_rihs01(topic.type),
                RATE_KEY: "" if topic.rate_hz is None else str(topic.rate_hz),
            }
            channels[name] = self._writer.register_channel(f"/{name}", "cdr", schemas[topic.type], metadata)
        return channels

    def write(self, topic: str, stamp_ns: int, data: bytes, publish_ns: int | None = None) -> None:
        """Append the message `data` (CDR), received at `stamp_ns`; at least every 0.8 s all goes to the system."""
        if topic not in self._channels:
            raise RecordError(f"no topic {topic} in {self._folder}; there are: {', '.join(self._channels)}")
        if self._written == 0:
            self._start_ns = self._end_ns = stamp_ns  # it is flushed at once: with it goes what the topics are
        self._start_ns, self._end_ns = min(self._start_ns, stamp_ns), max(self._end_ns, stamp_ns)
        try:
            self._writer.add_message(
                self._channels[topic],
                log_time=stamp_ns,
                data=data,
                publish_time=stamp_ns if publish_ns is None else publish_ns,
                sequence=self._counts[topic],
            )
        except OSError as error:
            raise self._failed(error) from error
        self._counts[topic] += 1
        self._written += 1
        if stamp_ns - self._flushed_ns >= _FLUSH_NS:
            self._flushed_ns = stamp_ns
            self.flush()

    def flush(self) -> None:
        """Give everything written so far to the system, so that only a crash of the machine can lose it."""
        try:
            self._writer.flush()  # type: ignore[no-untyped-call]
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Finish the bag and make it durable; after this it is complete, and visible as such."""
        if self._failure is not None:  # the file may lack a part, even if the disk has room again
            self.abandon()
            raise RecordError(self._failure)
        contents = BagContents(self._path.name, self._start_ns, self._end_ns, self._counts)
        metadata = yaml.dump(bag_metadata(contents, list(self._topics.values())), Dumper=_DUMPER, sort_keys=False)
        temporary = self._folder / f".{METADATA_FILE}"
        try:
            self._writer.add_metadata("rosbag2", {"serialized_metadata": metadata})
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._file.flush()
            os.fsync(self._file.fileno())
            with temporary.open("w") as file:
                file.write("rosbag2_bagfile_information:\n" + textwrap.indent(metadata, "  "))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / METADATA_FILE)
            self._file.close()
        except OSError as error:
            self.abandon()
            raise self._failed(error) from error

    def abandon(self) -> None:
        """Release the file as it is: an unfinished bag, to be recovered up to the last flush. Does not raise."""
        try:
            self._file.close()
        except OSError:  # the buffer does not fit on the disk either; the descriptor is released all the same
            return

    def _failed(self, error: OSError) -> RecordError:
        self._failure = f"cannot write {self._path} after {self._written} messages: {error.strerror}"
        return RecordError(self._failure)

    def __enter__(self) -> "BagWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()
