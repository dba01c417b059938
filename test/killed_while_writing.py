"""Run by test_trial_results: write a sitting again and again, each time killed one system call later.

Prints one JSON object per round: the folder, the signal that ended it, and the trials it had confirmed by then.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from test_trial_results import SITTING, make_trial

from ros_wam.trial.results import Results

CALLS = ("write", "fsync", "replace", "close")


def main(root: Path) -> None:
    for number in range(500):
        folder, confirmed = root / f"{number:03d}", root / f"{number:03d}.confirmed"
        folder.mkdir()
        child = os.fork()
        if child == 0:
            write_and_die(folder, confirmed, number)
        _, status = os.waitpid(child, 0)
        number_of_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        told = confirmed.read_text().split() if confirmed.exists() else []
        print(json.dumps({"folder": str(folder), "signal": number_of_signal, "confirmed": told}), flush=True)  # noqa: T201
        if number_of_signal == 0:
            return


def write_and_die(folder: Path, confirmed: Path, at: int) -> None:
    """Write two trials, each twice as a sitting does; be killed at the system call `at`, half-way through a write."""
    count = iter(range(1_000_000))

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if next(count) == at:
                if call is real_write:
                    real_write(arguments[0], arguments[1][: len(arguments[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return wrapped

    real_write = os.write
    for name in CALLS:
        setattr(os, name, deadly(getattr(os, name)))
    results = Results(folder, SITTING)
    for trial in (make_trial(1), make_trial(2)):
        results.add(trial)
        with confirmed.open("a") as told:
            told.write(f"{trial.trial_id}\n")
        results.add(trial)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
