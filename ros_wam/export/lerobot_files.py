"""Makes the files of a LeRobot dataset (v3.0) of its finished episodes, many of which share a file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ros_wam.export.lerobot_columns import (
    BOOKKEEPING,
    Feature,
    as_table,
    column_values,
    counting_columns,
    own_features,
    picture_feature,
    picture_key,
)
from ros_wam.export.lerobot_episode import StagedEpisode
from ros_wam.export.statistics import Statistics, statistics
from ros_wam.export.video import PIXELS, join_videos

VERSION = "v3.0"
PARTS = ("data", "meta", "videos")
_FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
_FILES_PER_CHUNK = 1000
_EPISODES_PER_FILE = 1000  # of the table of episodes, whose rows are about 30 kB
_MB = 1024 * 1024


@dataclass(frozen=True)
class FileLimits:
    """How large a file grows before the next is begun [MB]; an episode is never divided."""

    data_mb: int = 100
    video_mb: int = 200


@dataclass
class LeRobotFiles:
    """The dataset in `folder`, at `rate_hz` samples a second, of finished `episodes` and the folders that hold them.

    All are of one robot and of pictures of one size.
    """

    folder: Path
    rate_hz: int
    episodes: Sequence[tuple[StagedEpisode, Path]]
    limits: FileLimits = field(default_factory=FileLimits)

    @property
    def _one(self) -> StagedEpisode:
        return self.episodes[0][0]

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self._own_features(), *BOOKKEEPING)

    def _own_features(self) -> dict[str, Feature]:
        return own_features(self._one.joint_names, self._one.views)

    def write(self) -> None:
        """Write `data`, `videos` and `meta`."""
        prompts = list(dict.fromkeys(about.prompt for about, _ in self.episodes))
        rows: list[dict[str, Any]] = [self._episode_row(k, about) for k, (about, _) in enumerate(self.episodes)]
        for row, table in zip(rows, self._write_data(rows, prompts), strict=True):
            row.update(_flat_statistics(self._own_statistics([table])))
        for view in self._one.views:
            self._write_videos(view, rows)
        self._write_meta(rows, prompts)

    def _episode_row(self, number: int, about: StagedEpisode) -> dict[str, Any]:
        first = sum(other.length for other, _ in self.episodes[:number])
        return {
            "episode_index": number,
            "tasks": [about.prompt],
            "length": about.length,
            "dataset_from_index": first,
            "dataset_to_index": first + about.length,
            "ros_wam/trial": about.name,
            "ros_wam/outcome": about.outcome,
            "ros_wam/score": about.score,
            "ros_wam/takeovers": about.takeovers,
        }

    def _write_data(self, rows: Sequence[dict[str, Any]], prompts: Sequence[str]) -> Iterator[pa.Table]:
        """Write the samples, and yield each episode's when they are on the disk; `rows` are told where that is."""
        size, place, writer = 0, -1, None
        for row, (about, folder) in zip(rows, self.episodes, strict=True):
            own = pq.read_table(folder / "data.parquet")
            counted = counting_columns(
                about.length,
                self.rate_hz,
                row["episode_index"],
                row["dataset_from_index"],
                prompts.index(about.prompt),
            )
            table = pa.table({**{name: own.column(name) for name in own.column_names}, **_columns(as_table(counted))})
            if writer is None or size + table.nbytes > self.limits.data_mb * _MB:
                if writer is not None:
                    writer.close()
                size, place = 0, place + 1
                writer = pq.ParquetWriter(self._file("data", place, "parquet"), table.schema)
            writer.write_table(table)
            size += table.nbytes
            row.update(_place("data", place))
            yield table
        if writer is not None:
            writer.close()

    def _write_videos(self, view: str, rows: Sequence[dict[str, Any]]) -> None:
        key = picture_key(view)
        parts = [folder / f"{view}.mp4" for _, folder in self.episodes]
        for place, group in enumerate(_groups(parts, self.limits.video_mb * _MB)):
            counts = join_videos([parts[k] for k in group], self._file(f"videos/{key}", place, "mp4"))
            begun = 0
            for k, count in zip(group, counts, strict=True):
                span = {"from_timestamp": begun / self.rate_hz, "to_timestamp": (begun + count) / self.rate_hz}
                rows[k].update(_place(f"videos/{key}", place))
                rows[k].update({f"videos/{key}/{name}": value for name, value in span.items()})
                begun += count

    def _write_meta(self, rows: Sequence[dict[str, Any]], prompts: Sequence[str]) -> None:
        for row, (about, _) in zip(rows, self.episodes, strict=True):
            shown = {picture_key(view): about.histogram(view).statistics() for view in self._one.views}
            row.update(_flat_statistics(shown))
        for place, first in enumerate(range(0, len(rows), _EPISODES_PER_FILE)):
            some = [{**row, **_place("meta/episodes", place)} for row in rows[first : first + _EPISODES_PER_FILE]]
            pq.write_table(pa.Table.from_pylist(some), self._file("meta/episodes", place, "parquet"))
        pq.write_table(_tasks_table(prompts), self.folder / "meta" / "tasks.parquet")
        self._write_json("stats", {name: _plain(told) for name, told in self._statistics().items()})
        self._write_json("info", self._info(len(prompts)))

    def _statistics(self) -> dict[str, Statistics]:
        """Return those of all samples, column by column: no two columns need be in memory at once."""
        files = sorted((self.folder / "data").glob("*/*.parquet"))
        told = {
            name: statistics(column_values([pq.read_table(file, columns=[name]) for file in files], name))
            for name in self._names
        }
        for view in self._one.views:
            whole = self._one.histogram(view)
            for about, _ in self.episodes[1:]:
                whole = whole.merged(about.histogram(view))
            told[picture_key(view)] = whole.statistics()
        return told

    def _own_statistics(self, tables: Sequence[pa.Table]) -> dict[str, Statistics]:
        return {name: statistics(column_values(tables, name)) for name in self._names}

    def _info(self, tasks: int) -> dict[str, Any]:
        pictures: dict[str, Feature] = {
            picture_key(view): picture_feature(width, height, self.rate_hz, "h264", PIXELS)
            for view, (height, width) in self._one.views.items()
        }
        return {
            "codebase_version": VERSION,
            "robot_type": self._one.robot,
            "total_episodes": len(self.episodes),
            "total_frames": sum(each.length for each, _ in self.episodes),
            "total_tasks": tasks,
            "chunks_size": _FILES_PER_CHUNK,
            "data_files_size_in_mb": self.limits.data_mb,
            "video_files_size_in_mb": self.limits.video_mb,
            "fps": self.rate_hz,
            "splits": {"train": f"0:{len(self.episodes)}"},
            "data_path": f"data/{_FILE}.parquet",
            "video_path": f"videos/{{video_key}}/{_FILE}.mp4",
            "features": {**self._own_features(), **pictures, **BOOKKEEPING},
        }

    def _file(self, part: str, place: int, ending: str) -> Path:
        path = self.folder / part / f"{_FILE.format(**_indices(place))}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        (self.folder / "meta" / f"{name}.json").write_text(json.dumps(value, indent=4) + "\n", encoding="utf-8")


