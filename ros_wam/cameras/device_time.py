"""Puts a device's own timestamps on station time."""

WINDOW_NS = 2_000_000_000
"""Long enough to hold a frame that nothing delayed, short enough to follow the drift of a quartz: 0.4 ms at 100 ppm."""


class DeviceTime:
    """Learns the offset between two clocks from the frames that came with the least delay, of two windows.

    The least delay itself cannot be told from the offset: it is the camera's `latency_s`. A device clock that falls
    back (its counter wraps, the device has restarted) is learned anew from that frame on. One that leaps ahead is
    followed at once, one that pauses after two windows: until then its frames look old, and none newer than it is.
    """

    def __init__(self) -> None:
        self._least: list[int] = []
        self._window_end_ns = 0
        self._device_ns: int | None = None

    def station_ns(self, device_ns: int, received_ns: int) -> int:
        """Return the station time of a frame that the device stamped `device_ns`: never after its receipt."""
        if self._device_ns is not None and device_ns < self._device_ns:
            self._least = []
        self._device_ns = device_ns
        offset_ns = received_ns - device_ns
        if not self._least or received_ns >= self._window_end_ns:
            self._least = [*self._least[-1:], offset_ns]
            self._window_end_ns = received_ns + WINDOW_NS
        self._least[-1] = min(self._least[-1], offset_ns)
        return device_ns + min(self._least)
