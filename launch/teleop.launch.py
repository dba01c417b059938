"""Record demonstrations by teleoperation: ros2 launch ros_wam teleop.launch.py robot:=aloha trials:=10 sim:=true.

The device is the first leader of the station file unless device:= names another. Launched processes have no terminal:
buttons are the leader's own, a foot pedal's, those of the operator's page, and the services of trial_node.
"""

from launch import LaunchDescription

from ros_wam.bringup import EVERYTHING
from ros_wam.launch_arguments import ARGUMENTS
from ros_wam.nodes.launch_description import describe

PARTS = [part for part in EVERYTHING if part not in ("server", "policy")]


def generate_launch_description() -> LaunchDescription:
    return describe(PARTS, [name for name in ARGUMENTS if name != "policy"])
