"""A loop that does nothing but meet its deadlines, in a process of its own: what the machine itself makes late."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ros_wam.clock import StationClock
from ros_wam.errors import TrialError
from ros_wam.motion.pace import Pace
from ros_wam.motion.realtime import keep_memory, take_priority
from ros_wam.process import die_with_parent, stop_event
from ros_wam.share import import_dir

END_TIMEOUT_S = 5.0


class BareLoop:
    """The process, started by `start`; `ticks_ns` are its ticks once it has ended, `(N, 2)`: when due, how late."""

    def __init__(self, rate_hz: float) -> None:
        self._command = [sys.executable, "-m", __name__, "--rate-hz", str(rate_hz)]
        self._process: subprocess.Popen[str] | None = None
        self.ticks_ns: NDArray[np.int64] = np.zeros((0, 2), np.int64)

    def start(self, environment: Mapping[str, str]) -> None:
        """Begin to tick; `environment` is that of the station, whose clock counts."""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            cwd=import_dir(),
            env={**os.environ, **environment},
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it ticks, and knows SIGTERM

    def end(self) -> None:
        """Have it end, and take what it measured; raises TrialError when it tells nothing."""
        assert self._process is not None
        self._process.terminate()
        output, _ = self._process.communicate(timeout=END_TIMEOUT_S)
        if self._process.returncode != 0:
            raise TrialError(f"the bare loop ended with status {self._process.returncode}")
        self.ticks_ns = np.array(json.loads(output), np.int64).reshape(-1, 2)

    def discard(self) -> None:
        """End it, whatever it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@contextmanager
def bare_loop(rate_hz: float) -> Iterator[BareLoop]:
    """A loop that ticks from `start` to `end`; nothing of it outlives the context."""
    loop = BareLoop(rate_hz)
    try:
        yield loop
    finally:
        loop.discard()


def main() -> int:
    """Tick until SIGTERM, with the scheduling of the control process; print when each was due and how late [ns]."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate-hz", type=float, required=True)
    rate_hz = parser.parse_args().rate_hz
    die_with_parent()
    stop = stop_event()
    keep_memory()
    take_priority()
    sys.stdout.write("ticking\n")
    sys.stdout.flush()
    pace = Pace(StationClock(), 1.0 / rate_hz)
    ticks_ns: list[tuple[int, int]] = []
    while not stop.is_set():
        pace.wait()
        ticks_ns.append((pace.owed_ns, pace.begin() - pace.owed_ns))
    sys.stdout.write(json.dumps(ticks_ns))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
