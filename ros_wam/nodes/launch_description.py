"""Launch files from bringup's list: one action per process, arguments named as on the command line."""

import atexit
from collections.abc import Collection
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction, RegisterEventHandler, Shutdown, TimerAction
from launch.event_handlers import OnProcessExit
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ros_wam.bringup import NodeSpec, Request, Run, bringup, clear
from ros_wam.errors import ConfigError
from ros_wam.supervisor import WIND_UP_S

ARGUMENTS = {
    "robot": ("ur5", "a name in robots/, or a robot file"),
    "policy": ("baseline", "a name in config/policies/, or a file"),
    "task": ("move_objects_into_box", "a name in config/tasks/, or a file"),
    "trials": ("1", "how many trials"),
    "seed": ("0", "seed of the sitting"),
    "sim": ("false", "true: the simulated station instead of the lab's"),
    "record_dir": ("runs", "where sittings go"),
}
TRUTH = {"true": True, "1": True, "false": False, "0": False}


def describe(parts: Collection[str], arguments: Collection[str]) -> LaunchDescription:
    """Return the launch description of `parts` (see bringup) that takes `arguments`."""
    declared = [
        DeclareLaunchArgument(name, default_value=ARGUMENTS[name][0], description=ARGUMENTS[name][1])
        for name in arguments
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=_launch, args=[tuple(parts), tuple(arguments)])])


def _launch(context: LaunchContext, parts: tuple[str, ...], arguments: tuple[str, ...]) -> list[Any]:
    given = {name: LaunchConfiguration(name).perform(context) for name in arguments}
    sim = _truth("sim", given.get("sim", "true"))
    run = bringup(
        Request(
            robot=given["robot"],
            policy=given.get("policy"),
            task=given.get("task") if sim or "trial" in parts else None,  # without trials only the scene is laid out
            sim=sim,
            trials=_number("trials", given.get("trials", "1"), 1),
            seed=_number("seed", given.get("seed", "0"), 0),
            record_dir=Path(given.get("record_dir", "runs")),
        ),
        parts,
    )
    actions: list[Any] = [LogInfo(msg=f"recording to {run.config.sitting_dir}")] if run.config.sitting_dir else []
    for node in run.nodes:
        actions += _node_actions(node, run)
    atexit.register(clear, run)  # not at the launch's shutdown: its processes are still ending then
    return actions


def _truth(name: str, text: str) -> bool:
    if text.lower() not in TRUTH:
        raise ConfigError(f"{name}:={text} must be one of {', '.join(TRUTH)}")
    return TRUTH[text.lower()]


def _number(name: str, text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ConfigError(f"{name}:={text} must be a whole number of at least {least}")
    return int(text)


def _node_actions(node: NodeSpec, run: Run) -> list[Any]:
    action = Node(
        package="ros_wam",
        executable=node.executable,
        arguments=list(node.args),
        additional_env=run.environment,
        respawn=node.respawn,
        output="screen",
        sigterm_timeout="8",
    )
    if not node.required:
        return [action]
    ended: Any = Shutdown(reason=f"{node.name} ended")
    if node.name != "trial_node" and any(other.name == "trial_node" for other in run.nodes):
        ended = TimerAction(period=WIND_UP_S, actions=[ended])  # the trial is scored first, and ends the run itself
    return [action, RegisterEventHandler(OnProcessExit(target_action=action, on_exit=[ended]))]
