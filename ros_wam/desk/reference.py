"""The pictures that a scene is laid out by: scene k of a task looks the same for every policy and on every day.

Looked for in this order, `scene` being the number of the trial in its plan, from 1:

    <sitting>/reference/<scene>/<view>.jpg              kept in this sitting
    <record_dir>/reference/<task>/<scene>/<view>.jpg    kept last in any sitting of this lab
    config/tasks/<task>/<view>.jpg                      beside the task's file: any scene of it
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ros_wam.errors import TrialError

_VIEW = re.compile(r"[a-z_]+")


class References:
    """The reference pictures of one sitting; `record_dir` is the folder that holds it."""

    def __init__(self, sitting_dir: Path, task_file: Path) -> None:
        self._sitting = sitting_dir / "reference"
        self._lab = sitting_dir.parent / "reference" / task_file.stem
        self._task = task_file.parent / task_file.stem

    def find(self, scene: int, view: str) -> Path | None:
        """Return the file to lay `scene` out by in this view, None where there is none."""
        if _VIEW.fullmatch(view) is None:
            return None
        folders = (self._sitting / f"{scene:03d}", self._lab / f"{scene:03d}", self._task)
        return next((path for folder in folders if (path := folder / f"{view}.jpg").is_file()), None)

    def versions(self, scene: int, views: tuple[str, ...]) -> dict[str, int]:
        """Return, of each view with a reference, a number that changes when the picture does."""
        found = {view: self.find(scene, view) for view in views}
        return {view: path.stat().st_mtime_ns for view, path in found.items() if path is not None}

    def capture(self, scene: int, pictures: Mapping[str, bytes]) -> None:
        """Keep JPEG `pictures` by view as the reference of `scene`, here and for the lab; raises TrialError."""
        try:
            for folder in (self._lab / f"{scene:03d}", self._sitting / f"{scene:03d}"):
                folder.mkdir(parents=True, exist_ok=True)
                for view, jpeg in pictures.items():
                    _replace(folder / f"{view}.jpg", jpeg)
        except OSError as error:
            raise TrialError(f"the reference of scene {scene} cannot be kept: {error}") from error


def _replace(path: Path, data: bytes) -> None:
    """Write the whole file or none of it."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
