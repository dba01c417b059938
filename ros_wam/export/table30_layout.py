"""How RoboChallenge's Table30 lays a robot's episodes out: names of files and fields, and what is in them.

v1 is the first release, with Franka; v2 unified the names and the gripper's unit, and has no Franka.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ros_wam.errors import ExportError

VERSIONS = ("v1", "v2")
RATE_HZ = 30

FAMILIES = {
    "ur5": "ur5",
    "ur5e": "ur5",
    "arx5": "arx5",
    "arx5_x5": "arx5",
    "franka": "franka",
    "aloha": "aloha",
}
"""Which of Table30's robots one of ours is."""


@dataclass(frozen=True)
class Table30Layout:
    """One robot in one version. `fields`: the keys of a line of states, and which quantity each holds.

    `states`: the file of each arm; `videos`: that of each view, without its ending. `tool`: the site of the robot's
    model whose pose is the end effector's, and `base` the body in whose frame, None for the arm's base frame; `{arm}`
    stands for its name.
    """

    version: str
    family: str
    fields: Mapping[str, str]
    states: Mapping[str, str]
    videos: Mapping[str, str]
    tool: str
    base: str | None = None

    @property
    def cameras(self) -> dict[str, str]:
        """The name of each view's camera."""
        return {view: name.removesuffix("_rgb").removesuffix("_realsense") for view, name in self.videos.items()}


_ONE = {"arm": "states.jsonl"}
_TWO = {"left": "left_states.jsonl", "right": "right_states.jsonl"}
_UNIFIED = {"joint_positions": "joints", "ee_positions": "pose_quat", "gripper_width": "width"}
_V1_ALOHA = {"left_wrist": "cam_wrist_left_rgb", "right_wrist": "cam_wrist_right_rgb", "high": "cam_high_rgb"}
_V2_ALOHA = {"left_wrist": "cam_left_wrist_rgb", "right_wrist": "cam_right_wrist_rgb", "high": "cam_high_rgb"}

_LAYOUTS = (
    Table30Layout(
        version="v1",
        family="arx5",
        fields={
            "joint_positions": "joints",
            "joint_velocities": "velocities",
            "end_effector_pose": "pose_rpy",
            "gripper_width": "width",
            "gripper_velocity": "width_velocity",
            "timestamp": "time",
        },
        states=_ONE,
        videos={"wrist": "arm_realsense_rgb", "global": "global_realsense_rgb", "side": "right_realsense_rgb"},
        tool="eef",
    ),
    Table30Layout(
        version="v1",
        family="ur5",
        fields={"joint_positions": "joints", "ee_positions": "pose_quat", "gripper": "counts", "timestamp": "time"},
        states=_ONE,
        videos={"wrist": "handeye_realsense_rgb", "global": "global_realsense_rgb"},
        tool="flange",
    ),
    Table30Layout(
        version="v1",
        family="franka",
        fields={
            "joint_positions": "joints",
            "ee_positions": "pose_quat",
            "gripper": "buttons",
            "gripper_width": "width_list",
            "timestamp": "time",
        },
        states=_ONE,
        videos={"wrist": "handeye_realsense_rgb", "global": "main_realsense_rgb", "side": "side_realsense_rgb"},
        tool="tool",
    ),
    Table30Layout(
        version="v1",
        family="aloha",
        fields={
            "joint_positions": "asked_joints",
            "joint_vel": "velocities_and_gripper",
            "qpos": "joints",
            "ee_pose_quaternion": "pose_quat",
            "ee_pose_rpy": "pose_rpy",
            "gripper": "width",
            "timestamp": "time",
        },
        states=_TWO,
        videos=_V1_ALOHA,
        tool="{arm}_flange",
        base="{arm}_base",
    ),
    Table30Layout(
        version="v2",
        family="arx5",
        fields={
            **_UNIFIED,
            "joint_velocities": "velocities",
            "efforts": "efforts",
            "gripper_velocity": "width_velocity",
            "timestamp": "time",
        },
        states=_ONE,
        videos={"wrist": "cam_arm_rgb", "global": "cam_global_rgb", "side": "cam_side_rgb"},
        tool="eef",
    ),
    Table30Layout(
        version="v2",
        family="ur5",
        fields={**_UNIFIED, "timestamp": "time"},
        states=_ONE,
        videos={"wrist": "cam_arm_rgb", "global": "cam_global_rgb"},
        tool="flange",
    ),
    Table30Layout(
        version="v2",
        family="aloha",
        fields={
            **_UNIFIED,
            "joint_velocities": "velocities",
            "efforts": "efforts",
            "qpos": "joints_and_width",
            "master_qpos": "asked_joints_and_width",
            "timestamp": "time",
        },
        states=_TWO,
        videos=_V2_ALOHA,
        tool="{arm}_flange",
        base="{arm}_base",
    ),
)


def table30_layout(version: str, robot: str) -> Table30Layout:
    """Return the layout of our robot `robot` in `version`; raises ExportError naming what there is."""
    family = FAMILIES.get(robot)
    if family is None:
        raise ExportError(f"Table30 has no robot like {robot}; it has: {', '.join(FAMILIES)}")
    for layout in _LAYOUTS:
        if (layout.version, layout.family) == (version, family):
            return layout
    there = [layout.family for layout in _LAYOUTS if layout.version == version]
    raise ExportError(f"Table30 {version} has no {family}; it has: {', '.join(there) or 'nothing'}; versions: v1, v2")
