"""Run scored trials: ros2 launch ros_wam eval.launch.py robot:=ur5 policy:=baseline trials:=3 sim:=true."""

from launch import LaunchDescription

from ros_wam.bringup import EVERYTHING
from ros_wam.launch_arguments import ARGUMENTS
from ros_wam.nodes.launch_description import describe


def generate_launch_description() -> LaunchDescription:
    return describe(EVERYTHING, ARGUMENTS)
