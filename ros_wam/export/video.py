"""Pictures as a video that everything plays and that training code can seek in: H.264 in MP4."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.codec.context import ThreadType
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from ros_wam.errors import ExportError

CODEC = "libx264"
PIXELS = "yuv420p"
KEY_FRAME_EVERY = 10
"""A frame is decoded from the key frame before it: fewer are smaller, more are faster to jump to."""
# Without B frames, frames are decoded in the order in which they are shown, and videos can be joined without decoding.
_OPTIONS = {"crf": "18", "preset": "veryfast", "g": str(KEY_FRAME_EVERY), "bf": "0"}
_FASTSTART = {"movflags": "faststart"}  # what a player must know first is at the front of the file


def write_video(path: Path, rate: Fraction, pictures: Iterator[NDArray[np.uint8]]) -> int:
    """Write HxWx3 RGB pictures, `rate` a second, and return how many there were.

    Raises ExportError when there is none, when one is of another size, or when a side is odd.
    """
    first = next(pictures, None)
    if first is None:
        raise ExportError(f"{path.name}: there is no picture to show")
    height, width = first.shape[:2]
    if height % 2 or width % 2:
        raise ExportError(f"{path.name}: pictures are {width}x{height} px, {PIXELS} needs even numbers")
    count = 0
    with av.open(str(path), "w", options=_FASTSTART) as container:
        stream = cast(av.VideoStream, container.add_stream(CODEC, rate=rate, options=_OPTIONS))
        stream.width, stream.height, stream.pix_fmt = width, height, PIXELS
        stream.codec_context.time_base = 1 / rate
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.colorspace = Colorspace.ITU601
        picture: NDArray[np.uint8] | None = first
        while picture is not None:
            if picture.shape != first.shape:
                raise ExportError(f"{path.name}: a picture is of shape {picture.shape}, the first of {first.shape}")
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=PIXELS, dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG)
            frame.pts, frame.time_base = count, 1 / rate
            container.mux(stream.encode(frame))
            count += 1
            picture = next(pictures, None)
        container.mux(stream.encode(None))
    return count


def join_videos(parts: Sequence[Path], path: Path) -> list[int]:
    """Write videos of `write_video`, of one size and rate, one after the other, undecoded; return their frame counts.

    Raises ExportError when they do not fit together.
    """
    counts: list[int] = []
    with av.open(str(path), "w", options=_FASTSTART) as joined:
        stream = None
        for part in parts:
            with av.open(str(part)) as container:
                source = container.streams.video[0]
                if stream is None:
                    stream = joined.add_stream_from_template(source)
                    kind = _kind(source)
                if _kind(source) != kind:
                    raise ExportError(f"{part} cannot be joined to {parts[0]}: its size, rate or encoding is another")
                counts.append(_append(container, source, joined, stream, sum(counts)))
    return counts


def _kind(stream: av.VideoStream) -> tuple[object, ...]:
    context = stream.codec_context
    return (context.width, context.height, stream.average_rate, stream.time_base, context.extradata)


def _append(
    container: av.container.InputContainer,
    source: av.VideoStream,
    joined: av.container.OutputContainer,
    stream: av.VideoStream,
    before: int,
) -> int:
    assert source.time_base is not None and source.average_rate is not None
    ticks = 1 / (source.average_rate * source.time_base)
    count = 0
    for packet in container.demux(source):
        if packet.size:  # the last one is empty and ends the stream
            packet.pts = packet.dts = round((before + count) * ticks)
            packet.time_base = source.time_base
            packet.stream = stream
            joined.mux(packet)
            count += 1
    return count


def read_video(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield each frame's time after the first [s] and its HxWx3 RGB picture; raises ExportError when it is no video."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_type = ThreadType.AUTO
            for frame in container.decode(stream):
                yield float(frame.time or 0.0), np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    except (av.FFmpegError, IndexError) as error:
        raise ExportError(f"cannot read the video {path}: {error}") from error
