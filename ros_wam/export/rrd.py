"""An episode as a Rerun recording (`.rrd`): true stamps, H.264 views, and the layout that it opens with."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import rerun as rr

from ros_wam.errors import ExportError
from ros_wam.export.annex_b import annex_b
from ros_wam.export.episode import Episode
from ros_wam.export.joint_track import IntArray
from ros_wam.export.recorded_view import RecordedView
from ros_wam.export.rerun_blueprint import blueprint
from ros_wam.export.rerun_events import Event, events, summary
from ros_wam.export.rerun_names import (
    ASKED,
    INFERENCE,
    MEASURED,
    SENT,
    TIMELINE,
    TRIAL,
    arm_entity,
    joint_entities,
    video_entities,
)
from ros_wam.export.rerun_style import line_styles
from ros_wam.types import FloatArray

BATCH = 30
"""So many pictures are in memory at a time."""
_HEADER_BYTES = 12
_END = bytes(16)


def write_rrd(episode: Episode, path: Path) -> None:
    """Write `episode` to `path`, which is there only once it is whole.

    Both of RoboChallenge's timelines, `timestamp` and `log_time`, say when a thing was true. Raises OSError when the
    disk refuses, RecordError or ExportError when the recording is damaged.
    """
    unfinished = path.with_suffix(".unfinished")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with unfinished.open("wb") as file:
            for part in _joined(_streams(episode)):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _streams(episode: Episode) -> Iterator[bytes]:
    """Yield the recording as streams, each whole: Rerun's own writing of files only logs that a disk is full."""
    recording = rr.RecordingStream("ros_wam", recording_id=f"{episode.folder.parents[1].name}-{episode.trial.trial_id}")
    stream = rr.binary_stream(recording)
    recording.send_blueprint(blueprint(episode.robot, bool(episode.trace.inferences)))
    _log(recording, episode)
    yield stream.read() or b""
    for view, entity in video_entities(episode.robot).items():
        if view in episode.views:
            for _ in _log_video(recording, entity, episode.views[view]):
                yield stream.read() or b""
    recording.disconnect()


def _joined(streams: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one stream in parts: without the header of each but the first, and the end of each but the last."""
    header = b""
    for stream in streams:
        if not stream.endswith(_END) or not stream.startswith(header):
            raise ExportError(f"Rerun {rr.__version__} writes streams that cannot be joined")
        yield stream[len(header) : -len(_END)]
        header = header or stream[:_HEADER_BYTES]
    yield _END


def _log(recording: rr.RecordingStream, episode: Episode) -> None:
    """Log all but the videos."""
    trace, joints = episode.trace, episode.joints
    recording.log(
        TRIAL, rr.TextDocument(summary(episode.trial, episode.prompt), media_type="text/markdown"), static=True
    )
    _log_joints(recording, episode, MEASURED, joints.stamp_ns, joints.position)
    _log_joints(recording, episode, ASKED, trace.stamp_ns, trace.target)
    _log_joints(recording, episode, SENT, trace.stamp_ns, trace.sent)
    _log_tools(recording, episode)
    if trace.inferences:
        recording.log(INFERENCE, rr.SeriesPoints(names="round trip", marker_sizes=3.0), static=True)
        stamps = np.array([inference.stamp_ns for inference in trace.inferences], dtype=np.int64)
        _log_scalars(recording, INFERENCE, stamps, np.array([each.latency_ms for each in trace.inferences]))
    for entity, group in events(episode).items():
        _log_events(recording, entity, group)


def _times(stamp_ns: IntArray) -> list[rr.TimeColumn]:
    stamps = stamp_ns.astype("datetime64[ns]")
    return [rr.TimeColumn(TIMELINE, timestamp=stamps), rr.TimeColumn("log_time", timestamp=stamps)]


def _log_joints(
    recording: rr.RecordingStream, episode: Episode, kind: str, stamp_ns: IntArray, position: FloatArray
) -> None:
    """Log `position` `(N, n)` without the rows where there was none; the grippers as openings [m]."""
    there = np.isfinite(position).all(axis=1)
    robot = episode.robot
    shown = zip(robot.joint_names, joint_entities(robot, kind), line_styles(robot, kind), strict=True)
    for k, (joint, entity, (name, colour)) in enumerate(shown):
        scale = robot.grippers[joint].stroke_m if joint in robot.grippers else 1.0
        recording.log(entity, rr.SeriesLines(names=name, colors=colour), static=True)
        _log_scalars(recording, entity, stamp_ns[there], scale * position[there, k])


def _log_scalars(recording: rr.RecordingStream, entity: str, stamp_ns: IntArray, values: FloatArray) -> None:
    if len(values):
        recording.send_columns(entity, _times(stamp_ns), rr.Scalars.columns(scalars=values))


def _log_tools(recording: rr.RecordingStream, episode: Episode) -> None:
    for arm, poses in episode.tool_poses(episode.joints.position).items():
        if not len(poses):
            continue
        columns = rr.Transform3D.columns(translation=poses[:, :3, 3], mat3x3=poses[:, :3, :3].transpose(0, 2, 1))
        recording.send_columns(f"{arm_entity(episode.robot, arm)}/ee_pose", _times(episode.joints.stamp_ns), columns)


def _log_events(recording: rr.RecordingStream, entity: str, group: Iterable[Event]) -> None:
    ordered = sorted(group)
    if ordered:
        stamps = np.array([event.stamp_ns for event in ordered], dtype=np.int64)
        columns = rr.TextLog.columns(text=[event.text for event in ordered], level=[event.level for event in ordered])
        recording.send_columns(entity, _times(stamps), columns)


def _log_video(recording: rr.RecordingStream, entity: str, view: RecordedView) -> Iterator[None]:
    """Log the pictures; pause after every BATCH."""
    recording.log(entity, rr.VideoStream(codec=rr.VideoCodec.H264), static=True)
    samples = annex_b(view.pictures())
    while batch := list(islice(samples, BATCH)):
        stamps = np.array([stamp_ns for stamp_ns, _ in batch], dtype=np.int64)
        recording.send_columns(entity, _times(stamps), rr.VideoStream.columns(sample=[sample for _, sample in batch]))
        yield
