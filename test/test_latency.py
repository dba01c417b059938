"""The anticipated latency: recent, high, and not spoilt by one exception."""

import pytest

from ros_wam.policy.latency import WINDOW, LatencyWindow

MS = 1_000_000


def window(*latencies_ms: int) -> LatencyWindow:
    kept = LatencyWindow()
    for latency_ms in latencies_ms:
        kept.add(latency_ms * MS)
    return kept


@pytest.mark.parametrize(
    ("latencies_ms", "anticipated_ms"),
    [
        ((), 0),
        ((9000,), 9000),
        ((9000, 100), 100),  # the first call compiles
        ((9000, 100, 300, 200), 300),
        ((0, *range(1, 11)), 9),  # one of ten is an exception
        ((0, *[100] * 9, 2000), 100),
        ((0, *[100] * 8, 2000, 2000), 2000),  # two are none
        ((0, *[2000] * WINDOW, *[100] * (WINDOW - 1)), 100),  # and are forgotten
    ],
)
def test_high_quantile_of_the_recent_answers(latencies_ms: tuple[int, ...], anticipated_ms: int) -> None:
    assert window(*latencies_ms).anticipated_ns == anticipated_ms * MS
