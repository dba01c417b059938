"""What stamps a picture that came through OpenCV."""

from ros_wam.cameras.usb_settings import Source
from ros_wam.cameras.usb_stamps import UsbStamps

STATION_NS, MONOTONIC_NS = 10**18, 10**12
PERIOD_NS = 33_000_000


def test_drivers_stamp_is_put_on_station_time() -> None:
    stamps = UsbStamps(Source.DEVICE, 30.0)
    taken_ns = MONOTONIC_NS - 20_000_000
    assert stamps.station_ns(taken_ns, MONOTONIC_NS, STATION_NS, STATION_NS) == STATION_NS - 20_000_000
    assert stamps.told == "the driver's, of the monotonic clock"


def test_device_whose_driver_gives_none_is_stamped_by_receipt() -> None:
    stamps = UsbStamps(Source.DEVICE, 30.0)
    assert stamps.station_ns(0, MONOTONIC_NS, STATION_NS - PERIOD_NS, STATION_NS) == STATION_NS
    assert stamps.told == "receipt, without what had waited"


def test_picture_of_an_address_that_had_waited_has_none() -> None:
    stamps = UsbStamps(Source.URL, 30.0)
    assert stamps.station_ns(0, MONOTONIC_NS, STATION_NS - 1_000_000, STATION_NS) is None
    assert stamps.station_ns(0, MONOTONIC_NS, STATION_NS - PERIOD_NS, STATION_NS) == STATION_NS


def test_file_is_of_the_moment_it_is_read() -> None:
    stamps = UsbStamps(Source.FILE, 30.0)
    assert stamps.station_ns(40_000_000, MONOTONIC_NS, STATION_NS, STATION_NS) == STATION_NS
    assert stamps.told == "receipt"
