"""Normalised actions to physical ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ros_wam.errors import ConfigError
from ros_wam.policy.normalized import Normalized, physical
from ros_wam.types import FloatArray

LOW, HIGH = (-2.0, 0.0, 10.0), (2.0, 1.0, 30.0)
ROWS = np.array([[-1.0, 0.0, 1.0], [-5.0, 0.5, 5.0]])


def write(folder: Path, **statistics: Any) -> Path:
    path = folder / "dataset_statistics.json"
    path.write_text(json.dumps({"franka": {"action": statistics}}))
    return path


def test_minus_one_and_one_stand_for_low_and_high_and_what_is_beyond_is_cut() -> None:
    bounds = Normalized(LOW, HIGH).bounds(3)
    np.testing.assert_allclose(physical(ROWS, bounds), [[-2.0, 0.5, 30.0], [-2.0, 0.75, 30.0]])


@given(values=arrays(np.float64, (4, 3), elements=st.floats(0.0, 1.0)))
def test_what_was_normalised_comes_back(values: FloatArray) -> None:
    wanted = LOW + values * (np.array(HIGH) - LOW)
    np.testing.assert_allclose(physical(2.0 * values - 1.0, Normalized(LOW, HIGH).bounds(3)), wanted, atol=1e-9)


def test_numbers_come_from_the_file_of_a_checkpoint(tmp_path: Path) -> None:
    path = write(tmp_path, q01=LOW, q99=HIGH, mask=[True, False, True])
    normalized = Normalized(file=path, at="franka > action", low_key="q01", high_key="q99")
    np.testing.assert_allclose(physical(ROWS, normalized.bounds(3)), [[-2.0, 0.0, 30.0], [-2.0, 0.5, 30.0]])


def test_numbers_in_other_units_are_scaled(tmp_path: Path) -> None:
    normalized = Normalized(file=write(tmp_path, min=LOW, max=HIGH), at="franka > action", scale=(0.05, 0.5, 1.0))
    np.testing.assert_allclose(
        physical(ROWS, normalized.bounds(3)), physical(ROWS, Normalized(LOW, HIGH).bounds(3)) * [0.05, 0.5, 1.0]
    )
    with pytest.raises(ConfigError, match="scale has 1 columns, must have 3"):
        Normalized(LOW, HIGH, scale=(2.0,)).bounds(3)


def test_without_a_mask_every_column_counts(tmp_path: Path) -> None:
    normalized = Normalized(file=write(tmp_path, min=LOW, max=HIGH), at="franka > action")
    np.testing.assert_allclose(physical(ROWS, normalized.bounds(3)), physical(ROWS, Normalized(LOW, HIGH).bounds(3)))


@pytest.mark.parametrize(
    ("at", "statistics", "says"),
    [
        ("ur5 > action", {"min": LOW, "max": HIGH}, "no 'ur5 > action'; there is: franka"),
        ("franka > action > min", {"min": LOW, "max": HIGH}, "is a list, must be a map"),
        ("franka > action", {"min": LOW}, "no list 'max'; there is: min"),
        ("franka > action", {"min": LOW, "max": 1.0}, "no list 'max'"),
        ("franka > action", {"min": LOW, "max": ["a", 1, 2]}, "high is .* must be finite numbers"),
        ("franka > action", {"min": LOW, "max": HIGH[:2]}, "low has 3 columns, high 2"),
        ("franka > action", {"min": LOW[:2], "max": HIGH[:2]}, "low has 2 columns, must have 3"),
        ("franka > action", {"min": LOW, "max": HIGH, "mask": [True]}, "mask has 1 columns, must have 3"),
        (
            "franka > action",
            {"min": LOW, "max": HIGH, "mask": ["a", "b", "c"]},
            "mask is .* must be a list of booleans",
        ),
    ],
)
def test_statistics_of_something_else_are_named(tmp_path: Path, at: str, statistics: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Normalized(file=write(tmp_path, **statistics), at=at).bounds(3)


def test_a_file_that_is_not_there_or_is_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"none\.json: No such file or directory; it comes with the policy's checkpoint"
    ):
        Normalized(file=tmp_path / "none.json").bounds(3)
    (tmp_path / "broken.json").write_text('{"franka": ')
    with pytest.raises(ConfigError, match=r"broken\.json is no JSON"):
        Normalized(file=tmp_path / "broken.json").bounds(3)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, "either low and high, or the file"),
        ({"low": LOW, "high": HIGH, "file": Path("a.json")}, "either low and high, or the file"),
        ({"low": LOW}, "low has 3 columns, high 0"),
        ({"low": LOW, "high": (1.0, float("nan"), 2.0)}, "high is .* must be finite numbers"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(how: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Normalized(**how)


def test_low_and_high_that_are_the_other_way_round_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be at most high"):
        Normalized(HIGH, LOW)
    path = write(tmp_path, q01=LOW, q99=HIGH)
    with pytest.raises(ConfigError, match=r"dataset_statistics.json: franka > action: low is .* must be at most high"):
        Normalized(file=path, at="franka > action", low_key="q99", high_key="q01").bounds(3)
