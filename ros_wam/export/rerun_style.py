"""The colours and names of the lines in a Rerun recording: the palette of Okabe and Ito, told apart by every eye."""

from ros_wam.embodiment import Embodiment
from ros_wam.export.rerun_names import ASKED, MEASURED, SENT

_BLUE, _ORANGE, _GREEN, _VERMILION = (0, 114, 178), (230, 159, 0), (0, 158, 115), (213, 94, 0)
_PURPLE, _SKY, _GREY = (204, 121, 167), (86, 180, 233), (110, 110, 110)
_JOINTS = (_BLUE, _ORANGE, _GREEN, _VERMILION, _PURPLE, _SKY, _GREY)
KINDS = {MEASURED: "measured", SENT: "sent", ASKED: "asked for"}
"""What the kinds of joints are called."""
_KIND_COLOURS = {MEASURED: _BLUE, SENT: _ORANGE, ASKED: _GREY}


def line_styles(robot: Embodiment, kind: str) -> list[tuple[str, tuple[int, int, int]]]:
    """Return name and colour of every line, in the order of `robot.joint_names`.

    The joints of an arm are together in a chart, and the kinds of a gripper.
    """
    styles = []
    for arm in robot.arms.values():
        styles += [(joint, _JOINTS[number % len(_JOINTS)]) for number, joint in enumerate(arm.joints)]
        styles.append((KINDS[kind], _KIND_COLOURS[kind]))
    return styles
