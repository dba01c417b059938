"""The measured state of a UR arm over RTDE, with a freshness of its own: the library calls a silent link connected."""

from dataclasses import dataclass

import numpy as np

from ros_wam.clock import Clock
from ros_wam.drivers.controller_clock import ControllerClock
from ros_wam.drivers.state_age import StateAge
from ros_wam.errors import ConfigError, DriverError, DriverUnreachable, StateStale
from ros_wam.types import FloatArray

PORT = 30004
STALE_NS = 40_000_000
"""Five periods of a CB3 controller; as long for an e-Series, since the host's scheduler is what takes most of it."""
LOST_NS = 500_000_000
"""Silence that ends the link: long enough to brake in, and before ur_rtde reconnects by itself, which crashes it."""
FIRST_PACKAGE_TIMEOUT_NS = 2_000_000_000
CLOCK_SAMPLES = 12
"""Packages that the offset of the clocks is learnt from before the first state is given."""
_POLL_NS = 500_000

VARIABLES = [
    "timestamp",
    "actual_q",
    "actual_qd",
    "target_moment",
    "actual_TCP_force",
    "robot_mode",
    "robot_status_bits",
    "safety_status_bits",
    "runtime_state",
]
PROTECTIVE_STOP = "protective stop"
ROBOT_MODES = {
    -1: "no controller",
    0: "disconnected",
    1: "confirming safety",
    2: "booting",
    3: "power off",
    4: "power on",
    5: "idle (brakes on)",
    6: "backdrive",
    7: "running",
    8: "updating firmware",
}
_RUNNING_MODE = 7
_PROGRAM_RUNNING_BIT = 1 << 1


@dataclass(frozen=True, eq=False)
class ArmState:
    """`(6,)` position [rad], velocity [rad/s] and effort [N m] at `stamp_ns`; the size of the tool's force [N]."""

    stamp_ns: int
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray
    tool_force_n: float


class UrReceiver:
    """An RTDE state link, open as long as this object lives. Stamps are the controller's own, put on station time.

    Effort is RTDE's `target_moment` [N m]: what the controller's model needs for the motion, without contact.
    The tool's force is the force part of `actual_TCP_force`, from which the controller has subtracted the payload that
    its installation names: a gripper that is missing there is felt all the time. CB3 controllers, without a sensor,
    estimate it from the motors' currents.
    """

    def __init__(self, address: str, rate_hz: float, latency_s: float, clock: Clock) -> None:
        """Connect and wait for the first packages; raises DriverUnreachable. May hang: call it under a supervisor."""
        try:
            from rtde_receive import RTDEReceiveInterface
        except ImportError as error:
            raise ConfigError("driver ur5 needs ur_rtde: pip install '.[ur]' in a checkout") from error
        self._where = f"{address}:{PORT}"
        try:
            self._link = RTDEReceiveInterface(address, rate_hz, VARIABLES)
        except RuntimeError as error:
            raise DriverUnreachable(f"no robot state from {self._where}: {error}") from error
        self._clock = clock
        self._controller_clock = ControllerClock(latency_s)
        self._timestamp_s: float | None = None
        self._received_ns = self._stamp_ns = clock.now_ns()
        self._age = StateAge(self._newest_received_ns, clock)
        self._learn_clock()

    def read(self) -> ArmState:
        """Return the newest state; raises StateStale while it does not advance, DriverError once the link is lost."""
        while True:
            self.require_link()
            age_ns = self._age.look_ns()
            state = ArmState(
                self._stamp_ns,
                np.array(self._link.getActualQ()),
                np.array(self._link.getActualQd()),
                np.array(self._link.getTargetMoment()),
                float(np.linalg.norm(self._link.getActualTCPForce()[:3])),
            )
            if self._link.getTimestamp() == self._timestamp_s:  # no package came between the getters
                break
        if age_ns > STALE_NS:
            raise StateStale(f"no new state from {self._where} for {age_ns / 1e6:.0f} ms, allowed {STALE_NS / 1e6:.0f}")
        return state

    @property
    def is_lost(self) -> bool:
        """Whether the link ended or was silent too long; ur_rtde must not be touched then."""
        return self._age.look_ns() > LOST_NS or not self._link.isConnected()

    def require_link(self) -> None:
        """Raise DriverError if the link is lost."""
        if self.is_lost:
            raise DriverError(
                f"the link to {self._where} is lost; the last state came {self._age.look_ns() / 1e6:.0f} ms ago"
            )

    def stop_reason(self) -> str | None:
        """Return why the robot cannot move, None if it can; a program that does not run is no such reason."""
        if self._link.isEmergencyStopped():
            return "emergency stop"
        if self._link.isProtectiveStopped():
            return PROTECTIVE_STOP
        mode = int(self._link.getRobotMode())
        return None if mode == _RUNNING_MODE else f"robot mode is {ROBOT_MODES.get(mode, mode)}, must be running"

    def program_runs(self) -> bool:
        """Return whether the controller runs a program."""
        return bool(self._link.getRobotStatus() & _PROGRAM_RUNNING_BIT)

    def _newest_received_ns(self) -> int:
        """Take note of a new package and return when the newest came."""
        timestamp_s, now_ns = self._link.getTimestamp(), self._clock.now_ns()
        if timestamp_s != self._timestamp_s:
            self._timestamp_s, self._received_ns = timestamp_s, now_ns
            self._stamp_ns = self._controller_clock.stamp_ns(timestamp_s, now_ns)
        return self._received_ns

    def _learn_clock(self) -> None:
        deadline_ns = self._clock.now_ns() + FIRST_PACKAGE_TIMEOUT_NS
        seen: set[float | None] = set()
        while len(seen) < CLOCK_SAMPLES:
            self.require_link()
            seen.add(self._timestamp_s)
            now_ns = self._clock.now_ns()
            if now_ns > deadline_ns:
                raise DriverUnreachable(f"{len(seen)} states from {self._where} in 2 s, must be {CLOCK_SAMPLES}")
            self._clock.sleep_until_ns(now_ns + _POLL_NS)
