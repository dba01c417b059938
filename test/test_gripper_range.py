"""A server's numbers for a gripper against ours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.errors import ConfigError
from ros_wam.policy.gripper_range import GripperRange

number = st.floats(-5.0, 5.0)


@given(closed=number, width=st.floats(0.01, 5.0), opens_up=st.booleans(), opening=st.floats(0.0, 1.0))
def test_an_opening_comes_back(closed: float, width: float, opens_up: bool, opening: float) -> None:
    gripper = GripperRange(closed, closed + (width if opens_up else -width))
    sent = gripper.to_server(np.array([opening]))
    np.testing.assert_allclose(gripper.from_server(sent), [opening], atol=1e-9)


def test_what_is_beyond_open_and_closed_is_cut() -> None:
    np.testing.assert_array_equal(GripperRange(-1.0, 1.0).from_server(np.array([-3.0, 3.0])), [0.0, 1.0])
    np.testing.assert_array_equal(GripperRange(1.0, 0.0).from_server(np.array([-3.0, 3.0])), [1.0, 0.0])


def test_a_threshold_is_in_the_servers_numbers() -> None:
    values = np.array([-0.5, 0.2, 0.4, 0.9])
    np.testing.assert_array_equal(GripperRange(0.0, 1.0, 0.3).from_server(values), [0.0, 0.0, 1.0, 1.0])
    np.testing.assert_array_equal(GripperRange(1.0, 0.0, 0.3).from_server(values), [1.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize("threshold", [None, 0.5])
def test_what_is_no_number_stays_none(threshold: float | None) -> None:
    assert np.isnan(GripperRange(threshold=threshold).from_server(np.array([np.nan]))).all()


@pytest.mark.parametrize("key", ["closed", "open", "threshold"])
def test_numbers_are_finite(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} is nan"):
        GripperRange(**{key: float("nan")})


def test_open_and_closed_differ() -> None:
    with pytest.raises(ConfigError, match="must differ"):
        GripperRange(0.5, 0.5)


@pytest.mark.parametrize(("closed", "opened", "threshold"), [(0.0, 1.0, 50.0), (1.0, 0.0, -0.1), (0.0, 0.08, 0.5)])
def test_a_threshold_that_is_never_passed_is_refused(closed: float, opened: float, threshold: float) -> None:
    with pytest.raises(ConfigError, match=f"threshold is {threshold:g}, must be between closed"):
        GripperRange(closed, opened, threshold)
