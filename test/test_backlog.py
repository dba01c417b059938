"""A frame that was waited for is new; what piled up while nobody read is not."""

import itertools

import pytest

from ros_wam.cameras.backlog import Backlog


@pytest.mark.parametrize(
    ("rate_hz", "waited_ms", "is_new"),
    [
        (30.0, 33.0, True),
        (30.0, 9.0, True),
        (30.0, 8.0, False),
        (30.0, 0.1, False),
        (30.0, 249.0, True),
        (30.0, 251.0, False),
        (5.0, 599.0, True),
        (5.0, 601.0, False),
    ],
)
def test_by_how_long_it_was_waited_for(rate_hz: float, waited_ms: float, is_new: bool) -> None:
    assert Backlog(rate_hz).is_new(10**18, 10**18 + round(waited_ms * 1e6)) is is_new


def test_after_a_stall_nothing_counts_until_a_frame_is_waited_for() -> None:
    backlog = Backlog(30.0)
    asked_ms = [0, 5000, 5002, 5004, 5006, 5020]
    assert [backlog.is_new(a * 10**6, b * 10**6) for a, b in itertools.pairwise(asked_ms)] == [
        False,
        False,
        False,
        False,
        True,
    ]
