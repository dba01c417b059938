"""Reads a few pictures of each view from a trial's bag, for the report."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ros_wam.jpeg import decode_jpeg, encode_jpeg
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.cdr import deserialize, source_stamp_ns
from ros_wam.trial.episode import PICTURES, Picture

PICTURE_WIDTH = 320  # twice what the report shows, for dense screens
_IMAGE = "/image/compressed"


def read_film(bag_dir: Path, start_ns: int, end_ns: int) -> dict[str, tuple[Picture, ...]]:
    """Return `PICTURES` evenly spaced pictures of each view, from the first to the last of the trial.

    Raises RecordError when the bag cannot be read.
    """
    wanted_ns = [start_ns + round(k / (PICTURES - 1) * (end_ns - start_ns)) for k in range(PICTURES)]
    nearest: dict[tuple[str, int], tuple[int, bytes]] = {}
    with BagReader(bag_dir) as bag:
        views = [topic for topic in bag.topics if topic.endswith(_IMAGE) and bag.counts[topic]]
        for raw in bag.raw_messages(views) if views else ():
            stamp_ns = source_stamp_ns(raw.type, raw.data) or raw.stamp_ns
            for k, at_ns in enumerate(wanted_ns):
                best = nearest.get((raw.topic, k))
                if best is None or abs(stamp_ns - at_ns) < abs(best[0] - at_ns):
                    nearest[raw.topic, k] = (stamp_ns, raw.data)
        types = bag.topics
    film: dict[str, tuple[Picture, ...]] = {}
    for topic in views:
        stamped = dict(nearest[topic, k] for k in range(PICTURES))  # a short trial has fewer pictures than places
        film[topic.removesuffix(_IMAGE)] = tuple(
            Picture(stamp_ns, _shrink(deserialize(types[topic], data).data))
            for stamp_ns, data in sorted(stamped.items())
        )
    return film


def _shrink(data: Any) -> bytes:
    jpeg = bytes(data)
    image = decode_jpeg(jpeg)
    height, width = image.shape[:2]
    if width <= PICTURE_WIDTH:
        return jpeg
    size = (PICTURE_WIDTH, round(height * PICTURE_WIDTH / width))
    return encode_jpeg(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8))
