"""What rosbag2 (format version 9) wants to be told about a bag: in `metadata.yaml`, and in the MCAP file itself."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ros_wam.record.cdr import typestore
from ros_wam.topics import Topic

_VERSION = 9
_INFINITE = {"sec": 9223372036, "nsec": 854775807}  # how rosbag2 writes "no deadline"


@dataclass(frozen=True)
class BagContents:
    """What a finished bag holds; times in nanoseconds of the first and the last message, 0 without any."""

    file: str
    start_ns: int
    end_ns: int
    counts: Mapping[str, int]


def qos_profile(topic: Topic) -> dict[str, Any]:
    """Return the quality of service that was offered on `topic`."""
    return {
        "history": "keep_last",
        "depth": topic.depth,
        "reliability": "reliable" if topic.reliable else "best_effort",
        "durability": "transient_local" if topic.latched else "volatile",
        "deadline": dict(_INFINITE),
        "lifespan": dict(_INFINITE),
        "liveliness": "automatic",
        "liveliness_lease_duration": dict(_INFINITE),
        "avoid_ros_namespace_conventions": False,
    }


def bag_metadata(contents: BagContents, topics: Sequence[Topic]) -> dict[str, Any]:
    """Return the value of `rosbag2_bagfile_information`."""
    span = {
        "starting_time": {"nanoseconds_since_epoch": contents.start_ns},
        "duration": {"nanoseconds": contents.end_ns - contents.start_ns},
        "message_count": sum(contents.counts.values()),
    }
    return {
        "version": _VERSION,
        "storage_identifier": "mcap",
        "relative_file_paths": [contents.file],
        **span,
        "topics_with_message_count": [
            {"topic_metadata": _topic_metadata(topic), "message_count": contents.counts[topic.name]} for topic in topics
        ],
        "compression_format": "",
        "compression_mode": "",
        "files": [{"path": contents.file, **span}],
        "custom_data": {},
        "ros_distro": os.environ.get("ROS_DISTRO", "kilted"),
    }


def _topic_metadata(topic: Topic) -> dict[str, Any]:
    return {
        "name": f"/{topic.name}",
        "type": topic.type,
        "serialization_format": "cdr",
        "offered_qos_profiles": [qos_profile(topic)],
        "type_description_hash": typestore().hash_rihs01(topic.type),
    }
