"""Ten defects of a simulated station, for `doctor --sim --inject NAME`, each brought about where a real one comes from.

A file is wrong, a process is missing or another one, or the simulated device has a fault.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from ros_wam import share
from ros_wam.bringup import Run
from ros_wam.config import dump
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.sim.emulators import emulated_faults
from ros_wam.sim.injection import FROZEN_CAMERA
from ros_wam.vendor_limits import load_vendor_limits

OLD_DAY = "2020-01-01"
CLOCK_OFF_S = 0.5
WIDENED = 1.05
"""The share of the maker's own limit at which a joint may move."""
FULL = Path("/proc")
"""A file system on which nothing is ever free."""
SEEN_IN_MOTION = {"ur5": ("silent_servo",), "franka": ("silent_servo",)}
"""Faults of emulators that no robot at rest shows: there the controller answers for a servo that follows nothing."""


@dataclass(frozen=True)
class Defect:
    """What is done for one defect.

    `spoil` changes copies of the robot file and of its calibration folder; `rewire` changes what is started. `faults`:
    the first of these that the robot's emulator knows is begun while it is measured. `record_dir` is recorded to.
    """

    spoil: Callable[[Path, Path], None] | None = None
    rewire: Callable[[Run], Run] | None = None
    faults: tuple[str, ...] = ()
    record_dir: Path | None = None

    def spoiled(self, robot: Path, folder: Path) -> Path:
        """Return the robot file to use: `robot`, or a spoiled copy of it in the empty `folder`."""
        if self.spoil is None:
            return robot
        copy = folder / "robots" / robot.name
        calibration = folder / "calib" / robot.stem / "sim"
        shutil.copytree(share.calibration_dir(robot, sim=True), calibration)
        copy.parent.mkdir()
        for beside in robot.parent.iterdir():
            (copy.parent / beside.name).symlink_to(beside)
        copy.unlink()
        if (own := robot.parents[1] / "config").is_dir():  # may tell the vendor's limits
            (folder / "config").symlink_to(own)
        shutil.copyfile(robot, copy)
        self.spoil(copy, calibration)
        return copy

    def fault(self, robot: Path) -> str | None:
        """Return the fault to begin in the simulator, None for none; raises ConfigError if the robot cannot have it."""
        if not self.faults:
            return None
        embodiment = load_embodiment(robot)
        known = {FROZEN_CAMERA, *emulated_faults(embodiment)} - {*SEEN_IN_MOTION.get(embodiment.driver, ())}
        fault = next((name for name in self.faults if name in known), None)
        if fault is None:
            raise ConfigError(f"{robot.stem} can be given none of the faults {', '.join(self.faults)}")
        return fault


def _edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False))


def _widen_limits(robot: Path, calibration: Path) -> None:
    embodiment = load_embodiment(robot)
    joint = next(iter(embodiment.arms.values())).joints[0]
    vendors = load_vendor_limits(robot, embodiment.name).velocity_rad_s.values[0]

    def widen(data: dict[str, Any]) -> None:
        data["joints"][joint]["velocity_rad_s"] = WIDENED * vendors

    _edit(robot, widen)


def _age_calibration(robot: Path, calibration: Path) -> None:
    for view in load_embodiment(robot).views:
        with (calibration / f"{view}.yaml").open("a") as file:
            file.write(f"calibrated: {OLD_DAY}\n")


def _set_clock_off(robot: Path, calibration: Path) -> None:
    """Subtract from the stamps of all cameras a latency that they do not have."""

    def delay(data: dict[str, Any]) -> None:
        for camera in data["cameras"].values():
            camera["latency_s"] = CLOCK_OFF_S

    _edit(calibration / "station.yaml", delay)


def _serve_another_robot(run: Run) -> Run:
    other = share.find("robots", "ur5e" if run.config.robot.stem == "ur5" else "ur5")
    config = replace(run.config, robot=other, calibration=share.calibration_dir(other, sim=True))
    file = run.config.run_dir / "another_robot.yaml"
    file.write_text(dump(config), encoding="utf-8")
    return _with_args(
        run, "policy_server", lambda args: tuple(str(file) if a == str(run.config_file) else a for a in args)
    )


def _without_server(run: Run) -> Run:
    return replace(run, nodes=tuple(node for node in run.nodes if node.executable != "policy_server"))


def _unplug_enable(run: Run) -> Run:
    return _with_args(run, "robot_node", lambda args: (*args, "--ros-args", "-r", "enable:=enable_unplugged"))


def _with_args(run: Run, executable: str, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Run:
    nodes = [replace(node, args=change(node.args)) if node.executable == executable else node for node in run.nodes]
    return replace(run, nodes=tuple(nodes))


DEFECTS = {
    "frozen_camera": Defect(faults=(FROZEN_CAMERA,)),
    "wrong_metadata": Defect(rewire=_serve_another_robot),
    "server_dead": Defect(rewire=_without_server),
    "protective_stop": Defect(faults=("protective_stop", "reflex", "overload", "over_current")),
    "disk_full": Defect(record_dir=FULL),
    "stale_calibration": Defect(spoil=_age_calibration),
    "limits_widened": Defect(spoil=_widen_limits),
    "clock_off": Defect(spoil=_set_clock_off),
    "silent_servo": Defect(faults=("silent_servo", "gripper_freeze")),
    "no_enable": Defect(rewire=_unplug_enable),
}
