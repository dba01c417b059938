"""One episode of a LeRobot dataset in a folder of its own: `data.parquet`, a video per view, `about.json`."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ros_wam.errors import ExportError
from ros_wam.export.episode import Episode
from ros_wam.export.lerobot_columns import as_table, own_columns
from ros_wam.export.progress import Advance
from ros_wam.export.resample import resample
from ros_wam.export.sampling import Sampling
from ros_wam.export.statistics import PictureHistogram
from ros_wam.export.video import write_video
from ros_wam.trial.outcome import Outcome

_COUNTED_PICTURES = 200
_COUNTED_PIXELS = 150  # along the longer side: what training code is told of colours needs no more


@dataclass(frozen=True)
class StagedEpisode:
    """What is known of a finished episode.

    `views`: how high and wide the pictures of each are. `colours`: a PictureHistogram's levels and its pictures.
    """

    name: str
    robot: str
    trial_id: str
    prompt: str
    outcome: str
    score: float
    takeovers: int
    length: int
    joint_names: list[str]
    views: dict[str, list[int]]
    colours: dict[str, tuple[list[list[int]], int]]
    dropped: dict[str, int]
    repeated: dict[str, int]
    trimmed: int

    def histogram(self, view: str) -> PictureHistogram:
        """Return how often each level of each colour is seen in the pictures of `view`."""
        levels, pictures = self.colours[view]
        return PictureHistogram(np.array(levels, dtype=np.int64), pictures)


@dataclass
class _Watched:
    """Pictures on their way into a video."""

    colours: PictureHistogram = field(default_factory=PictureHistogram)
    size: tuple[int, int] = (0, 0)

    def pass_on(
        self, pictures: Iterator[NDArray[np.uint8]], every: int, seen: Callable[[], None]
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield `pictures`; count the colours of some, and tell of each."""
        for k, image in enumerate(pictures):
            self.size = (image.shape[0], image.shape[1])
            if k % every == 0:
                step = max(1, max(self.size) // _COUNTED_PIXELS)
                self.colours.add(image[::step, ::step])
            yield image
            seen()


def stage_episode(episode: Episode, name: str, folder: Path, sampling: Sampling, advance: Advance) -> None:
    """Write `episode` into the empty `folder`; raises ExportError when it cannot be sampled."""
    samples = resample(episode, sampling)
    columns = own_columns(samples, episode.trial.outcome is Outcome.SUCCESS)
    pq.write_table(as_table(columns), folder / "data.parquet")
    total = len(samples) * len(episode.robot.views)
    done = itertools.count(1)
    watched = {view: _Watched() for view in episode.robot.views}
    for view, film in watched.items():
        pictures = episode.views[view].decoded(samples.picture[view])
        every = max(1, len(samples) // _COUNTED_PICTURES)
        shown = film.pass_on(pictures, every, lambda: advance(next(done), total))
        write_video(folder / f"{view}.mp4", Fraction(sampling.rate_hz), shown)
    about = StagedEpisode(
        name=name,
        robot=episode.robot.name,
        trial_id=episode.trial.trial_id,
        prompt=episode.prompt,
        outcome=episode.trial.outcome.value,
        score=episode.trial.score,
        takeovers=episode.trial.takeovers,
        length=len(samples),
        joint_names=list(episode.robot.joint_names),
        views={view: list(film.size) for view, film in watched.items()},
        colours={view: (film.colours.levels.tolist(), film.colours.pictures) for view, film in watched.items()},
        dropped=dict(samples.dropped),
        repeated=samples.repeated,
        trimmed=samples.trimmed,
    )
    (folder / "about.json").write_text(json.dumps(asdict(about)), encoding="utf-8")


def staged_episode(folder: Path) -> StagedEpisode:
    """Return what `stage_episode` wrote to `folder`; raises ExportError when it cannot be read."""
    try:
        data: dict[str, Any] = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        return StagedEpisode(**data)
    except (OSError, ValueError, TypeError) as error:
        raise ExportError(f"{folder} is damaged ({error}); remove it and export again") from error
