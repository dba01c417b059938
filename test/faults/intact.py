"""Whether the trials of a sitting that were finished are still what they were."""

import hashlib
from pathlib import Path


class Intact:
    """Remembers every file of the finished trials in `folder`, and compares them later, byte for byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: dict[Path, str] = {}

    def check(self) -> None:
        """Assert that nothing remembered has changed, and remember what is finished now."""
        for path, digest in self._seen.items():
            assert path.is_file(), f"{path} of a finished trial is gone"
            assert _digest(path) == digest, f"{path} of a finished trial has changed"
        for trial in self.folder.glob("trials/*/trial.json"):
            files = [path for path in trial.parent.rglob("*") if path.is_file()]
            self._seen |= {path: _digest(path) for path in files if path not in self._seen}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
