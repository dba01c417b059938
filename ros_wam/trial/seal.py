"""The seal of a finished trial: the digests of its result, its bag and its configuration, written last."""

import hashlib
import json
from pathlib import Path

from ros_wam.errors import TrialError
from ros_wam.trial.durable import write_durably

SEAL = "seal.json"
_SEALED = ("trial.json", "bag", "config")
_SCHEMA = 1
_BLOCK = 1 << 20


def write_seal(folder: Path) -> None:
    """Seal the trial in `folder` as its files are now; raises TrialError when they cannot be read or it not written."""
    try:
        text = json.dumps({"schema": _SCHEMA, "sha256": _digests(folder)}, indent=2)
        write_durably(folder / SEAL, text + "\n")
    except OSError as error:
        raise TrialError(f"trial {folder.name} cannot be sealed in {folder}: {error.strerror}") from error


def is_sealed(folder: Path) -> bool:
    """Return whether the trial in `folder` has a seal."""
    return (folder / SEAL).is_file()


def check_seal(folder: Path) -> list[str]:
    """Return what is different in a trial's folder since it was sealed, file by file; nothing where all is the same.

    Raises TrialError when the seal or a file cannot be read.
    """
    try:
        said: dict[str, str] = json.loads((folder / SEAL).read_text())["sha256"]
        found = _digests(folder)
        changed = [f"{name} was changed" for name in said if name in found and found[name] != said[name]]
    except FileNotFoundError:
        return ["it has no seal"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrialError(f"the seal of {folder} cannot be checked: {error}") from error
    gone = [f"{name} is gone" for name in said if name not in found]
    return [*changed, *gone, *(f"{name} was added" for name in found if name not in said)]


def broken_seals(sitting: Path) -> list[str]:
    """Return what is different in the sealed trials of a sitting, a line for each file; see check_seal."""
    folders = [path.parent for path in sorted(sitting.glob(f"trials/*/{SEAL}"))]
    return [f"trial {folder.name}: {said}" for folder in folders for said in check_seal(folder)]


def _digests(folder: Path) -> dict[str, str]:
    roots = [folder / name for name in _SEALED]
    files = [path for root in roots for path in ((root,) if root.is_file() else sorted(root.rglob("*")))]
    return {str(path.relative_to(folder)): _digest(path) for path in files if path.is_file()}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
