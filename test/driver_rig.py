"""A driver under test with the robot behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from emulator_process import EmulatorProcess

from ros_wam.clock import Clock, StationClock
from ros_wam.drivers.driver import Driver
from ros_wam.embodiment import Embodiment
from ros_wam.errors import CommandInvalid, DriverError, DriverSpent, StateStale
from ros_wam.types import Command, JointState

PATIENCE_S = 10.0
REST_RAD = 2e-3
"""A joint that moves less rests."""


def _nothing(fault: str = "") -> None:
    """Stand in for a hook of a rig whose robot has no faults."""


@dataclass
class DriverRig:
    """A driver that is not connected, and the robot behind it: `step` lets a period pass, `received` is what arrived.

    `received()` is `(k, joints)`, grippers left out: the targets that the vendor library sent since the rig was made.
    `inject(fault)` and `clear()` begin and end the emulator's faults. `reopen()` gives another driver, not connected,
    when the first says DriverSpent; in a new process, where the library asks for one. `resolution_rad`: how near to a
    sent target the nearest received one is; a bus rounds, a library that plans its own way gives others. `truth()` is
    where the arms' joints really are `(n,)`, asked of the emulator: also before the driver can read.
    `object_at(opening)` puts something between the fingers of the last gripper, or takes it away. `sag_rad`, one or
    `(n,)`: how far the arms sink while another driver connects.
    """

    driver: Driver
    embodiment: Embodiment
    clock: Clock
    step: Callable[[], None]
    received: Callable[[], np.ndarray]
    inject: Callable[[str], None] = _nothing
    clear: Callable[[], None] = _nothing
    reopen: Callable[[], Driver] | None = None
    resolution_rad: float = 1e-9
    truth: Callable[[], np.ndarray] | None = None
    object_at: Callable[[float | None], object] | None = None
    sag_rad: float | np.ndarray = 0.0
    looks: int = 0
    stale_looks: int = 0
    """How often `read` has asked the driver, and how often there was no fresh state."""

    @classmethod
    def of(cls, driver: Driver, embodiment: Embodiment, emulated: EmulatorProcess) -> "DriverRig":
        """Return the rig of a driver and an emulator in real time, which forgets what it has received."""
        clock = StationClock()

        def step() -> None:
            clock.sleep_until_ns(clock.now_ns() + round(embodiment.period_s * 1e9))

        emulated.forget_targets()
        rig = cls(driver, embodiment, clock, step, emulated.targets, emulated.inject, emulated.clear)
        rig.truth, rig.object_at = emulated.truth, partial(emulated.ask, "object_at")
        return rig

    @property
    def arm(self) -> np.ndarray:
        """`(n,)` mask of the arms' joints."""
        return np.asarray(~self.embodiment.is_gripper)

    def hold(self, position: np.ndarray) -> Command:
        """Send a position and let a period pass."""
        sent = self.driver.send(Command(self.clock.now_ns(), position))
        self.step()
        return sent

    def steps(self, count: int) -> None:
        """Let `count` periods pass."""
        for _ in range(count):
            self.step()

    def periods(self, duration_s: float) -> int:
        """Return how many periods of control `duration_s` has."""
        return round(duration_s / self.embodiment.period_s)

    def watch(self, duration_s: float) -> JointState:
        """Read a state in every period for `duration_s`, since whoever reads is alive, and return the last."""
        for _ in range(self.periods(duration_s)):
            self.step()
            state = self.read()
        return state

    def read(self, limit_s: float = PATIENCE_S) -> JointState:
        """Return a fresh state; on a busy machine there is none now and then."""
        deadline_ns = self.clock.now_ns() + round(limit_s * 1e9)
        while True:
            self.looks += 1
            try:
                return self.driver.read()
            except StateStale:
                self.stale_looks += 1
                assert self.clock.now_ns() < deadline_ns, f"no fresh state for {limit_s} s"
                self.step()

    def median_interval_s(self) -> float:
        """Look four times a period; time passes by sleeping, since a simulated world needs no step to be read."""
        stamps, period_s = {self.read().stamp_ns}, self.embodiment.period_s
        for _ in range(round(0.3 / period_s) * 4):
            self.clock.sleep_until_ns(self.clock.now_ns() + round(period_s * 0.25e9))
            stamps.add(self.read().stamp_ns)
        return float(np.median(np.diff(sorted(stamps)))) * 1e-9

    def refuses(self, start: np.ndarray, size_rad: float, error: Any) -> None:
        """Send what would move the robot and is no wrong command; assert that it is refused by `error`."""
        with pytest.raises(error) as told:
            self.driver.send(Command(self.clock.now_ns(), self.inwards(start, size_rad)))
        assert not isinstance(told.value, CommandInvalid), told.value

    def run_until(
        self, holds: Callable[[JointState], bool], position: np.ndarray, limit_s: float = PATIENCE_S
    ) -> JointState:
        """Send `position` until the measured state fits."""
        deadline_ns = self.clock.now_ns() + round(limit_s * 1e9)
        while True:
            self.hold(position)
            state = self.read()
            if holds(state):
                return state
            assert self.clock.now_ns() < deadline_ns, f"the robot is at {state.position.tolist()} after {limit_s} s"

    def go(self, start: np.ndarray, end: np.ndarray, periods: int = 60) -> list[JointState]:
        """Send the straight way from `start` to `end` `(n,)`, a row a period; return what was measured on it."""
        states = []
        for share in np.linspace(0.0, 1.0, periods):
            self.hold(start + share * (end - start))
            states.append(self.read())
        return states

    def fingers_in_motion(self) -> np.ndarray:
        """Hold the arms and send every gripper to its other end; return what was sent `(n,)` once the fingers move."""
        begin, gripper = self.read().position, self.embodiment.is_gripper
        other = np.where(gripper, np.where(begin < 0.5, 1.0, 0.0), begin)
        self.run_until(lambda state: bool((np.abs(state.position - begin)[gripper] > 0.05).all()), other)
        return other

    def inwards(self, start: np.ndarray, size: float | np.ndarray) -> np.ndarray:
        """Return the position `size` [rad] away from `start` in every joint of the arms, towards the middle."""
        middle = (self.embodiment.lower + self.embodiment.upper) / 2.0
        return np.where(self.arm, start + size * np.where(start > middle, -1.0, 1.0), start)

    def recover(self, limit_s: float = 2 * PATIENCE_S) -> None:
        """Do what an operator does: ask for recovery until it is done; a spent driver is replaced by another."""
        deadline_ns = self.clock.now_ns() + round(limit_s * 1e9)
        begin = self.driver.recover
        while True:
            try:
                begin()
                return
            except DriverSpent as spent:
                assert self.reopen is not None, f"the rig has no reopen(), and the driver says: {spent}"
                self.driver = self.reopen()
                begin = self.driver.connect
            except DriverError as error:
                assert self.clock.now_ns() < deadline_ns, f"not recovered within {limit_s} s: {error}"
                self.steps(10)
