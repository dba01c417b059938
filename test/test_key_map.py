"""The one table of keys: nothing is there twice, and everything is explained."""

from pathlib import Path

from ros_wam.teleop.device import Button
from ros_wam.teleop.key_map import (
    BUTTONS,
    CLUTCH,
    GRIPPER,
    HOLD,
    JOINT_SIGNS,
    NAMES,
    NEXT_ARM,
    NEXT_SPACE,
    TWISTS,
    key_help,
)

PAGE = Path(__file__).parents[1] / "docs" / "teleoperation.md"


def test_each_key_means_one_thing_and_each_button_has_one() -> None:
    every = [HOLD, CLUTCH, NEXT_ARM, NEXT_SPACE, *BUTTONS, *GRIPPER, *JOINT_SIGNS, *TWISTS, *map(str, range(1, 10))]
    assert len(every) == len(set(every)) == len(NAMES)
    assert set(BUTTONS.values()) == set(Button)


def test_every_key_is_in_the_help() -> None:
    shown = {word for device in ("keyboard", "a leader") for keys, _ in key_help(device) for word in keys.split()}
    assert NAMES - set("23456789=_-") <= shown | {"−"}
    assert ("space", "hold to move, or its trigger") in key_help("a leader")
    assert "space" not in dict(key_help("keyboard"))


def test_the_twists_are_all_directions_once() -> None:
    assert sorted(tuple(twist) for twist in TWISTS.values()) == sorted(
        tuple(sign * float(axis == k) for k in range(6)) for axis in range(6) for sign in (1.0, -1.0)
    )


def test_the_page_on_teleoperation_tells_them_all() -> None:
    page = PAGE.read_text()
    for device in ("keyboard", "a leader"):
        for keys, text in key_help(device):
            assert f"| `{keys}` | {text} |" in page
