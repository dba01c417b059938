"""Recorded pictures as an H.264 stream, one sample for each picture, so that every picture keeps its own stamp."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np

from ros_wam.errors import ExportError
from ros_wam.export.recorded_view import RecordedPicture

KEY_FRAME_EVERY = 30
"""A viewer that jumps to an instant decodes from the key frame before it: at most a second of pictures."""
_OPTIONS = {
    "preset": "veryfast",
    "tune": "zerolatency",  # no picture waits for another: what goes in comes out, in order
    "crf": "23",
    "x264-params": "annexb=1:repeat-headers=1:scenecut=0",
}


def annex_b(pictures: Iterable[RecordedPicture]) -> Iterator[tuple[int, bytes]]:
    """Yield the stamp of each picture (JPEG) and its Annex-B sample (ITU-T H.264, annex B).

    Each key frame comes with the parameter sets, as a stream needs it. Raises RecordError for what is no picture,
    ExportError for pictures that change their size, and where the encoder kept one back.
    """
    encoder: av.VideoCodecContext | None = None
    for number, picture in enumerate(pictures):
        image = picture.decoded()
        height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2  # 4:2:0 has no half pixels of colour
        if encoder is None:
            encoder = _encoder(width, height)
        if (encoder.width, encoder.height) != (width, height):
            raise ExportError(f"picture {number} is {width}x{height}, those before {encoder.width}x{encoder.height}")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
        frame.pts = number
        sample = b"".join(bytes(packet) for packet in encoder.encode(frame))
        if not sample:
            raise ExportError(f"the H.264 encoder kept picture {number} back")
        yield picture.stamp_ns, sample


def _encoder(width: int, height: int) -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, KEY_FRAME_EVERY)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = KEY_FRAME_EVERY, 0, 1
    encoder.options = _OPTIONS
    return encoder
