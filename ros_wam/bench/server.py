"""What serving adds to the bare forward pass of the same policy of PyTorch: `ros-wam serve` in a process of its own.

Turn by turn, the program is called with tensors that are ready, and our client asks the server with three pictures of
224 x 224 as they are: encoding, loopback, decoding, tensors, forward pass, and the same way back. The program runs in
one thread here and there: threads that wait for each other are delayed by whatever else runs on the machine.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from ros_wam import share
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.bench.torch_network import HORIZON, ROBOT, SIZE, VIEWS, write_network
from ros_wam.clock import StationClock
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import TrialError
from ros_wam.policies.request_reader import Seen
from ros_wam.policies.torch_program import TorchProgram, import_torch
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.execution import Execution
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.process import keep_freed_memory
from ros_wam.types import CameraFrame, JointState, Observation

WARM_UP = 10
_WHOLE, _FORWARD = "served", "bare forward pass"
_SERVER = "inference on the server"


def server(calls: int, device: str | None, show: Callable[[str], None]) -> BenchResult:
    """Measure `calls` calls of each kind; raises ConfigError where torch is missing, TrialError where it ends early."""
    robot = load_embodiment(share.find("robots", ROBOT))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.pt"
        import_torch().set_num_threads(1)
        keep_freed_memory()  # as the server does
        write_network(path)
        program = TorchProgram(path, robot, device)
        show(f"starting ros-wam serve on {program.device}")
        with served(path, program.device) as url:
            client = make_client(profile(url, robot), robot, StationClock())
            with closing(client):
                show(f"{calls} calls of each kind")
                times = call_times(program, client, observation(robot), calls)
    return BenchResult("server", server_figures(times), tuple(server_rows(times)))


def call_times(program: TorchProgram, client: PolicyClient, seen: Observation, calls: int) -> dict[str, list[float]]:
    """Return how long each part of each call took [ms]."""
    clock = StationClock()
    images = {view: frame.image for view, frame in seen.frames.items()}
    tensors = program.tensors(Seen(seen.stamp_ns, images, seen.joint_state.position, seen.prompt, None))
    times: dict[str, list[float]] = {}
    for k in range(WARM_UP + calls):
        begin_ns = clock.now_ns()
        program.forward(tensors)
        between_ns = clock.now_ns()
        reply = client.infer(seen)
        whole_ms = (clock.now_ns() - between_ns) * 1e-6
        parts = {_FORWARD: (between_ns - begin_ns) * 1e-6, _WHOLE: whole_ms, **reply.timing_ms}
        if reply.server_infer_ms is not None:
            parts[_SERVER] = reply.server_infer_ms
        for name, value_ms in parts.items() if k >= WARM_UP else ():
            times.setdefault(name, []).append(value_ms)
    return times


def server_figures(times: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the figures: medians, `added_ms` that of what a call takes beyond the forward pass before it."""
    added = np.subtract(times[_WHOLE], times[_FORWARD])
    return {
        "added_ms": round(float(np.median(added)), 3),
        "forward_ms": round(float(np.median(times[_FORWARD])), 3),
        "served_ms": round(float(np.median(times[_WHOLE])), 3),
        "calls": float(len(added)),
    }


def server_rows(times: Mapping[str, list[float]]) -> Iterator[dict[str, Cell]]:
    """Yield a row for each part of a call; `inference on the server` holds its tensors, and is part of `round_trip`."""
    for name, values in times.items():
        row: dict[str, Cell] = {
            f"p{share_}_ms": round(float(np.percentile(values, share_)), 3) for share_ in (50, 90, 99)
        }
        yield {"part": name, **row, "source": "measured"}


def profile(url: str, robot: Embodiment) -> Profile:
    """Return the profile of the server for the program of this benchmark."""
    ours = load_profile(share.find("config/policies", "baseline"))
    images = (replace(ours.request.images[0], size=SIZE),)
    return replace(
        ours,
        url=url,
        request=replace(ours.request, images=images, rtc=None),
        action=ActionSpec("joint_position", HORIZON),
        execution=Execution("receding", HORIZON // 2),
        must_declare=(),
        serve=(),
    ).for_robot(robot)


def observation(robot: Embodiment) -> Observation:
    """Return pictures of noise, and the robot at home."""
    noise = np.random.default_rng(0)
    frames = {view: CameraFrame(view, 1, noise.integers(0, 256, (*SIZE, 3), np.uint8)) for view in VIEWS}
    rest = np.zeros(len(robot.joint_names))
    return Observation(1, frames, JointState(1, robot.home_position, rest, rest), "measure")


@contextmanager
def served(path: Path, device: str) -> Iterator[str]:
    """Run `ros-wam serve` until left, and yield its URL; raises TrialError where it ends before it serves."""
    command = [sys.executable, "-m", "ros_wam.cli.main", "serve", f"torch:{path}", "--robot", ROBOT, "--sim"]
    environment = {**os.environ, "PYTHONPATH": str(share.import_dir()), "OMP_NUM_THREADS": "1"}
    options = ["--device", device, "--port", "0"]
    with subprocess.Popen([*command, *options], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = re.search(r" at (ws://\S+);", process.stdout.readline())
            if url is None:
                raise TrialError("ros-wam serve ended before it served; it says why above")
            yield url[1]
        finally:
            process.terminate()
