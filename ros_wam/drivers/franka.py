"""Franka Research 3 with the Franka Hand, over franky 2.0.0 (libfranka 0.21.2, FCI version 10).

The FCI version is a setting, since a library speaks one version only: the PyPI wheel speaks 10 (robot system 5.9.0 and
later). For another robot install the wheel of franky that is built for its libfranka, from the franky project's own
releases, and set `fci_version` to what it speaks:

    robot system      FCI version   libfranka
    FR3 5.9.0 …       10            0.18-0.21.2 (PyPI)
    FR3 5.7.2 …       9             0.15-0.17
    FR3 5.7.0 …       8             0.14
    FR3 5.2.0 …       6, 7          0.10-0.13
    Panda (FER) 4.2.1 5             0.9.1-0.9.2, the last for it

Only 10 is verified, against the emulator; all others are refused here until somebody has tried them. A Panda needs,
besides its wheel, a robot file with its own limits (velocity 2.175 and 2.61 rad/s, acceleration 7.5 rad/s2 on joint 2)
in place of those that `franka_link.py` gives franky, whose own are swapped between Panda and FR3. Unverified.

`realtime: enforce` is for a robot, and needs a PREEMPT_RT kernel; `ignore` is for simulation: on a robot it leads to
violated communication constraints.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.config import build
from ros_wam.drivers.command_check import checked_position
from ros_wam.drivers.franka_gripper import FrankaGripper
from ros_wam.drivers.franka_link import LOST_NS, STALE_NS, FrankaLink
from ros_wam.drivers.franka_state import ArmState
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, DriverError, DriverSpent, DriverUnreachable, RobotStopped, StateStale
from ros_wam.types import Command, FloatArray, JointState

FCI_VERSION = 10
REALTIME = ("enforce", "ignore")
JOINTS = 7
RECOVERY_TIMEOUT_S = 5.0
RECOVERY_STATES_NS = 1_000_000_000
_POLL_NS = 5_000_000
_RUNNING = {"Idle": "normal", "Move": "normal"}
_STOPPED = {
    "Reflex": "reflex",
    "UserStopped": "user stop",
    "Guiding": "guiding mode",
    "AutomaticErrorRecovery": "error recovery",
    "Other": "not ready",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrankaSettings:
    """`latency_s`, from measurement to receipt by this host, is subtracted from the stamps."""

    address: str
    fci_version: int
    realtime: str
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        if self.fci_version != FCI_VERSION:
            raise ConfigError(
                f"fci_version is {self.fci_version}, must be {FCI_VERSION}: the franky-control wheel of PyPI speaks no "
                f"other; for a robot with another install franky's wheel for its libfranka (ros_wam/drivers/franka.py)"
            )
        if self.realtime not in REALTIME:
            raise ConfigError(f"realtime is {self.realtime!r}, must be one of: {', '.join(REALTIME)}")


class Franka:
    """One FR3 with its hand. A state is stamped when it is read, at most a cycle after it came."""

    def __init__(self, embodiment: Embodiment, settings: FrankaSettings, clock: Clock) -> None:
        if len(embodiment.arms) != 1 or len(embodiment.joints) != JOINTS:
            raise ConfigError(f"driver franka drives 1 arm of 7 joints; {embodiment.name} has {embodiment.joint_names}")
        self._embodiment, self._settings, self._clock = embodiment, settings, clock
        (limits,) = embodiment.grippers.values()
        self._gripper = FrankaGripper(settings.address, limits, clock)
        self._link: FrankaLink | None = None
        self._is_spent, self._library = False, ""
        self._sent: FloatArray | None = None
        self._measured: FloatArray | None = None

    def connect(self) -> None:
        """See Driver. A stopped robot is left stopped; no motion begins before the first command."""
        if self._is_spent:
            raise DriverSpent(f"franky hangs in a call to {self._settings.address}; only a new process can connect")
        self.close()
        self._require_library()
        self._measured = None
        settings = self._settings
        self._link = FrankaLink(settings.address, settings.realtime == "enforce", settings.latency_s, self._clock)
        try:
            self._link.open()
            self._gripper.connect()
        except DriverError:
            self.close()
            raise

    def read(self) -> JointState:
        """See Driver."""
        state, age_ns = self._newest()
        if age_ns > STALE_NS:
            raise StateStale(
                f"no new state from {self._settings.address} for {age_ns / 1e6:.0f} ms, allowed {STALE_NS / 1e6:.0f}"
            )
        self._require_running(state)
        hand = self._gripper.read()
        self._measured = np.append(state.position, hand.position)
        return JointState(
            state.stamp_ns,
            self._measured,
            np.append(state.velocity, hand.velocity),
            np.append(state.effort, hand.effort),
            np.array([state.tool_force_n]),
        )

    def send(self, command: Command) -> Command:
        """See Driver. The library plans the way between the commands, at its own 1 kHz."""
        measured = self.read().position if self._measured is None else self._measured
        position = checked_position(command, self._embodiment, self._sent, measured)
        link = self._require_link()
        state, _ = self._newest()
        self._require_running(state)
        before = position if self._sent is None else self._sent
        limit = self._embodiment.velocity[:-1]
        velocity = np.clip((position - before)[:-1] / self._embodiment.period_s, -limit, limit)
        self._gripper.send(float(position[-1]))
        link.send(position[:-1], velocity)
        self._sent = position
        return Command(command.stamp_ns, position)

    def stop(self) -> None:
        """See Driver. A silent robot is not asked: without commands it stops by itself. The hand keeps its grip."""
        self._sent = None
        self._gripper.stop()
        if self._link is not None:
            self._link.stop()

    def recover(self) -> None:
        """See Driver. Connects anew if the link was lost. A user stop has to be released at the robot."""
        self._sent = self._measured = None
        self._gripper.stop()
        if self._link is None or self._link.error is not None or self._age_ns(self._link) > LOST_NS:
            self.connect()
        link = self._require_link()
        if self._newest()[0].mode in _RUNNING:
            link.forget_end()
            return
        link.recover(RECOVERY_TIMEOUT_S)
        deadline_ns = self._clock.now_ns() + RECOVERY_STATES_NS
        while self._newest()[0].mode not in _RUNNING:
            if self._clock.now_ns() > deadline_ns:
                self._require_running(self._newest()[0])
            self._clock.sleep_until_ns(self._clock.now_ns() + _POLL_NS)

    def facts(self) -> Mapping[str, str]:
        """See Driver."""
        mode = self._newest()[0].mode
        return {
            "library": self._library,
            "firmware": "not told",  # franky offers no question for it; libfranka refuses another FCI version
            "safety_mode": _RUNNING.get(mode) or _STOPPED.get(mode, mode),
        }

    def close(self) -> None:
        """See Driver. The hand keeps its grip. Takes a second when the robot is silent."""
        self._sent = None
        if self._link is not None and not self._link.close():
            _log.warning("franky does not come back from a call to %s", self._settings.address)
            self._is_spent = True
        self._link = None
        self._gripper.close()

    def _newest(self) -> tuple[ArmState, int]:
        """Return the newest state and its age [ns]; raises DriverError once the link is lost."""
        link = self._require_link()
        if link.error is not None:
            raise link.error
        assert link.state is not None  # a link that is open has seen states
        age_ns = self._age_ns(link)
        if age_ns > LOST_NS:
            raise DriverError(f"the link to {self._settings.address} is lost: silence for {age_ns / 1e6:.0f} ms")
        return link.state, age_ns

    def _age_ns(self, link: FrankaLink) -> int:
        return LOST_NS + 1 if link.state is None else self._clock.now_ns() - link.state.received_ns

    def _require_link(self) -> FrankaLink:
        if self._link is None:
            raise DriverUnreachable(f"the FR3 at {self._settings.address} is not connected")
        return self._link

    def _require_running(self, state: ArmState) -> None:
        if state.mode not in _RUNNING:
            why = f" ({state.errors})" if state.errors else ""
            reason = f"{_STOPPED.get(state.mode, state.mode)}{why}"
            raise RobotStopped(f"FR3 at {self._settings.address}: {reason}; recover the robot")
        if self._require_link().ended:
            raise RobotStopped(f"FR3 at {self._settings.address}: {self._require_link().ended}; recover the robot")

    def _require_library(self) -> None:
        try:
            import franky  # noqa: F401
        except ImportError as error:
            raise ConfigError("driver franka needs franky: pip install '.[franka]' in a checkout") from error
        self._library = f"franky {version('franky-control')}"  # not in facts(): it searches the disk


def open_driver(embodiment: Embodiment, settings: Mapping[str, Any], clock: Clock) -> Franka:
    """Return the driver, not connected; raises ConfigError."""
    return Franka(embodiment, build(dict(settings), FrankaSettings, "robot"), clock)


def last_resort_stop(settings: Mapping[str, Any]) -> str:
    """Do nothing: a control process that died sends no commands, and without them the controller stops in 20 ms."""
    return "the controller stops by itself, 20 ms after the last command"
