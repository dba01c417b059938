"""H.264 samples: one for each picture, in order, that a decoder makes the same pictures of."""

import av
import cv2
import numpy as np
import pytest

from ros_wam.errors import ExportError, RecordError
from ros_wam.export.annex_b import KEY_FRAME_EVERY, annex_b
from ros_wam.export.recorded_view import RecordedPicture

PICTURES = 70


def picture(k: int, height: int = 48, width: int = 64) -> RecordedPicture:
    image = np.full((height, width, 3), 40, np.uint8)
    image[:, : 8 + k % 40] = (30, 200, 90)
    return RecordedPicture(1_000 * k, cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())


def decoded(samples: list[bytes]) -> list[np.ndarray]:
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for sample in samples for frame in decoder.decode(av.Packet(sample))]
    return [frame.to_ndarray(format="bgr24") for frame in [*frames, *decoder.decode(None)]]


def test_every_picture_has_a_sample_of_its_own_with_its_stamp() -> None:
    samples = list(annex_b(map(picture, range(PICTURES))))
    assert [stamp_ns for stamp_ns, _ in samples] == [1_000 * k for k in range(PICTURES)]
    images = decoded([sample for _, sample in samples])
    assert len(images) == PICTURES
    for k, image in enumerate(images):
        shown = cv2.imdecode(np.frombuffer(picture(k).data, np.uint8), cv2.IMREAD_COLOR)
        assert np.abs(image.astype(int) - shown).mean() < 6.0
        edge = 8 + k % 40
        assert image[24, max(edge - 4, 0), 1] > 150 > image[24, min(edge + 4, 63), 1]


def test_a_viewer_can_begin_at_every_key_frame() -> None:
    samples = [sample for _, sample in annex_b(map(picture, range(PICTURES)))]
    assert all(sample.startswith(b"\x00\x00\x00\x01") for sample in samples)
    for k in range(0, PICTURES, KEY_FRAME_EVERY):
        assert len(decoded(samples[k:])) == PICTURES - k


def test_half_a_pixel_of_colour_is_left_out() -> None:
    assert decoded([sample for _, sample in annex_b([picture(0, 49, 65)])])[0].shape == (48, 64, 3)


def test_what_is_no_picture_or_changes_its_size_is_refused() -> None:
    with pytest.raises(RecordError, match="the picture captured at 5 is damaged: 10 bytes that are not a JPEG"):
        list(annex_b([picture(0), RecordedPicture(5, b"no picture")]))
    with pytest.raises(ExportError, match="picture 1 is 64x24, those before 64x48"):
        list(annex_b([picture(0), picture(1, 24, 64)]))
