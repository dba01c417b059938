"""An interpreter with `openpi-client`, which holds numpy below 2: an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ros_wam.errors import ConfigError

REQUIREMENTS = ("openpi-client==0.1.2", "numpy<2", "typing_extensions")  # the last it uses but does not declare
INSTALL_S = 600.0


def environment_folder() -> Path:
    """Return where it is kept for later benchmarks, below the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "ros_wam" / "openpi-client"


def openpi_python(folder: Path, show: Callable[[str], None]) -> Path:
    """Return the interpreter of the environment `folder`, which is made where it is not complete.

    Raises ConfigError that says why pip could not.
    """
    interpreter, done = folder / "bin" / "python", folder / "complete"
    if done.exists() and done.read_text() == str(REQUIREMENTS):
        return interpreter
    show(f"installing {REQUIREMENTS[0]} into {folder}")
    install = [interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS]
    for command in ([sys.executable, "-m", "venv", "--clear", folder], install):
        try:
            result = subprocess.run(
                list(map(str, command)), capture_output=True, text=True, timeout=INSTALL_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ConfigError(f"{' '.join(REQUIREMENTS)} was not installed in {INSTALL_S:g} s") from error
        if result.returncode != 0:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ConfigError(f"{' '.join(REQUIREMENTS)} cannot be installed into {folder}: {reason}")
    done.write_text(str(REQUIREMENTS))
    return interpreter
