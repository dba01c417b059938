"""What the columns of a state or an action mean, in words that profiles write.

A word is a joint's name; `arms`, `grippers` or `all` (the robot's joints, in its order); `<arm>.<part>`, a part of the
pose of that arm's tool in its base frame (PARTS); or `unused.<n>`, so many columns that mean nothing.
"""

from collections.abc import Iterable

from ros_wam.embodiment import Embodiment

PARTS = {
    "xyz": ("x", "y", "z"),  # m
    "rpy": ("roll", "pitch", "yaw"),  # rad, about fixed x, y, z in this order: R = Rz Ry Rx
    "rotvec": ("rx", "ry", "rz"),  # rad
    "quat_xyzw": ("qx", "qy", "qz", "qw"),
    "quat_wxyz": ("qw", "qx", "qy", "qz"),
    "rot6d": ("r11", "r21", "r31", "r12", "r22", "r32"),  # the first two columns of R, one after the other
    "rot6d_interleaved": ("r11", "r12", "r21", "r22", "r31", "r32"),  # the same, row by row: X-VLA
    "rot6d_rows": ("r11", "r12", "r13", "r21", "r22", "r23"),  # the first two rows of R, as GR00T has them
}
UNUSED = "unused"


def spelled_out(words: Iterable[str], robot: Embodiment) -> tuple[str, ...]:
    """Return `words` with the robot's own joints for `arms`, `grippers` and `all`."""
    names = robot.joint_names
    groups = {"all": names, "arms": tuple(name for name in names if name not in robot.grippers)}
    groups["grippers"] = tuple(name for name in names if name in robot.grippers)
    return tuple(name for word in words for name in groups.get(word, (word,)))


def labels(word: str) -> tuple[str, ...]:
    """Return the name of each column of `word`: `left.xyz` is left.x, left.y and left.z."""
    owner, _, part = word.partition(".")
    if owner == UNUSED and part.isdecimal():
        return (UNUSED,) * int(part)
    return tuple(f"{owner}.{axis}" for axis in PARTS[part]) if part in PARTS else (word,)


def is_pose(word: str) -> bool:
    """Return whether `word` is a part of a tool's pose."""
    return word.partition(".")[2] in PARTS


def unknown(words: Iterable[str], robot: Embodiment) -> list[str]:
    """Return the words that mean nothing on `robot`."""
    known = {*robot.joint_names, *(f"{arm}.{part}" for arm in robot.arms for part in PARTS)}
    return [word for word in words if word not in known and set(labels(word)) != {UNUSED}]
