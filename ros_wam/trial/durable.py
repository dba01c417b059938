"""Files that are either the old one or the new one, whole, whenever the power goes."""

import os
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """Replace `path` by `text`, on the disk when this returns; its folder is made if missing. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        data = memoryview(text.encode())
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    _sync(path.parent)
    _sync(path.parent.parent)  # the folder itself may be new


def sync_tree(folder: Path) -> None:
    """Put all that is in `folder` on the disk; returns when it is there. Raises OSError."""
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
