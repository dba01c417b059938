"""When a picture that came through OpenCV was taken: by its driver's stamp where it has one, else by its receipt."""

from ros_wam.cameras.backlog import Backlog
from ros_wam.cameras.host_time import HostTime
from ros_wam.cameras.usb_settings import Source


class UsbStamps:
    """Stamps the pictures of one source, from its opening on."""

    def __init__(self, source: Source, rate_hz: float) -> None:
        self._source = source
        self._host_time = HostTime()
        self._backlog = Backlog(rate_hz)

    @property
    def told(self) -> str:
        """What the stamps are."""
        if self._source is Source.FILE:
            return "receipt"
        if self._source is Source.DEVICE and self._host_time.believed is not False:
            return "the driver's, of the monotonic clock"
        return "receipt, without what had waited"

    def station_ns(self, driver_ns: int, monotonic_ns: int, asked_ns: int, received_ns: int) -> int | None:
        """Return the stamp of a picture that was asked for and came at these times; None for one that had waited.

        `driver_ns`: the driver's stamp, of the clock that showed `monotonic_ns` when the picture came.
        """
        if self._source is Source.FILE:
            return received_ns
        if self._source is Source.DEVICE:
            stamp_ns = self._host_time.station_ns(driver_ns, monotonic_ns, received_ns)
            if stamp_ns is not None:
                return stamp_ns
        return received_ns if self._backlog.is_new(asked_ns, received_ns) else None
