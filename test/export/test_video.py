"""Pictures as a video, and videos joined without decoding."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ros_wam.errors import ExportError
from ros_wam.export.video import join_videos, read_video, write_video

RATE = Fraction(30)


def picture(k: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """Three bars, whose colours tell the number."""
    image = np.zeros((*size, 3), dtype=np.uint8)
    third = size[1] // 3
    for bar, colour in enumerate(((200, 40, 40), (40, 180, 60), (50, 60, 220))):
        image[:, bar * third : (bar + 1) * third] = colour
    image[:, 2 * third :] = (k * 29) % 200 + 20
    return image


def write(path: Path, first: int, count: int, size: tuple[int, int] = (48, 64)) -> Path:
    assert write_video(path, RATE, (picture(k, size) for k in range(first, first + count))) == count
    return path


def test_pictures_come_back(tmp_path: Path) -> None:
    frames = list(read_video(write(tmp_path / "a.mp4", 0, 25)))
    assert [round(at_s * 30, 6) for at_s, _ in frames] == list(range(25))
    for k, (_, image) in enumerate(frames):
        inner = np.s_[4:-4, [8, 30, 54]]  # away from the edges, where colours bleed
        assert np.abs(image[inner].astype(int) - picture(k)[inner]).max() <= 6


def test_it_is_what_players_and_training_code_want(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 0, 25)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 30 and not stream.codec_context.has_b_frames
        packets = [packet for packet in container.demux(stream) if packet.size]
    assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
    keys = [k for k, packet in enumerate(packets) if packet.is_keyframe]
    assert keys[0] == 0 and max(np.diff([*keys, 25])) <= 10
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(15), Fraction(7), Fraction(30000, 1001)])
def test_joined_videos_show_what_each_showed_at_its_place(tmp_path: Path, rate: Fraction) -> None:
    parts, counts = [], (7, 12, 1)
    for k, count in enumerate(counts):
        parts.append(tmp_path / f"{k}.mp4")
        write_video(parts[-1], rate, (picture(100 * k + j) for j in range(count)))
    assert join_videos(parts, tmp_path / "all.mp4") == list(counts)
    joined = list(read_video(tmp_path / "all.mp4"))
    assert [round(at_s * rate, 3) for at_s, _ in joined] == list(range(20))
    alone = [image for part in parts for _, image in read_video(part)]
    assert all(np.array_equal(a, b) for a, (_, b) in zip(alone, joined, strict=True))


def test_videos_of_another_size_are_not_joined(tmp_path: Path) -> None:
    parts = [write(tmp_path / "a.mp4", 0, 3), write(tmp_path / "b.mp4", 0, 3, (64, 64))]
    with pytest.raises(ExportError, match="its size, rate or encoding is another"):
        join_videos(parts, tmp_path / "all.mp4")


def test_pictures_that_fit_no_video_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="63x48 px, yuv420p needs even numbers"):
        write_video(tmp_path / "a.mp4", RATE, iter([np.zeros((48, 63, 3), np.uint8)]))
    with pytest.raises(ExportError, match=r"of shape \(48, 62, 3\), the first of \(48, 64, 3\)"):
        write_video(tmp_path / "a.mp4", RATE, iter([picture(0), np.zeros((48, 62, 3), np.uint8)]))
    with pytest.raises(ExportError, match="no picture to show"):
        write_video(tmp_path / "a.mp4", RATE, iter([]))


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no")
    with pytest.raises(ExportError, match="cannot read the video"):
        list(read_video(tmp_path / "a.mp4"))
