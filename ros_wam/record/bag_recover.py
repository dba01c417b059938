"""Makes a bag that was cut off (a kill, a full disk) into a finished one, up to its last flush."""

import fcntl
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO

from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, McapRecord, Message, Schema
from mcap.stream_reader import breakup_chunk

from ros_wam.errors import RecordError
from ros_wam.record.bag_writer import METADATA_FILE, RATE_KEY, BagWriter
from ros_wam.record.chunk_messages import RECORD
from ros_wam.record.damage import DAMAGE
from ros_wam.topics import Topic

_ASIDE = "unfinished"
_NEW = "recovering"
_MAGIC = b"\x89MCAP0\r\n"


@dataclass(frozen=True)
class Recovery:
    """What came back, and where the file that was cut off is now."""

    messages: int
    original: Path


def recover(folder: Path) -> Recovery:
    """Finish the bag in `folder`; the cut-off file is kept in `<folder>/unfinished`.

    Raises RecordError when the bag is finished already, when there is none, when it is still being written, or when the
    disk refuses. When it is cut off itself, it can be run again.
    """
    folder = folder.resolve()  # the new file is named after it, and "." has no name
    source = _source(folder)
    try:
        with source.open("rb") as file:
            _lock(file, folder)
            if (folder / METADATA_FILE).exists():  # looked for under the lock: a writer may just have finished
                raise RecordError(f"the bag {folder} is finished; there is nothing to recover")
            return _replace(folder, source)
    except OSError as error:
        raise RecordError(f"cannot recover the bag {folder}: {error}") from error


def _source(folder: Path) -> Path:
    found = sorted((folder / _ASIDE).glob("*.mcap")) or sorted(folder.glob("*.mcap"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found)
        raise RecordError(f"{folder} holds several bags: {names}" if found else f"no bag in {folder}: it has no *.mcap")
    return found[0]


def _lock(file: IO[bytes], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RecordError(f"the bag {folder} is still being written (or recovered)") from error


def _replace(folder: Path, source: Path) -> Recovery:
    new, aside = folder / _NEW / folder.name, folder / _ASIDE / source.name
    shutil.rmtree(new.parent, ignore_errors=True)
    try:
        messages = _rewrite(source, new)
        aside.parent.mkdir(exist_ok=True)
        source.replace(aside)
        for name in (f"{folder.name}_0.mcap", METADATA_FILE):  # the metadata last: with it, the bag is finished
            (new / name).replace(folder / name)
    finally:
        shutil.rmtree(new.parent, ignore_errors=True)
    return Recovery(messages, aside)


def _rewrite(source: Path, new: Path) -> int:
    chunks = _complete_chunks(source)
    first = next(chunks, [])  # none: it was cut off before its first message, and an empty bag is all there was
    schemas = {record.id: record for record in first if isinstance(record, Schema)}
    channels = {record.id: record for record in first if isinstance(record, Channel)}  # all of them: see BagWriter
    topics = {number: _topic(channel, schemas) for number, channel in channels.items()}
    messages = 0
    with BagWriter(new, {topic.name: topic for topic in topics.values()}) as writer:
        for record in chain(first, chain.from_iterable(chunks)):
            if isinstance(record, Message):
                writer.write(topics[record.channel_id].name, record.log_time, record.data, record.publish_time)
                messages += 1
    return messages


def _complete_chunks(source: Path) -> Iterator[list[McapRecord]]:
    """Yield the records of every chunk that is whole, up to the first damage."""
    size = source.stat().st_size
    with source.open("rb") as file:
        if not _MAGIC.startswith(file.read(len(_MAGIC))):
            raise RecordError(f"{source} is not an MCAP file")
        while len(head := file.read(RECORD.size)) == RECORD.size:
            opcode, length = RECORD.unpack(head)
            if opcode in (0, Opcode.DATA_END) or length > size - file.tell():
                return
            data = file.read(length)
            if opcode != Opcode.CHUNK:
                continue
            try:
                yield breakup_chunk(Chunk.read(ReadDataStream(BytesIO(data))), validate_crc=True)
            except DAMAGE:
                return


def _topic(channel: Channel, schemas: dict[int, Schema]) -> Topic:
    rate = channel.metadata.get(RATE_KEY, "")
    profile = channel.metadata["offered_qos_profiles"]
    return Topic(
        channel.topic.removeprefix("/"),
        schemas[channel.schema_id].name,
        float(rate) if rate else None,
        reliable="reliability: reliable" in profile,
        latched="durability: transient_local" in profile,
        depth=int(profile.split("depth: ")[1].split()[0]),
    )
