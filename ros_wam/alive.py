"""Which processes of a run are alive, told by the kernel: each holds a lock that its death releases at once."""

import fcntl
import os
from pathlib import Path


def hold(run_dir: Path, name: str) -> None:
    """Declare the calling process alive under `name` until it ends, however it ends."""
    folder = run_dir / "alive"
    folder.mkdir(exist_ok=True)  # a run whose folder is gone is over: nothing may bring it back
    fresh = folder / f".{name}.{os.getpid()}"
    # A bare descriptor, closed by the kernel alone: what Python would close could be collected.
    descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fresh.replace(folder / name)  # locked before anybody can look: no one sees it free, or holds it while looking


def release(run_dir: Path, name: str) -> None:
    """Withdraw `name`: the calling process ends because it was asked to, and nobody need count it as dead."""
    (run_dir / "alive" / name).unlink(missing_ok=True)


def is_alive(run_dir: Path, name: str) -> bool:
    """Return whether a process holds `name`; False also when none ever did."""
    path = run_dir / "alive" / name
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def dead(run_dir: Path) -> list[str]:
    """Return the names that were held once and are no longer."""
    folder = run_dir / "alive"
    names = sorted(path.name for path in folder.glob("[!.]*"))
    return [name for name in names if not is_alive(run_dir, name)]
