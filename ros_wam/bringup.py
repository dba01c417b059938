"""Composition, in one place: which processes a run consists of, and the one configuration file that they all read.

`launch/*.launch.py` map the list to launch actions, `ros-wam` to supervised subprocesses.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ros_wam import alive, share
from ros_wam.calibration import load_station
from ros_wam.cameras import check_camera
from ros_wam.claim import Claim, claim, claim_robot
from ros_wam.clock import OFFSET_VARIABLE, StationClock, station_offset_ns, wall_clock_label
from ros_wam.config import dump
from ros_wam.desk_access import DeskAccess, desk_access
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.client import make_client
from ros_wam.policy.depth_input import check_depth
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.processes import NodeSpec, processes
from ros_wam.request import Request
from ros_wam.run_config import RunConfig
from ros_wam.sim.emulators import control_prefix
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.task import load_task
from ros_wam.teleop import located, make_device
from ros_wam.teleop.pedal import pedal_settings

EVERYTHING = ("sim", "server", "cameras", "robot", "policy", "teleop", "recorder", "desk", "trial")
_RUN_PREFIX = "ros_wam_"
_LAUNCHER = "launcher"


@dataclass(frozen=True)
class Run:
    """Everything to start: the configuration as written to `config_file`, the environment, and the processes.

    `desk` is where the operator's page is, None where there is none.
    """

    config: RunConfig
    config_file: Path
    environment: dict[str, str]
    nodes: tuple[NodeSpec, ...]
    claims: tuple[Claim, ...] = ()
    desk: DeskAccess | None = None


def bringup(request: Request, parts: Collection[str] = EVERYTHING) -> Run:
    """Resolve `request`, write the configuration file and return the processes of `parts`; raises ConfigError."""
    files = _files(request)
    robot, calibration, profile = files.robot, files.calibration, files.profile
    _check_parts(request, calibration, profile, parts)
    _check_device(request, robot, calibration, parts)
    desk = desk_access(request, parts)
    port = _free_port() if profile is not None and profile.serve else None
    with ExitStack() as undo:  # an error or an interrupt from here on leaves nothing behind
        claims = {name: undo.enter_context(closing(each)) for name, each in _claims(request, calibration, parts)}
        domain, address = claims.get("domain"), claims.get("address")
        run_dir = _make_run_dir()
        undo.callback(shutil.rmtree, run_dir, ignore_errors=True)
        config = RunConfig(
            robot=robot,
            calibration=calibration,
            sim=request.sim,
            run_dir=run_dir,
            task=files.task,
            policy=files.policy,
            policy_url=f"ws://127.0.0.1:{port}" if port else None,
            robot_address=None if address is None else address.value,
            control_prefix=_control_prefix(request, robot, run_dir, parts),
            sitting_dir=_sitting_dir(request, robot.stem) if "trial" in parts else None,
            trials=request.trials,
            seed=request.seed,
            device=None if request.device is None else located(request.device),
            operator=request.operator or not request.sim,
            desk_host=request.desk_host,
            desk_port=0 if desk is None else desk.port,
        )
        config_file = run_dir / "config.yaml"
        config_file.write_text(dump(config), encoding="utf-8")
        nodes = processes(config, config_file, parts, profile, port, request.inference_latency_ms, desk)
        environment = _environment(domain if request.sim or "doctor" in parts else None)
        run = Run(config, config_file, environment, nodes, tuple(claims.values()), desk)
        undo.pop_all()
    return run


@dataclass(frozen=True)
class _Files:
    robot: Path
    calibration: Path
    policy: Path | None
    profile: Profile | None
    task: Path | None


def _files(request: Request) -> _Files:
    """Return the files that are asked for, which exist and suit each other; raises ConfigError."""
    robot = share.find("robots", request.robot)
    calibration = share.calibration_dir(robot, request.sim)
    policy = None if request.policy is None else share.find("config/policies", request.policy)
    profile = None if policy is None else _profile(policy, load_embodiment(robot))
    task = None if request.task is None else share.find("config/tasks", request.task)
    _check_latency(profile, request.inference_latency_ms)
    _check_fit(robot, calibration, request.sim, task)
    return _Files(robot, calibration, policy, profile, task)


def clear(run: Run) -> None:
    """Remove the run's folder and give back what it claimed, once its processes have ended. Repeatable."""
    shutil.rmtree(run.config.run_dir, ignore_errors=True)
    for each in run.claims:
        each.close()


