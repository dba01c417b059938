"""A driver that says beforehand when it may keep the control loop from ticking, so that this is no hang."""

from collections.abc import Callable, Mapping

from ros_wam.drivers.driver import Driver
from ros_wam.types import Command, JointState

CONNECT_TIMEOUT_S = 25.0
RECOVER_TIMEOUT_S = 35.0
STOP_TIMEOUT_S = 4.0
"""Longer than the drivers' own limits together, so that a driver gets to say what failed."""


class AnnouncedDriver:
    """Passes everything on to `driver`; calls `announce` with the seconds that a slow verb may take."""

    def __init__(self, driver: Driver, announce: Callable[[float], None]) -> None:
        self._driver = driver
        self._announce = announce
        self.read: Callable[[], JointState] = driver.read
        self.send: Callable[[Command], Command] = driver.send
        self.facts: Callable[[], Mapping[str, str]] = driver.facts

    def connect(self) -> None:
        """See Driver."""
        self._announce(CONNECT_TIMEOUT_S)
        self._driver.connect()

    def stop(self) -> None:
        """See Driver."""
        self._announce(STOP_TIMEOUT_S)
        self._driver.stop()

    def recover(self) -> None:
        """See Driver."""
        self._announce(RECOVER_TIMEOUT_S)
        self._driver.recover()

    def close(self) -> None:
        """See Driver."""
        self._announce(STOP_TIMEOUT_S)
        self._driver.close()
