"""Composition, in one place: which processes a run consists of, and the one configuration file that they all read.

`launch/*.launch.py` map the list to launch actions, `ros-wam` to supervised subprocesses.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ros_wam import alive, share
from ros_wam.clock import OFFSET_VARIABLE, station_offset_ns, wall_clock_label
from ros_wam.config import dump
from ros_wam.errors import ConfigError
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.run_config import RunConfig
from ros_wam.task import load_task

EVERYTHING = ("sim", "server", "cameras", "robot", "policy", "recorder", "trial")
_RUN_PREFIX = "ros_wam_"
_LAUNCHER = "launcher"


@dataclass(frozen=True)
class Request:
    """What a user asks for; the names are those of the launch arguments and command-line options."""

    robot: str
    policy: str | None = None
    task: str | None = None
    sim: bool = False
    trials: int = 1
    seed: int = 0
    record_dir: Path = Path("runs")
    resume: Path | None = None
    inference_latency_ms: float = 0.0


@dataclass(frozen=True)
class NodeSpec:
    """One process: `executable` as `ros2 run ros_wam` knows it; a `required` one ends the run when it ends."""

    executable: str
    name: str
    args: tuple[str, ...]
    required: bool = False
    respawn: bool = False


@dataclass(frozen=True)
class Run:
    """Everything to start: the configuration as written to `config_file`, the environment, and the processes."""

    config: RunConfig
    config_file: Path
    environment: dict[str, str]
    nodes: tuple[NodeSpec, ...]


def bringup(request: Request, parts: Collection[str] = EVERYTHING) -> Run:
    """Resolve `request`, write the configuration file and return the processes of `parts`; raises ConfigError."""
    robot = share.find("robots", request.robot)
    calibration = _calibration(robot, request.sim)
    policy = share.find("config/policies", request.policy) if request.policy else None
    profile = load_profile(policy) if policy else None
    _check_latency(profile, request.inference_latency_ms)
    task = share.find("config/tasks", request.task) if request.task else None
    if task is not None:
        _check_task(task, robot.stem)
    port = _free_port() if profile is not None and profile.serve else None
    with ExitStack() as undo:  # an error or an interrupt from here on leaves no folder behind
        run_dir = _make_run_dir()
        undo.callback(shutil.rmtree, run_dir, ignore_errors=True)
        config = RunConfig(
            robot=robot,
            calibration=calibration,
            sim=request.sim,
            run_dir=run_dir,
            task=task,
            policy=policy,
            policy_url=f"ws://127.0.0.1:{port}" if port else None,
            sitting_dir=_sitting_dir(request, robot.stem) if "trial" in parts else None,
            trials=request.trials,
            seed=request.seed,
        )
        if request.sim:
            config = _with_free_address(config)
        config_file = run_dir / "config.yaml"
        config_file.write_text(dump(config))
        nodes = _nodes(config, config_file, parts, profile, port, request.inference_latency_ms)
        run = Run(config, config_file, _environment(request.sim), nodes)
        undo.pop_all()
    return run


def _calibration(robot: Path, sim: bool) -> Path:
    folder = share.calibration_dir(robot, sim)
    if not (folder / "station.yaml").is_file():
        raise ConfigError(f"no station file for {robot.stem}: {folder / 'station.yaml'}; with --sim none is needed")
    return folder


def clear(run: Run) -> None:
    """Remove the run's folder, once its processes have ended."""
    shutil.rmtree(run.config.run_dir, ignore_errors=True)


def _nodes(
    config: RunConfig,
    config_file: Path,
    parts: Collection[str],
    profile: Profile | None,
    port: int | None,
    latency_ms: float,
) -> tuple[NodeSpec, ...]:
    file = ("--config", str(config_file))
    nodes: list[NodeSpec] = []
    if "sim" in parts and config.sim:
        nodes.append(NodeSpec("sim_node", "sim_node", file, required=True))
    if "server" in parts and profile is not None and port is not None:
        arguments = (*profile.serve, *file, "--port", str(port), "--inference-latency-ms", str(latency_ms))
        nodes.append(NodeSpec("policy_server", "policy_server", arguments, respawn=True))
    if "cameras" in parts:
        nodes += [
            NodeSpec("camera_node", f"camera_node_{view}", (*file, "--view", view), respawn=True)
            for view in config.embodiment().views
        ]
    if "robot" in parts:
        nodes.append(NodeSpec("robot_node", "robot_node", file, required=True))
    if "policy" in parts:
        nodes.append(NodeSpec("policy_node", "policy_node", file, respawn=True))
    if "recorder" in parts:
        nodes.append(NodeSpec("recorder_node", "recorder_node", file, respawn=True))
    if "trial" in parts:
        nodes.append(NodeSpec("trial_node", "trial_node", file, required=True))
    return tuple(nodes)


