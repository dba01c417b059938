"""What the control loop needs of a robot. One implementation per vendor library; it converts units and checks commands.

A driver file offers, beside its class:

* `open_driver(embodiment, settings, clock) -> Driver`: checks `settings` (the station file's `robot` mapping), raises
  ConfigError; it opens no connection.
* `last_resort_stop(settings) -> str`: stops the robot without the vendor library, for a supervisor whose control
  process died or hangs, and returns in words what was done. Raises DriverError if that is impossible.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.types import Command, JointState


class Driver(Protocol):
    """One robot, grippers included. Owned by one thread; joint arrays are in the order of `Embodiment.joint_names`."""

    def connect(self) -> None:
        """Connect and make the robot ready to follow commands; it does not move.

        Raises DriverUnreachable, RobotStopped; DriverSpent if only a new process can connect.
        """
        ...

    def read(self) -> JointState:
        """Return the newest measured state, never an old one as if it were new.

        Raises StateStale, RobotStopped (the state is known, the robot follows no command) or DriverError.
        """
        ...

    def send(self, command: Command) -> Command:
        """Check `command`, send it and return what was really sent. Never waits for the robot.

        Raises CommandInvalid before anything reaches the vendor library, RobotStopped or DriverError; while the state
        is merely stale it sends: it is how a robot is made to brake.
        """
        ...

    def stop(self) -> None:
        """Stop by the vendor's own means. Repeatable; the next `send` may take up motion again where the robot is."""
        ...

    def recover(self) -> None:
        """Make the robot follow commands again after RobotStopped, without moving. Raises DriverError, DriverSpent."""
        ...

    def facts(self) -> Mapping[str, str]:
        """Return what whoever asks about the robot should know, without waiting for it; raises DriverError unconnected.

        `library`: name and version; `firmware`: as the device tells it, or `not told`; `safety_mode`: as the device
        tells it (`normal`, `protective stop`, …), `none` where it has no such thing.
        """
        ...

    def close(self) -> None:
        """Stop and disconnect. Repeatable."""
        ...


class DriverModule(Protocol):
    """What `drivers/<name>.py` offers."""

    def open_driver(self, embodiment: Embodiment, settings: Mapping[str, Any], clock: Clock) -> Driver: ...

    def last_resort_stop(self, settings: Mapping[str, Any]) -> str: ...
