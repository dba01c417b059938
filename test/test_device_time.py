"""Device clocks on station time: whatever drift, jitter and jumps, never after receipt and never far from the truth."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ros_wam.cameras.device_time import WINDOW_NS, DeviceTime

PERIOD_NS = 33_333_333
LEAST_NS = 20_000_000  # what every frame needs at least to get here
JITTER_NS = 50_000_000


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[int, int, int]], float]:
    """Draw frames as (true, device, received) and the device's drift; one frame of ten came with the least delay."""
    drift = draw(st.floats(-200e-6, 200e-6))
    offset_ns = draw(st.integers(-(10**18), 10**18))
    jitter_ns = draw(st.lists(st.integers(0, JITTER_NS), min_size=1, max_size=300))
    frames, received_ns = [], 0
    for k, late_ns in enumerate(jitter_ns):
        true_ns = k * PERIOD_NS
        received_ns = max(
            received_ns, true_ns + LEAST_NS + (late_ns if k % 10 else 0)
        )  # frames do not overtake each other
        frames.append((true_ns, offset_ns + true_ns + round(drift * true_ns), received_ns))
    return frames, drift


@given(deliveries())
def test_stamps_follow_the_device_within_its_drift(drawn: tuple[list[tuple[int, int, int]], float]) -> None:
    frames, drift = drawn
    time = DeviceTime()
    within_ns = abs(drift) * (2 * WINDOW_NS + JITTER_NS) + 2 * PERIOD_NS * abs(drift) + 10
    stamps = [time.station_ns(device_ns, received_ns) for _, device_ns, received_ns in frames]
    for (true_ns, _, received_ns), stamp_ns in zip(frames, stamps, strict=True):
        assert stamp_ns <= received_ns
        assert true_ns + LEAST_NS - within_ns <= stamp_ns
        assert stamp_ns <= true_ns + LEAST_NS + within_ns
    assert all(a < b for a, b in itertools.pairwise(stamps))


@given(deliveries(), st.integers(1, 10**18), st.data())
def test_clock_that_falls_back_is_learned_anew(
    drawn: tuple[list[tuple[int, int, int]], float], back_ns: int, data: st.DataObject
) -> None:
    frames, _ = drawn
    at = data.draw(st.integers(0, len(frames) - 1))
    back_ns = max(back_ns, 2 * PERIOD_NS)  # further than it went on meanwhile
    time = DeviceTime()
    for k, (true_ns, device_ns, received_ns) in enumerate(frames):
        stamp_ns = time.station_ns(device_ns - (back_ns if k >= at else 0), received_ns)
        assert true_ns <= stamp_ns <= received_ns


@given(deliveries(), st.integers(JITTER_NS, 10**18), st.data())
def test_clock_that_leaps_ahead_is_followed_at_once(
    drawn: tuple[list[tuple[int, int, int]], float], ahead_ns: int, data: st.DataObject
) -> None:
    frames, _ = drawn
    at = data.draw(st.integers(0, len(frames) - 1))
    time = DeviceTime()
    for k, (true_ns, device_ns, received_ns) in enumerate(frames):
        stamp_ns = time.station_ns(device_ns + (ahead_ns if k >= at else 0), received_ns)
        assert true_ns <= stamp_ns <= received_ns


def test_counter_of_32_bit_microseconds_may_wrap() -> None:
    time, wrap_ns = DeviceTime(), (1 << 32) * 1000
    for k in range(100):
        true_ns = k * PERIOD_NS
        device_ns = (wrap_ns - 50 * PERIOD_NS + true_ns) % wrap_ns
        assert time.station_ns(device_ns, true_ns + LEAST_NS) == true_ns + LEAST_NS


def test_frame_that_waited_while_the_process_stood_still_is_known_to_be_old() -> None:
    time = DeviceTime()
    for k in range(10):
        time.station_ns(k * PERIOD_NS, k * PERIOD_NS + LEAST_NS)
    stood_ns = 5_000_000_000
    assert time.station_ns(10 * PERIOD_NS, 10 * PERIOD_NS + stood_ns) == 10 * PERIOD_NS + LEAST_NS


def test_clock_that_pauses_is_followed_after_two_windows() -> None:
    time, pause_ns = DeviceTime(), 3_000_000_000
    time.station_ns(0, 0)
    lag_ns = []
    for k in range(1, 3 * WINDOW_NS // PERIOD_NS):
        received_ns = k * PERIOD_NS + pause_ns
        lag_ns.append(received_ns - time.station_ns(k * PERIOD_NS, received_ns))
    assert lag_ns[0] == pause_ns
    assert set(lag_ns) == {pause_ns, 0}
    assert lag_ns.count(pause_ns) * PERIOD_NS <= 2 * WINDOW_NS
    assert lag_ns == sorted(lag_ns, reverse=True)
