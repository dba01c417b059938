"""Run the simulated station alone, for work on drivers: ros2 launch ros_wam sim.launch.py robot:=ur5."""

from launch import LaunchDescription

from ros_wam.nodes.launch_description import describe


def generate_launch_description() -> LaunchDescription:
    return describe(("sim",), ("robot", "task", "seed"))
