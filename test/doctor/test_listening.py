"""Figures of what a station says while it is measured."""

import pytest

from ros_wam.doctor.listening import ROBOT, Listening
from ros_wam.doctor.measured import Fault, Measured

SECOND = 1_000_000_000
MS = 1_000_000
SAID = {"mode": "HOLD", "cause": "", "enabled": "true", "state_age_ms": "4.5"}


def two_views(delay_ms: int = 5, apart_ms: int = 3, frames: int = 30) -> Listening:
    """A second of two views at 30 Hz and of states at 100 Hz, all heard of before."""
    listening = Listening(("wrist", "global"))
    for stream in ("wrist", "global", ROBOT):
        listening.came(stream, 0, 0)
    listening.begin(SECOND)
    for n in range(frames):
        stamp_ns = SECOND + n * SECOND // 30
        listening.came("wrist", stamp_ns, stamp_ns + delay_ms * MS)
        listening.came("global", stamp_ns + apart_ms * MS, stamp_ns + (apart_ms + delay_ms) * MS)
    for n in range(100):
        listening.came(ROBOT, SECOND + n * 10 * MS, SECOND + n * 10 * MS + 2 * MS)
    return listening


def figures(listening: Listening) -> Measured:
    return listening.figures(2 * SECOND)


def test_rates_and_delays() -> None:
    measured = figures(two_views(delay_ms=7))
    assert measured.views["wrist"].rate_hz == pytest.approx(30.0)
    assert measured.views["wrist"].delay_ms == pytest.approx(7.0)
    assert measured.state.rate_hz == pytest.approx(100.0)
    assert measured.state.delay_ms == pytest.approx(2.0)


def test_a_picture_that_is_sent_again_is_none() -> None:
    listening = two_views()
    for _ in range(50):
        listening.came("wrist", SECOND, 2 * SECOND)
    assert figures(listening).views["wrist"].rate_hz == pytest.approx(30.0)


def test_what_came_before_the_beginning_counts_for_nothing() -> None:
    listening = two_views()
    listening.begin(3 * SECOND)
    measured = listening.figures(4 * SECOND)
    assert measured.views["wrist"].rate_hz == 0.0
    assert measured.views["wrist"].delay_ms is None
    assert measured.skew_ms is None
    assert measured.state_age_ms is None


@pytest.mark.parametrize(
    ("apart_ms", "late_ms", "skew_ms"),
    [
        (0, 0, 0.0),
        (0, 4, 0.0),  # of one moment, though one takes longer to come
        (3, 0, 3.0),
        (14, 0, 14.0),
        (30, 0, 1e3 / 30 - 30.0),  # the next picture of the other is nearer
        (0, 30, 1e3 / 30),  # most of the time the other's next is there already
        (0, 80, 2e3 / 30),
    ],
)
def test_skew_is_what_newest_pictures_are_apart_for_most_of_the_time(
    apart_ms: int, late_ms: int, skew_ms: float
) -> None:
    listening = Listening(("wrist", "global", "side"))
    pictures = []
    for n in range(60):
        stamp_ns = SECOND + n * SECOND // 30
        pictures += [(stamp_ns + 5 * MS, "wrist", stamp_ns), (stamp_ns + 6 * MS, "side", stamp_ns)]
        other_ns = stamp_ns + apart_ms * MS
        pictures.append((other_ns + (7 + late_ms) * MS, "global", other_ns))
    listening.begin(SECOND)
    for now_ns, view, stamp_ns in sorted(pictures):
        listening.came(view, stamp_ns, now_ns)
    assert listening.figures(3 * SECOND).skew_ms == pytest.approx(skew_ms, abs=0.01)


def test_a_view_that_fell_silent_is_ever_further_from_the_others() -> None:
    listening = two_views()
    listening.begin(2 * SECOND)
    for n in range(31):
        listening.came("wrist", 2 * SECOND + n * SECOND // 30, 2 * SECOND + n * SECOND // 30)
    assert listening.figures(3 * SECOND).skew_ms == pytest.approx(500, abs=50)


def test_one_view_has_no_skew() -> None:
    listening = Listening(("wrist",))
    listening.begin(0)
    listening.came("wrist", 1, 2)
    assert listening.figures(SECOND).skew_ms is None


def test_what_is_missing_is_named() -> None:
    listening = Listening(("wrist", "global"))
    assert listening.missing() == ["pictures of wrist", "pictures of global", "the robot's state"]
    for stream in ("wrist", "global", ROBOT):
        listening.came(stream, 1, 1)
    assert listening.missing() == []


def test_what_the_control_process_says() -> None:
    listening = two_views()
    stopped = {**SAID, "mode": "FAULT", "cause": "protective_stop", "detail": "stopped", "enabled": "false"}
    for values in (SAID, SAID, SAID, {**stopped, "state_age_ms": ""}):
        listening.control_said(values)
    measured = figures(listening)
    assert measured.modes == ("HOLD", "FAULT")
    assert measured.faults == {"protective_stop": Fault(0.25, "stopped")}
    assert measured.enabled == pytest.approx(0.75)
    assert measured.state_age_ms == pytest.approx(4.5)
    assert measured.status["mode"] == "FAULT"


def test_a_state_that_is_mostly_missing_has_no_age() -> None:
    listening = two_views()
    for values in (SAID, {**SAID, "state_age_ms": ""}, {**SAID, "state_age_ms": ""}):
        listening.control_said(values)
    assert figures(listening).state_age_ms is None


def test_all_that_a_camera_says_is_kept() -> None:
    listening = two_views()
    for said in ("camera wrist is frozen", "", "camera wrist: no device", "camera wrist is frozen"):
        listening.camera_said("wrist", said)
    listening.camera_said("wrist", "", {"serial": "1"})
    views = figures(listening).views
    assert views["wrist"].facts == {"serial": "1"}
    assert views["wrist"].troubles == ("camera wrist is frozen", "camera wrist: no device")
    assert (views["wrist"].spoke, views["global"].spoke, views["global"].troubles) == (True, False, ())


def test_all_bytes_count_for_the_disk() -> None:
    listening = two_views()
    listening.weighed(300)
    listening.weighed(200)
    assert figures(listening).bytes_per_s == pytest.approx(500.0)
