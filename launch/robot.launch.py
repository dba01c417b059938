"""Bring up a robot and its cameras, holding still: ros2 launch ros_wam robot.launch.py robot:=ur5 sim:=true."""

from launch import LaunchDescription

from ros_wam.nodes.launch_description import describe


def generate_launch_description() -> LaunchDescription:
    return describe(("sim", "cameras", "robot"), ("robot", "task", "sim", "seed"))