def _claim(kind: str, numbers: Iterable[int]) -> int:
    """Return the first of `numbers` that no other run on this machine has, and keep it until this process ends."""
    for number in numbers:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0{_RUN_PREFIX}{kind}_{number}")  # an abstract name: the kernel gives it back
        except OSError:
            claim.close()
            continue
        claim.detach()
        return number
    raise ConfigError(f"no {kind} is free on this machine: too many simulations are running")


def _environment(sim: bool) -> dict[str, str]:
    """Return what the children get on top of the environment.

    What the user has set wins, but for the clock, and for what parts a simulated station from a real one.
    """
    wanted = {
        # UDP alone measures the same for our message sizes, and a killed process leaves no shared memory behind.
        "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
        "MUJOCO_GL": "osmesa",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    environment = {key: value for key, value in wanted.items() if key not in os.environ}
    if sim:  # a real robot that hears a simulated station would move
        users = os.environ.get("ROS_DOMAIN_ID")
        domains = (n for n in range(1, 102) if str(n) != users)  # above, ports may collide with ephemeral ones
        environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        environment["ROS_DOMAIN_ID"] = str(_claim("domain", domains))
    return {**environment, OFFSET_VARIABLE: str(station_offset_ns())}


def _check_latency(profile: Profile | None, latency_ms: float) -> None:
    if latency_ms > 0.0 and (profile is None or not profile.serve):
        raise ConfigError(f"an inference latency of {latency_ms:g} ms needs a policy that this package serves")
    if profile is not None and latency_ms >= 1e3 * profile.timeouts.call_s:
        raise ConfigError(
            f"an inference latency of {latency_ms:g} ms would time out: "
            f"{profile.name} allows {profile.timeouts.call_s:g} s for a call"
        )


def _check_task(path: Path, robot: str) -> None:
    task = load_task(path)
    if robot not in task.robots:
        raise ConfigError(f"task {task.name} does not suit {robot}; it suits: {', '.join(task.robots)}")


def _make_run_dir() -> Path:
    """Make the run's folder in memory, and remove those that a killed launcher left behind."""
    memory = Path("/dev/shm")  # frames pass through files here: they must never reach a disk
    parent = memory if memory.is_dir() else Path(tempfile.gettempdir())
    for folder in parent.glob(f"{_RUN_PREFIX}*"):
        if (folder / "alive" / _LAUNCHER).exists() and not alive.is_alive(folder, _LAUNCHER):
            shutil.rmtree(folder, ignore_errors=True)
    run_dir = Path(tempfile.mkdtemp(prefix=_RUN_PREFIX, dir=parent))
    alive.hold(run_dir, _LAUNCHER)
    return run_dir


def _sitting_dir(request: Request, robot: str) -> Path:
    if request.resume is not None:
        if not (request.resume / "sitting.yaml").is_file():
            raise ConfigError(f"nothing to resume: {request.resume} holds no sitting.yaml")
        return request.resume.resolve()
    parts = (wall_clock_label(), robot, request.task, Path(request.policy or "none").stem)
    folder = (request.record_dir / "_".join(str(part) for part in parts)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _with_free_address(config: RunConfig) -> RunConfig:
    """Give the emulated controller a loopback address of its own, from the station file's on: its ports are fixed."""
    address = config.station().robot.get("address")
    if not isinstance(address, str) or address.count(".") != 3:
        raise ConfigError(f"{config.calibration / 'station.yaml'}: robot: address is {address!r}, must be an IPv4 one")
    network, last = address.rsplit(".", 1)
    return replace(config, robot_address=f"{network}.{_claim(f'address_{network}', range(int(last), 255))}")
