"""Launch files from bringup's list: one action per process, arguments named as on the command line."""

import atexit
from collections.abc import Collection
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction, RegisterEventHandler, Shutdown, TimerAction
from launch.event_handlers import OnProcessExit
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ros_wam.bringup import Run, bringup, clear
from ros_wam.launch_arguments import ARGUMENTS, request
from ros_wam.processes import NodeSpec
from ros_wam.supervisor import WIND_UP_S


def describe(parts: Collection[str], arguments: Collection[str]) -> LaunchDescription:
    """Return the launch description of `parts` (see bringup) that takes `arguments`."""
    declared = [
        DeclareLaunchArgument(name, default_value=ARGUMENTS[name][0], description=ARGUMENTS[name][1])
        for name in arguments
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=_launch, args=[tuple(parts), tuple(arguments)])])


def _launch(context: LaunchContext, parts: tuple[str, ...], arguments: tuple[str, ...]) -> list[Any]:
    given = {name: LaunchConfiguration(name).perform(context) for name in arguments}
    run = bringup(request(given, parts), parts)
    actions: list[Any] = [LogInfo(msg=f"recording to {run.config.sitting_dir}")] if run.config.sitting_dir else []
    if run.desk is not None:
        actions.append(LogInfo(msg=f"the operator's page: {run.desk.url}"))
    for node in run.nodes:
        actions += _node_actions(node, run)
    atexit.register(clear, run)  # not at the launch's shutdown: its processes are still ending then
    return actions


def _node_actions(node: NodeSpec, run: Run) -> list[Any]:
    action = Node(
        package="ros_wam",
        executable=node.executable,
        arguments=list(node.args),
        additional_env={**run.environment, **node.environment},
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
