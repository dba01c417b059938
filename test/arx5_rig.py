"""Emulated ARX motors, L5 and X5, and a driver in a process of its own on their bus."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from driver_process import DriverProcess
from driver_rig import DriverRig
from emulated_arx import EmulatedArx

from ros_wam.drivers.driver import Driver
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import DriverError, DriverSpent, StateStale
from ros_wam.sim.emulators.arx import arx_control_prefix
from ros_wam.types import JointState

ROBOTS_DIR = Path(__file__).parents[1] / "robots"
ROBOTS = {"L5": "arx5", "X5": "arx5_x5"}
GRIPPER_OPEN_RAD = {"L5": 5.03, "X5": -3.4}
"""The X5 here has a gripper of the newer kind."""
GRIPPER_N_M = 0.47 * 1.5
"""What is asked of the gripper's motor at most; that of the newer kind reaches less than the robot file's force."""
FAILING = {"L5": "motor 5 (joint4)", "X5": "motor 2 (joint2)"}
"""What an emulated motor that fails is called; that of the X5 is an EC motor."""
RESOLUTION_RAD = 4e-4
"""A step of the motors' 16 bits over 25 rad."""
TWO_ROUNDS = 14
SLOW_NS = 200_000_000
PROCESSES = 3
"""An operator asks for recovery about as often."""


def robot_file(model: str) -> Path:
    return ROBOTS_DIR / f"{ROBOTS[model]}.yaml"


def child_of(motors: EmulatedArx, **settings: object) -> DriverProcess:
    chosen = {"interface": "can0", "model": motors.model, "gripper_open_rad": motors.gripper_open_rad} | settings
    return DriverProcess(robot_file(motors.model), chosen, arx_control_prefix(motors.run_dir))


def connected_child(motors: EmulatedArx) -> DriverProcess:
    """Return a connected driver; in another process where the library found no motor in time, as on a busy machine."""
    for attempt in range(PROCESSES):
        child = child_of(motors)
        try:
            child.connect()
        except DriverSpent:
            child.end()
            if attempt == PROCESSES - 1:
                raise
        else:
            return child
    raise AssertionError


def robot_of(motors: EmulatedArx) -> Embodiment:
    """The robot file's, with the force that the gripper's motor reaches."""
    robot = load_embodiment(robot_file(motors.model))
    ((name, limits),) = robot.grippers.items()
    reached_n = GRIPPER_N_M * abs(motors.gripper_open_rad) / limits.stroke_m
    return replace(robot, grippers={name: replace(limits, force_n=min(limits.force_n, reached_n))})


@contextlib.contextmanager
def emulated(model: str) -> Iterator[EmulatedArx]:
    with tempfile.TemporaryDirectory(prefix="arx") as run_dir:  # a socket's path must be short
        motors = EmulatedArx(model, Path(run_dir), GRIPPER_OPEN_RAD[model])
        try:
            yield motors
        finally:
            motors.close()


def rig_of(driver: Driver, motors: EmulatedArx) -> Iterator[DriverRig]:
    """Yield a driver with its motors, and leave both as they were."""
    made = DriverRig.of(driver, robot_of(motors), motors)
    clock, period_step = made.clock, made.step

    def step() -> None:
        """Let a period pass, in which the library has told every motor what it was told last."""
        told, begin_ns = motors.ask("counts")["frames"], clock.now_ns()
        period_step()
        while motors.ask("counts")["frames"] < told + TWO_ROUNDS and clock.now_ns() < begin_ns + SLOW_NS:
            pass

    made.step, made.resolution_rad = step, RESOLUTION_RAD
    yield made
    with contextlib.suppress(DriverSpent):
        made.driver.close()
    motors.ask("object_at", None)
    motors.clear()


def until_lost(rig: DriverRig, hold: np.ndarray, limit_s: float = 3.0) -> list[str]:
    """Go on as the control loop does until the link is lost; return what was told, the loss last."""
    told: list[str] = []
    deadline_ns = rig.clock.now_ns() + round(limit_s * 1e9)
    while rig.clock.now_ns() < deadline_ns:
        try:
            rig.driver.read()
            rig.hold(hold)
        except StateStale as error:
            told.append(str(error))
            rig.step()
        except DriverError as error:
            return [*told, str(error)]
    raise AssertionError(f"not lost within {limit_s} s; told {told}")


def follow(rig: DriverRig, position: np.ndarray, seconds: float) -> JointState:
    for _ in range(round(seconds / rig.embodiment.period_s)):
        rig.hold(position)
    return rig.read()
