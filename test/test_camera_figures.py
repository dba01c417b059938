"""Rate, latency, age and what was missed, of a camera whose every picture is known."""

from ros_wam.cameras.figures import CameraFigures

PERIOD_NS = 33_333_333
LATE_NS = 20_000_000


def test_steady_camera() -> None:
    figures = CameraFigures(30.0, 0)
    for k in range(1, 31):
        figures.came(k * PERIOD_NS, k * PERIOD_NS + LATE_NS)
    assert figures.take(1_000_000_000 + LATE_NS) == {
        "rate_hz": 29.4,
        "expected_hz": 30.0,
        "latency_ms": 20.0,
        "worst_latency_ms": 20.0,
        "age_ms": 20.0,
        "pictures": 30,
        "missed": 0,
    }


def test_rate_and_latency_are_of_the_time_since_they_were_taken() -> None:
    figures = CameraFigures(30.0, 0)
    figures.came(PERIOD_NS, PERIOD_NS + 90_000_000)
    assert figures.take(1_000_000_000)["worst_latency_ms"] == 90.0
    figures.came(2 * PERIOD_NS, 2 * PERIOD_NS + LATE_NS)
    figures.came(3 * PERIOD_NS, 3 * PERIOD_NS + LATE_NS)
    figures.came(4 * PERIOD_NS, 4 * PERIOD_NS + 3 * LATE_NS)
    taken = figures.take(2_000_000_000)
    assert (taken["rate_hz"], taken["latency_ms"], taken["worst_latency_ms"], taken["pictures"]) == (3.0, 20.0, 60.0, 4)


def test_gaps_between_stamps_are_missed_pictures() -> None:
    figures = CameraFigures(30.0, 0)
    for k in (1, 2, 5, 6, 16):
        figures.came(k * PERIOD_NS + (k % 3) * 1_000_000, k * PERIOD_NS + LATE_NS)
    assert figures.take(10**9)["missed"] == 2 + 9


def test_pictures_that_come_now_late_now_early_are_not_missed() -> None:
    figures = CameraFigures(30.0, 0)
    for k in range(1, 301):
        figures.came(k * PERIOD_NS + (k % 2) * 20_000_000, k * PERIOD_NS + LATE_NS)
    assert figures.take(10**10)["missed"] == 0


def test_nothing_came() -> None:
    figures = CameraFigures(30.0, 0)
    taken = figures.take(0)
    assert [taken[name] for name in ("rate_hz", "latency_ms", "worst_latency_ms", "age_ms")] == [None] * 4
    assert figures.take(10**9)["rate_hz"] == 0.0
