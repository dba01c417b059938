"""What a client adds to an inference: ours, and openpi's own, with the same three pictures in the same run.

Overhead: from the pictures until the request is handed to the operating system, and from the answer until its actions
can be executed. The server answers at once; what the network and the server take is not counted.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ros_wam import share
from ros_wam.bench.frame_times import timed_frames
from ros_wam.bench.instant_server import ROWS, instant_server
from ros_wam.bench.openpi_environment import environment_folder, openpi_python
from ros_wam.bench.openpi_side import PICTURES, RESIZED, SIZE, WARM_UP
from ros_wam.bench.pictures import rendered
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.clock import StationClock
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import TrialError
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.policy.client import make_client
from ros_wam.policy.execution import Execution
from ros_wam.policy.image import Picture, resize_with_pad
from ros_wam.policy.image_input import RAW, ImageInput
from ros_wam.policy.profile import Profile, Timeouts
from ros_wam.policy.reply_layout import ActionPart, ReplyLayout
from ros_wam.policy.request_layout import RequestLayout
from ros_wam.policy.state_input import StateInput
from ros_wam.texture import textured
from ros_wam.types import CameraFrame, FloatArray, JointState, Observation

ROBOT = "franka"
VIEWS = ("global", "side", "wrist")
CALLS = 40
OPENPI_S = 120.0

Calls = FloatArray
"""`(calls, 3)`: preparing the pictures [ms], all overhead [ms], bytes of the request."""


def client(rounds: int, show: Callable[[str], None]) -> BenchResult:
    """Measure in turn, `rounds` times; raises ConfigError and TrialError."""
    python = openpi_python(environment_folder(), show)
    pictures = [*rendered(ROBOT, VIEWS[:2]), textured(0)]
    calls: dict[str, list[Calls]] = {"ros_wam": [], "ros_wam, JPEG": [], "openpi-client": []}
    with tempfile.TemporaryDirectory() as scratch, instant_server() as port:
        folder = Path(scratch)
        np.save(folder / PICTURES, np.stack(pictures))
        for number in range(1, rounds + 1):
            show(f"round {number} of {rounds}")
            calls["ros_wam"].append(our_calls(port, pictures, RAW))
            calls["openpi-client"].append(openpi_calls(python, port, folder))
            calls["ros_wam, JPEG"].append(our_calls(port, pictures, "jpeg"))
        resized = np.load(folder / RESIZED)
    found = {name: np.concatenate(each) for name, each in calls.items()}
    nearness_db = min(psnr_db(resize_with_pad(picture, SIZE), resized[i]) for i, picture in enumerate(pictures))
    return BenchResult("client", client_figures(found, nearness_db), tuple(client_rows(found)))


def client_figures(found: dict[str, Calls], nearness_db: float) -> dict[str, float]:
    """Return the medians, and how near our pictures are to openpi's."""
    ours, openpi, jpeg = (np.median(found[name], axis=0) for name in ("ros_wam", "openpi-client", "ros_wam, JPEG"))
    figures = {
        "ours_ms": ours[1],
        "openpi_client_ms": openpi[1],
        "ratio": ours[1] / openpi[1],
        "psnr_db": nearness_db,
        "bytes_ours": ours[2],
        "bytes_openpi": openpi[2],
        "jpeg_ms": jpeg[1],
        "bytes_jpeg": jpeg[2],
    }
    return {name: round(float(value), 3) for name, value in figures.items()}


def client_rows(found: dict[str, Calls]) -> list[dict[str, Cell]]:
    """Return one row for each client and form of its pictures."""
    return [
        {
            "client": name,
            "prepare_p50_ms": round(float(np.median(calls[:, 0])), 3),
            **{f"p{share}_ms": round(float(np.percentile(calls[:, 1], share)), 3) for share in (50, 90, 99)},
            "bytes": float(np.median(calls[:, 2])),
            "calls": len(calls),
            "source": "measured",
        }
        for name, calls in found.items()
    ]


def psnr_db(image: Picture, reference: Picture) -> float:
    """Return the peak signal-to-noise ratio [dB] within what is not padding, 100 at most."""
    inside = reference.max(axis=-1) > 0
    rows, columns = inside.max(axis=1), inside.max(axis=0)
    difference = (image.astype(float) - reference)[rows][:, columns]
    return float(10.0 * np.log10(255.0**2 / max(float((difference**2).mean()), 255.0**2 * 1e-10)))


def our_calls(port: int, pictures: Sequence[Picture], encoding: str) -> Calls:
    """Measure CALLS calls of our client, once it is warm."""
    robot = load_embodiment(share.find("robots", ROBOT))
    clock = StationClock()
    frames = {view: CameraFrame(view, 1, picture) for view, picture in zip(VIEWS, pictures, strict=True)}
    still = np.zeros(len(robot.joint_names))
    state = JointState(1, np.asarray(robot.home_position, float), still, still)
    observation = Observation(1, frames, state, "put it in the box")
    policy = make_client(_profile(port, encoding).for_robot(robot), robot, clock)
    policy.connect()
    found = []
    with timed_frames(clock) as times:
        for _ in range(WARM_UP + CALLS):
            start_ns = clock.now_ns()
            reply = policy.infer(observation)
            overhead_ns = times.sent_ns - start_ns + clock.now_ns() - times.received_ns
            found.append((reply.timing_ms["prepare"], overhead_ns * 1e-6, times.sent_bytes))
    policy.close()
    return np.array(found[WARM_UP:], dtype=np.float64)


def openpi_calls(python: Path, port: int, folder: Path) -> Calls:
    """Measure CALLS calls of openpi's client in its own environment, once it is warm."""
    alone = folder / "package"  # nothing else of this environment may be found by that one
    alone.mkdir(exist_ok=True)
    if not (alone / "ros_wam").exists():
        (alone / "ros_wam").symlink_to(share.import_dir() / "ros_wam")
    command = [str(python), "-m", "ros_wam.bench.openpi_side", str(port), str(folder), str(CALLS)]
    try:
        done = subprocess.run(
            command, env={"PYTHONPATH": str(alone)}, capture_output=True, text=True, timeout=OPENPI_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TrialError(f"openpi-client did not end within {OPENPI_S:g} s") from error
    if done.returncode != 0:
        raise TrialError(f"openpi-client failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return np.array(json.loads(done.stdout), dtype=np.float64)


def _profile(port: int, encoding: str) -> Profile:
    return Profile(
        name="bench",
        url=f"ws://127.0.0.1:{port}",
        transport="websocket",
        codec="openpi",
        timeouts=Timeouts(connect_s=5.0, first_call_s=10.0, call_s=10.0),
        request=RequestLayout(
            images=(ImageInput({"all": "observation/{view}_image"}, size=SIZE, encoding=encoding),),
            state=(
                StateInput("observation/joint_position", ("arms",)),
                StateInput("observation/gripper_position", ("grippers",)),
            ),
            prompt_at="prompt",
        ),
        reply=ReplyLayout((ActionPart("actions", ("all",)),)),
        action=ActionSpec("joint_position", horizon=ROWS),
        execution=Execution("async", ROWS // 2),
        rate_hz=15.0,
        must_declare=(),
    )