def _control_prefix(request: Request, robot: Path, run_dir: Path, parts: Collection[str]) -> tuple[str, ...]:
    """Lockstep, which has no process of the robot or the simulator, needs no emulator."""
    if not request.sim or {"sim", "robot"}.isdisjoint(parts):
        return ()
    return control_prefix(load_embodiment(robot), run_dir)


def _claims(request: Request, calibration: Path, parts: Collection[str]) -> Iterator[tuple[str, Claim]]:
    """Yield, by name, what the run claims for itself: to be held at once, since the next may be refused."""
    domain = _claim_domain(request.sim, parts)
    if domain is not None:
        yield "domain", domain
    address = _claim_address(calibration) if request.sim and "sim" in parts else None
    if address is not None:
        yield "address", address
    if not request.sim and "robot" in parts:
        for k, robot in enumerate(claim_robot(load_station(calibration).robot)):
            yield f"robot {k}", robot


def _claim_domain(sim: bool, parts: Collection[str]) -> Claim | None:
    """A simulated station gets a ROS domain that nobody has; a real one keeps the user's and tells simulations so.

    A real one that is examined gets one too: nobody else may ask its robot to move, or hear that it may.
    """
    users = os.environ.get("ROS_DOMAIN_ID") or "0"
    if sim and "sim" not in parts:
        return None
    if sim or "doctor" in parts:  # above 101, ports may collide with ephemeral ones
        return claim("domain", (str(n) for n in range(1, 102) if str(n) != users))
    with suppress(ConfigError):  # another real station may well share it
        return claim("domain", [users])
    return None


