"""Stamps of a host's clock: believed from the first frame on or never, and never after receipt."""

import pytest

from ros_wam.cameras.host_time import HostTime

STATION_NS = 1_700_000_000_000_000_000
NOW_NS = 5_000_000_000_000


def test_stamp_of_the_hosts_clock_is_put_on_station_time() -> None:
    time = HostTime()
    assert time.believed is None
    assert time.station_ns(NOW_NS - 25_000_000, NOW_NS, STATION_NS) == STATION_NS - 25_000_000
    assert time.believed is True


def test_stamp_a_little_ahead_is_not_after_receipt() -> None:
    assert HostTime().station_ns(NOW_NS + 4_000_000, NOW_NS, STATION_NS) == STATION_NS


@pytest.mark.parametrize("stamp_ns", [0, NOW_NS - 1_000_000_001, NOW_NS + 5_000_001])
def test_first_stamp_that_is_of_another_clock_spoils_all(stamp_ns: int) -> None:
    time = HostTime()
    assert time.station_ns(stamp_ns, NOW_NS, STATION_NS) is None
    assert time.station_ns(NOW_NS, NOW_NS, STATION_NS) is None
    assert time.believed is False


def test_frame_that_waited_is_known_to_be_old() -> None:
    time = HostTime()
    time.station_ns(NOW_NS, NOW_NS, STATION_NS)
    later_ns = 5_000_000_000
    assert time.station_ns(NOW_NS, NOW_NS + later_ns, STATION_NS + later_ns) == STATION_NS
