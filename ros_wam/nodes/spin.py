"""How every node runs: own signals, one executor driven by `spin_once`, a last word before ROS goes down."""

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import rclpy
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from ros_wam import alive
from ros_wam.errors import RosWamError
from ros_wam.process import die_with_parent, set_realtime_priority, stop_event, switch_threads_quickly
from ros_wam.run_config import RunConfig, load_run_config

SPIN_TIMEOUT_S = 0.1
LINE_PRIORITY = 20
"""Of the nodes between camera, or leader, and driver, before those that record and show; control has 60."""
LINE = ("camera_node", "policy_node", "teleop_node", "robot_node")


def parse(argv: Sequence[str] | None, *options: str) -> argparse.Namespace:
    """Return a node's `--config` and the further `options` it requires, ROS arguments removed."""
    parser = argparse.ArgumentParser()
    for option in ("--config", *options):
        parser.add_argument(option, required=True)
    return parser.parse_args(remove_ros_args(list(argv if argv is not None else sys.argv))[1:])


def run(name: str, config_file: str, make: Callable[[RunConfig], Node]) -> int:
    """Make the node, spin it until it is `finished` or a signal comes, close it; return its `exit_status`.

    A node need not have these three; `close` sends its last safe command or last message, while ROS is still up.
    """
    die_with_parent()
    stop = stop_event()
    switch_threads_quickly()
    if name.startswith(LINE):
        set_realtime_priority(LINE_PRIORITY)  # where that is not permitted it goes without
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    node: Node | None = None
    try:
        config = load_run_config(Path(config_file))
        alive.hold(config.run_dir, name)
        node = make(config)
        executor = _executor()
        executor.add_node(node)
        gc.collect()
        gc.freeze()  # else what never goes is looked through again and again: 10 ms each time
        while not stop.is_set() and not getattr(node, "finished", False):
            executor.spin_once(timeout_sec=SPIN_TIMEOUT_S)
        return int(getattr(node, "exit_status", 0))
    except RosWamError as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        if node is not None:
            getattr(node, "close", lambda: None)()
            node.destroy_node()
        rclpy.try_shutdown()


def _executor() -> Executor:
    try:
        from rclpy.experimental.events_executor import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor()
    return EventsExecutor()