def _environment(own: Claim | None) -> dict[str, str]:
    """Return what the children get on top of the environment; `own` is the ROS domain that is to be theirs alone.

    What the user has set wins, but for the clock, and for what keeps them alone.
    """
    wanted = {
        # UDP alone measures the same for our message sizes, and a killed process leaves no shared memory behind.
        "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
        "MUJOCO_GL": "osmesa",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    environment = {key: value for key, value in wanted.items() if key not in os.environ}
    if own is not None:  # a real robot that hears a simulated station would move
        environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        environment["ROS_DOMAIN_ID"] = own.value
    return {**environment, OFFSET_VARIABLE: str(station_offset_ns())}


def _profile(policy: Path, robot: Embodiment) -> Profile:
    """Return the profile for `robot`; raises ConfigError also for what a lab has yet to fill in: a file, a variable."""
    profile = load_profile(policy).for_robot(robot)
    make_client(profile, robot, StationClock()).close()
    ActionAdapter(profile, robot)
    return profile


def _check_fit(robot: Path, calibration: Path, sim: bool, task: Path | None) -> None:
    """Raise ConfigError unless robot, cameras and task suit each other, before anything is started."""
    if not sim and not (calibration / "station.yaml").is_file():
        raise ConfigError(_no_station_file(robot, calibration))
    embodiment, station = load_embodiment(robot), load_station(calibration)
    missing = [view for view in embodiment.views if view not in station.cameras]
    if missing:
        raise ConfigError(f"{calibration / 'station.yaml'}: cameras: no {', '.join(missing)}, which {robot.stem} has")
    for view in embodiment.views:
        check_camera(view, station.cameras[view])
    if task is not None and robot.stem not in (suited := load_task(task)).robots:
        raise ConfigError(f"task {suited.name} does not suit {robot.stem}; it suits: {', '.join(suited.robots)}")
    if task is not None and sim and suited.name not in SIM_TASKS:
        raise ConfigError(f"task {suited.name} is not simulated; those that are: {', '.join(sorted(SIM_TASKS))}")


def _check_parts(request: Request, calibration: Path, profile: Profile | None, parts: Collection[str]) -> None:
    if profile is not None and "cameras" in parts:  # in lockstep there is none, and every view has depth
        check_depth(profile.name, profile.request.depth_views, load_station(calibration))
    if "trial" in parts and profile is None and request.device is None:
        raise ConfigError("nothing would move the robot: name a policy (--policy), a device (--device), or both")


def _check_device(request: Request, robot: Path, calibration: Path, parts: Collection[str]) -> None:
    if request.device is not None and "teleop" in parts:
        station, embodiment = load_station(calibration), load_embodiment(robot)
        make_device(request.device, station, embodiment, calibration, StationClock())  # checks its settings as well
        pedal_settings(station.pedal)


def _no_station_file(robot: Path, calibration: Path) -> str:
    """Return the message. An installation's own folder is no place for a lab's file: the next one replaces it."""
    told = f"no station file for {robot.stem}: {calibration / 'station.yaml'}"
    if robot.parent == share.share_dir() / "robots":
        told += (
            f"; keep a lab's own outside the package: my_lab/calib/{robot.stem}/station.yaml, beside copies of the "
            f"robot's files in my_lab/robots/, with --robot my_lab/robots/{robot.name}"
        )
    return f"{told}; with --sim none is needed"


def _check_latency(profile: Profile | None, latency_ms: float) -> None:
    if latency_ms > 0.0 and (profile is None or not profile.serve):
        raise ConfigError(f"an inference latency of {latency_ms:g} ms needs a policy that this package serves")
    if profile is not None and latency_ms >= 1e3 * profile.timeouts.call_s:
        raise ConfigError(
            f"an inference latency of {latency_ms:g} ms would time out: "
            f"{profile.name} allows {profile.timeouts.call_s:g} s for a call"
        )


def _make_run_dir() -> Path:
    """Make the run's folder in memory, and remove those that a killed launcher left behind."""
    memory = Path("/dev/shm")  # frames pass through files here: they must never reach a disk
    parent = memory if memory.is_dir() else Path(tempfile.gettempdir())
    prefix = f"{_RUN_PREFIX}{os.getuid()}_"  # nobody may look into another user's folders
    for folder in parent.glob(f"{prefix}*"):
        if (folder / "alive" / _LAUNCHER).exists() and not alive.is_alive(folder, _LAUNCHER):
            shutil.rmtree(folder, ignore_errors=True)
    run_dir = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    alive.hold(run_dir, _LAUNCHER)
    return run_dir


def _sitting_dir(request: Request, robot: str) -> Path:
    if request.resume is not None:
        if not (request.resume / "sitting.yaml").is_file():
            raise ConfigError(f"nothing to resume: {request.resume} holds no sitting.yaml")
        return request.resume.resolve()
    task, policy = Path(request.task or "none").stem, Path(request.policy or "teleop").stem
    label = "_".join((wall_clock_label(), robot, task, policy))
    for number in count(1):  # another sitting may have begun in the same second
        folder = (request.record_dir / (label if number == 1 else f"{label}-{number}")).resolve()
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(f"no sitting can be recorded to {folder}: {error.strerror}") from error
        return folder
    raise AssertionError  # count never ends


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _claim_address(calibration: Path) -> Claim | None:
    """Give an emulated controller a loopback address of its own, from the station file's on: its ports are fixed.

    A robot that is not on the network has none.
    """
    settings = load_station(calibration).robot
    if "address" not in settings:
        return None
    address = settings["address"]
    if not isinstance(address, str) or address.count(".") != 3:
        raise ConfigError(f"{calibration / 'station.yaml'}: robot: address is {address!r}, must be an IPv4 one")
    network, last = address.rsplit(".", 1)
    return claim("address", (f"{network}.{n}" for n in range(int(last), 255)))
