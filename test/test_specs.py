"""Arrays are checked where they enter, and frozen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.errors import SpecError
from ros_wam.specs import ArraySpec, in_joint_order


def test_a_valid_array_is_returned_read_only() -> None:
    array = ArraySpec("q", (None,)).validate([1.0, 2.0])
    assert not array.flags.writeable
    np.testing.assert_array_equal(array, [1.0, 2.0])


def test_the_callers_array_is_not_aliased() -> None:
    given_array = np.zeros(2)
    array = ArraySpec("q", (2,)).validate(given_array)
    given_array[0] = 1.0
    assert array[0] == 0.0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros(3), "q: shape is (3,), must be (2,)"),
        (np.zeros((1, 2)), "q: shape is (1, 2), must be (2,)"),
        ([np.nan, 0.0], "q: holds values that are not finite"),
        ([np.inf, 0.0], "q: holds values that are not finite"),
    ],
)
def test_a_wrong_array_is_named(value: object, words: str) -> None:
    with pytest.raises(SpecError, match="q: ") as caught:
        ArraySpec("q", (2,)).validate(value)
    assert words in str(caught.value)


def test_an_image_of_floats_is_refused() -> None:
    with pytest.raises(SpecError, match="dtype is float64, must be uint8"):
        ArraySpec("image", (None, None, 3), np.uint8).validate(np.zeros((2, 2, 3)))


@given(st.permutations(["joint1", "joint2", "gripper"]))
def test_joints_go_by_name(names: list[str]) -> None:
    values = {"joint1": 1.0, "joint2": 2.0, "gripper": 3.0}
    ordered = in_joint_order("state", names, [values[name] for name in names], ("joint1", "joint2", "gripper"))
    np.testing.assert_array_equal(ordered, [1.0, 2.0, 3.0])


def test_a_missing_joint_is_an_error_never_zero() -> None:
    with pytest.raises(SpecError, match="state: no value for joint2; given: joint1, joint3"):
        in_joint_order("state", ["joint1", "joint3"], [1.0, 3.0], ["joint1", "joint2"])


def test_a_repeated_joint_is_an_error() -> None:
    with pytest.raises(SpecError):
        in_joint_order("state", ["joint1", "joint1"], [1.0, 2.0], ["joint1"])
