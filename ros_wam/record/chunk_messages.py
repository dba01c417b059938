"""The messages of one chunk of an MCAP file, as they were written: mcap sorts them first, and takes much longer."""

import struct
from collections.abc import Collection, Iterator
from typing import IO, NamedTuple

from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Chunk, ChunkIndex
from mcap.stream_reader import get_chunk_data_stream

RECORD = struct.Struct("<BQ")
"""What every record begins with: opcode, length of what follows."""
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time; then the data


class ChunkMessage(NamedTuple):
    """One message, still serialized; `stamp_ns` is its log time."""

    channel: int
    stamp_ns: int
    data: bytes


def chunk_messages(file: IO[bytes], index: ChunkIndex, channels: Collection[int]) -> Iterator[ChunkMessage]:
    """Yield the messages on `channels`; raises one of DAMAGE when the chunk is not what was written."""
    file.seek(index.chunk_start_offset + RECORD.size)
    stream, length = get_chunk_data_stream(Chunk.read(ReadDataStream(file)), validate_crc=True)
    data = stream.read(length)
    start = 0
    while start < length:
        opcode, size = RECORD.unpack_from(data, start)
        start += RECORD.size
        if opcode == Opcode.MESSAGE:
            channel, _, stamp_ns, _ = _MESSAGE.unpack_from(data, start)
            if channel in channels:
                yield ChunkMessage(channel, stamp_ns, data[start + _MESSAGE.size : start + size])
        start += size
