"""Does a policy command every joint of a robot, once?"""

from collections import Counter
from collections.abc import Sequence

from ros_wam.embodiment import Embodiment
from ros_wam.policy.columns import PARTS, UNUSED


def uncovered(space: str, columns: Sequence[str], robot: Embodiment) -> str:
    """Return in words what the columns of an action lack or have too many of for `robot`; empty where they suit it.

    `space`: joints by name, or, for tool_pose, xyz and one form of rotation for each arm; every gripper by name.
    """
    used = [word for word in columns if not word.startswith(f"{UNUSED}.")]
    twice = [word for word, times in Counter(used).items() if times > 1]
    if twice:
        return f"{', '.join(twice)} but once"
    rotations = tuple(part for part in PARTS if part != "xyz")
    if space != "tool_pose":
        return "" if set(used) == set(robot.joint_names) else f"the joints {', '.join(robot.joint_names)}"
    wanted = {f"{arm}.xyz" for arm in robot.arms} | {arm.gripper for arm in robot.arms.values()}
    turned = all(sum(f"{arm}.{part}" in used for part in rotations) == 1 for arm in robot.arms)
    if turned and wanted <= set(used) and len(used) == len(wanted) + len(robot.arms):
        return ""
    return f"{', '.join(sorted(wanted))}, and one of {', '.join(rotations)} for each of {', '.join(robot.arms)}"
