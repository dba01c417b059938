"""Rendering in a process of its own: it may be late, physics may not. It draws the newest snapshot, no others."""

import argparse
import contextlib
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import load_view
from ros_wam.errors import RosWamError, SimError
from ros_wam.process import die_with_parent
from ros_wam.run_config import RunConfig, load_run_config
from ros_wam.share import import_dir
from ros_wam.sim.frames import FrameWriter
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.scene import build_scene
from ros_wam.sim.tasks import sim_task
from ros_wam.sim.world import Snapshot
from ros_wam.task import load_task
from ros_wam.types import DepthImage

_HEADER = struct.Struct("<qqQQ")  # stamp, time to draw, mask of the views to take, mask of those that are frozen
_MESSAGE_BYTES = 65536
_CLOSE_TIMEOUT_S = 2.0


class RenderProcess:
    """The physics loop's end: it sends snapshots and never waits. What does not fit is dropped and counted."""

    def __init__(self, config_file: Path, views: Sequence[str]) -> None:
        """Start the process; it reads the run's `config_file` itself."""
        self._views = tuple(views)
        self.dropped = 0
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        command = [sys.executable, "-m", __name__, "--config", str(config_file), "--fd", str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=import_dir()
        )
        theirs.close()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, snapshot: Snapshot, stamp_ns: int, due: Collection[str], frozen: Collection[str]) -> None:
        """Have the views `due` taken of `snapshot`; those also in `frozen` repeat their last picture, stamped anew.

        Raises SimError when the process has ended.
        """
        masks = [sum(1 << i for i, view in enumerate(self._views) if view in chosen) for chosen in (due, frozen)]
        message = _HEADER.pack(stamp_ns, snapshot.time_ns, *masks) + snapshot.qpos.tobytes()
        try:
            self._socket.send(message)
        except BlockingIOError:
            self.dropped += 1
        except OSError as error:
            said = self._last_words()
            self.close()
            raise SimError(f"the render process has ended with status {self._process.returncode}{said}") from error

    def close(self) -> None:
        """Hang up; the process then ends by itself, or is killed."""
        self._socket.close()
        try:
            self._process.wait(_CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            text = self._socket.recv(_MESSAGE_BYTES).decode()
            return f": {text}" if text else ""
        return ""


class _Studio:
    """The render process's end: one renderer, one frame file per view."""

    def __init__(self, config: RunConfig) -> None:
        assert config.task is not None
        embodiment = config.embodiment()
        calibrations = {view: load_view(config.calibration, view) for view in embodiment.views}
        self._views = embodiment.views
        task = sim_task(load_task(config.task).name)
        self._renderer = Renderer(build_scene(embodiment, config.calibration, task), calibrations)
        self._deep = {view for view, camera in config.station().cameras.items() if camera.depth}
        self._writers = {
            view: FrameWriter(config.run_dir, view, calibration.width, calibration.height, view in self._deep)
            for view, calibration in calibrations.items()
        }
        self._last: dict[str, tuple[NDArray[np.uint8], DepthImage | None]] = {}

    def take(self, stamp_ns: int, snapshot: Snapshot, due: int, frozen: int) -> None:
        """Render the views in the mask `due` and hand them out."""
        for i, view in enumerate(self._views):
            if not due >> i & 1:
                continue
            if view not in self._last or not frozen >> i & 1:
                image = self._renderer.render(snapshot, view)
                self._last[view] = image, self._renderer.depth(view) if view in self._deep else None
            image, depth = self._last[view]
            self._writers[view].write(image, stamp_ns, depth)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._renderer.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Render until the physics loop hangs up; it is told what prevents that."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--fd", required=True, type=int)
    args = parser.parse_args(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the physics loop says when it is over
    die_with_parent()
    with socket.socket(fileno=args.fd) as link:
        try:
            _serve(link, _Studio(load_run_config(args.config)))
        except RosWamError as error:
            link.send(str(error).encode())
            return 1
    return 0


def _serve(link: socket.socket, studio: _Studio) -> None:
    while (newest := _newest(link)) is not None:
        message, due = newest
        stamp_ns, time_ns, _, frozen = _HEADER.unpack_from(message)
        qpos = np.frombuffer(message, np.float64, offset=_HEADER.size)
        studio.take(stamp_ns, Snapshot(time_ns, qpos), due, frozen)
    studio.close()


def _newest(link: socket.socket) -> tuple[bytes, int] | None:
    """Wait for a message; return the newest there is and the views due in any of them. None when hung up."""
    due = 0
    message = b""
    while not message or select.select([link], [], [], 0)[0]:
        message = link.recv(_MESSAGE_BYTES)
        if not message:
            return None
        due |= _HEADER.unpack_from(message)[2]
    return message, due


if __name__ == "__main__":
    raise SystemExit(main())
