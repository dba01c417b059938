"""What a server is told once its chunk has been executed: `after_chunk` of a profile."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ros_wam.errors import ConfigError
from ros_wam.policy import key_path
from ros_wam.policy.image_input import ImageInput, image_values
from ros_wam.types import Observation


@dataclass(frozen=True)
class AfterChunk:
    """A world model's server learns what its actions have led to before it is asked again in an episode.

    `frames_at`: the key path of a list, with what the profile's images put below the same path for each key frame: the
    first picture of every view once each `every_rows`-th row has been reached. `actions_at`: the answer's own array, as
    it came. `constants`: key path → what is always the same. Of a chunk that was refused nothing is told: the episode
    begins again at the server, whose next answer would go on from it.
    """

    frames_at: str
    actions_at: str
    every_rows: int
    constants: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.every_rows < 1:
            raise ConfigError(f"after_chunk: every_rows is {self.every_rows}, must be 1 or more")
        if not key_path.parts(self.frames_at):
            raise ConfigError("after_chunk: frames_at is empty, must be a key path of the request")

    def check_images(self, images: Sequence[ImageInput]) -> None:
        """Raise ConfigError unless every picture of a request is below `frames_at`."""
        for each in images:
            for path in each.views.values():
                if not _below(path, self.frames_at):
                    told = f"in a map at {self.frames_at!r}, as after_chunk: frames_at says"
                    raise ConfigError(f"request: images: views: {path!r} must be {told}")

    def key_rows(self, rows: int) -> tuple[int, ...]:
        """Return the rows of a chunk of `rows` after which a key frame is taken."""
        return tuple(range(self.every_rows - 1, rows, self.every_rows))

    def build(self, images: Sequence[ImageInput], observation: Observation, actions: Any) -> dict[str, Any]:
        """Return the request about the chunk before `observation`, whose `actions` were these."""
        request: dict[str, Any] = {}
        for index, frames in enumerate(observation.executed):
            seen = replace(observation, frames=frames, history={})
            for path, value in (pair for each in images for pair in image_values(each, seen)):
                key_path.put(request, f"{self.frames_at} > {index} > {_below(path, self.frames_at)}", value)
        for path, value in {self.actions_at: actions, **self.constants}.items():
            key_path.put(request, path, value)
        return request


def _below(path: str, top: str) -> str:
    """Return what follows `top` in `path`; empty where nothing does."""
    start, rest = key_path.parts(top), key_path.parts(path)
    return " > ".join(map(str, rest[len(start) :])) if rest[: len(start)] == start else ""