def _indices(place: int) -> dict[str, int]:
    return {"chunk_index": place // _FILES_PER_CHUNK, "file_index": place % _FILES_PER_CHUNK}


def _place(part: str, place: int) -> dict[str, int]:
    return {f"{part}/{name}": index for name, index in _indices(place).items()}


def _groups(parts: Sequence[Path], limit: int) -> list[list[int]]:
    """Return which parts share a file of at most `limit` bytes."""
    groups: list[list[int]] = []
    size = 0
    for k, part in enumerate(parts):
        more = part.stat().st_size
        if not groups or size + more > limit:
            groups.append([])
            size = 0
        groups[-1].append(k)
        size += more
    return groups


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return {name: table.column(name) for name in table.column_names}


def _plain(told: Statistics) -> dict[str, Any]:
    return {name: value.tolist() for name, value in told.items()}


def _flat_statistics(told: Mapping[str, Statistics]) -> dict[str, Any]:
    return {f"stats/{key}/{name}": value for key, each in told.items() for name, value in _plain(each).items()}


def _tasks_table(prompts: Sequence[str]) -> pa.Table:
    """Return the prompts as pandas would write a frame of which they are the index, which LeRobot reads."""
    table = pa.table({"task_index": pa.array(range(len(prompts)), pa.int64()), "task": pa.array(prompts, pa.string())})
    number = {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64"}
    text = {"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object"}
    about = {
        "index_columns": ["task"],
        "column_indexes": [],
        "columns": [{**number, "metadata": None}, {**text, "metadata": None}],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.0.0",
    }
    return table.replace_schema_metadata({"pandas": json.dumps(about)})
