"""The folder that an export writes, so that an interrupted one can go on where it was.

Each episode is written whole into a folder of its own, which gets its name when it is finished; when all are there, the
format's own files are made of them.
"""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ros_wam.errors import ExportError
from ros_wam.trial.durable import sync_tree, write_durably

MANIFEST = "ros_wam_export.json"
STAGED = ".episodes"
SOURCE = "source.json"
_UNFINISHED = ".part"


class Destination:
    """`folder`, new or begun by an export with the same `settings`, for the episodes named `names`.

    `finished`: it holds all of them already.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], names: Sequence[str]) -> None:
        """Open the folder; raises ExportError when it holds something else, or the disk refuses."""
        self.folder = folder
        self._manifest = {"settings": dict(settings), "episodes": list(names), "finished": False}
        try:
            old = self._read()
            self._check(old)
            self.finished = bool(old and old["finished"])
            if self.finished:
                shutil.rmtree(folder / STAGED, ignore_errors=True)  # an interruption may have left it
            else:
                (folder / STAGED).mkdir(parents=True, exist_ok=True)
                self._write()
                self._sweep(names)
        except OSError as error:
            raise ExportError(f"cannot write to {folder}: {error.strerror}") from error

    def staged(self, name: str) -> Path:
        """Return where a finished episode is kept until all are finished."""
        return self.folder / STAGED / name

    def holds(self, name: str, source: str) -> bool:
        """Return whether the episode is finished and was made of `source`."""
        path = self.staged(name) / SOURCE
        return path.is_file() and path.read_text(encoding="utf-8") == source

    @contextmanager
    def staging(self, name: str, source: str) -> Iterator[Path]:
        """Give an empty folder to write an episode to, which counts as finished unless an error leaves the block.

        `source` says what it is made of: it is made again when that has changed.
        """
        draft = self.folder / STAGED / f"{name}{_UNFINISHED}"
        for old in (draft, self.staged(name)):
            shutil.rmtree(old, ignore_errors=True)
        draft.mkdir()
        yield draft
        (draft / SOURCE).write_text(source, encoding="utf-8")
        sync_tree(draft)
        draft.rename(self.staged(name))

    @contextmanager
    def finishing(self, parts: Collection[str]) -> Iterator[None]:
        """Make the format's own files: `parts` of the folder, which an interrupted attempt may have left, are removed
        first; unless an error leaves the block, the export is finished and the episodes' own folders go.

        Raises ExportError when the disk refuses.
        """
        try:
            for part in parts:
                path = self.folder / part
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            yield
            for part in parts:
                sync_tree(self.folder / part)
            self._manifest["finished"] = True
            self._write()
            shutil.rmtree(self.folder / STAGED)
        except OSError as error:
            raise ExportError(f"cannot write to {self.folder}: {error.strerror or error}") from error

    def _read(self) -> dict[str, Any] | None:
        if not self.folder.exists():
            return None
        if not self.folder.is_dir():
            raise ExportError(f"{self.folder} is no folder")
        path = self.folder / MANIFEST
        if not path.is_file():
            if any(self.folder.iterdir()):
                raise ExportError(
                    f"{self.folder} holds something that no export of ros-wam made; choose another folder"
                )
            return None
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {key: found[key] for key in self._manifest}
        except (ValueError, KeyError, TypeError) as error:
            raise ExportError(f"{path} is damaged ({error!r}); remove {self.folder} and export again") from error

    def _check(self, old: Mapping[str, Any] | None) -> None:
        if old is None:
            return
        was, now = old["settings"], json.loads(json.dumps(self._manifest["settings"]))
        for key in [*was, *(key for key in now if key not in was)]:
            if was.get(key) != now.get(key):
                raise ExportError(
                    f"{self.folder} was begun with {key} {was.get(key)}, this export has {now.get(key)};"
                    " choose another folder"
                )
        if old["finished"] and old["episodes"] != self._manifest["episodes"]:
            raise ExportError(
                f"{self.folder} holds a finished export of {len(old['episodes'])} other episodes; choose another folder"
            )

    def _sweep(self, names: Sequence[str]) -> None:
        """Remove what an interruption left unfinished, and what is not wanted any more."""
        for path in (self.folder / STAGED).iterdir():
            if path.name not in names:
                shutil.rmtree(path)

    def _write(self) -> None:
        write_durably(self.folder / MANIFEST, json.dumps(self._manifest, indent=2) + "\n")
