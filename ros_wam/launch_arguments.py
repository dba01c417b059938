"""The launch files' arguments, named as the command line's options, and what they ask bringup for."""

from collections.abc import Collection, Mapping
from pathlib import Path

from ros_wam import share
from ros_wam.calibration import load_station
from ros_wam.errors import ConfigError
from ros_wam.request import Request
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.task import task_for

ARGUMENTS = {
    "robot": ("ur5", "a name in robots/, or a robot file"),
    "policy": ("baseline", "a name in config/policies/, or a file"),
    "task": ("", "a name in config/tasks/, or a file; the first that suits the robot where none is given"),
    "trials": ("1", "how many trials"),
    "seed": ("0", "seed of the sitting"),
    "sim": ("false", "true: the simulated station instead of the lab's"),
    "record_dir": ("runs", "where sittings go"),
    "device": ("", "what teleoperates the robot: a name in the station's leaders; without a policy the first of them"),
    "operator": ("false", "true: a person lays the scene out and scores, as at a real station in any case"),
}
"""Default and description of each."""
TRUTH = {"true": True, "1": True, "false": False, "0": False}


def request(given: Mapping[str, str], parts: Collection[str]) -> Request:
    """Return what `given`, the arguments of a launch file that starts `parts`, asks for; raises ConfigError."""
    sim = _truth("sim", given.get("sim", "true"))
    return Request(
        robot=given["robot"],
        policy=given.get("policy"),
        task=_task(given) if sim or "trial" in parts else None,  # without trials only the scene is laid out
        sim=sim,
        trials=_number("trials", given.get("trials", "1"), 1),
        seed=_number("seed", given.get("seed", "0"), 0),
        record_dir=Path(given.get("record_dir", "runs")),
        device=_device(given, sim) if "teleop" in parts else None,
        operator=_truth("operator", given.get("operator", "false")),
    )


def _task(given: Mapping[str, str]) -> str:
    if given["task"]:
        return given["task"]
    robot = share.find("robots", given["robot"]).stem
    task = task_for(robot, SIM_TASKS)
    if task is None:
        raise ConfigError(f"no task in config/tasks suits {robot}: name one by task:=")
    return str(task)


def _device(given: Mapping[str, str], sim: bool) -> str | None:
    """Return the device that is named, or the station's first where nothing else would move the robot."""
    device, has_policy = given.get("device", ""), "policy" in given
    if has_policy and not device:
        return None
    station = load_station(share.calibration_dir(share.find("robots", given["robot"]), sim))
    if not device and not station.leaders:
        raise ConfigError(f"no leaders in the station file of {given['robot']}: name a device by device:=")
    if device == "keyboard" and not station.pedal:
        raise ConfigError(
            "device:=keyboard: launched processes have no terminal to type in: add a pedal to the station file, which "
            "may be a whole keyboard, or use ros-wam teleop"
        )
    return device or next(iter(station.leaders))


def _truth(name: str, text: str) -> bool:
    if text.lower() not in TRUTH:
        raise ConfigError(f"{name}:={text} must be one of {', '.join(TRUTH)}")
    return TRUTH[text.lower()]


def _number(name: str, text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ConfigError(f"{name}:={text} must be a whole number of at least {least}")
    return int(text)
