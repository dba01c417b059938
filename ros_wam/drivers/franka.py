"""Franka Research 3 with the Franka Hand, over franky 2.0.0 (libfranka 0.21.2). docs/franka.md tells how to set it up.

A library speaks one FCI version only: the PyPI wheel 10. `fci_version` tells what the robot and the installed wheel
speak; libfranka compares. Only 10 is verified, against the emulator.

`realtime: enforce` is for a robot, and needs a PREEMPT_RT kernel; `ignore` is for simulation: on a robot it leads to
violated communication constraints.
"""

import logging
import re
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
from ros_wam.drivers.franka_recovery import FCI_VERSION, end_reflex
from ros_wam.drivers.franka_state import ArmState
from ros_wam.drivers.state_age import StateAge
from ros_wam.embodiment import Embodiment
from ros_wam.errors import (
    ConfigError,
    DriverError,
    DriverSpent,
    DriverUnreachable,
    RobotStopped,
    RosWamError,
    StateStale,
)
from ros_wam.types import Command, FloatArray, JointState

FCI_VERSIONS = (5, 6, 7, 8, 9, FCI_VERSION)
"""5: Panda (FER), 6 and later: FR3; their libfranka and franky's wheels for it are in docs/franka.md."""
REALTIME = ("enforce", "ignore")
JOINTS = 7
RECOVERY_TIMEOUT_S = 20.0
"""FR3s were seen to take 0.4 to 16 s."""
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
        if self.fci_version not in FCI_VERSIONS:
            known = ", ".join(map(str, FCI_VERSIONS))
            raise ConfigError(f"fci_version is {self.fci_version}, must be one of: {known} (docs/franka.md)")
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
        self._age = StateAge(self._received_ns, clock)
        self._is_spent, self._library, self._refusal = False, "", ""
        if settings.fci_version != FCI_VERSION:
            _log.warning("FCI version %d is unverified; it needs another wheel of franky", settings.fci_version)
        self._sent: FloatArray | None = None
        self._measured: FloatArray | None = None

    def connect(self) -> None:
        """See Driver. A stopped robot is left stopped; no motion begins before the first command.

        franky connects to no robot that is in reflex or user stop: `read` tells that, until `recover`.
        """
        if self._is_spent:
            raise DriverSpent(f"franky hangs in a call to {self._settings.address}; only a new process can connect")
        self.close()
        self._require_library()
        self._measured = None
        settings = self._settings
        self._link = FrankaLink(settings.address, settings.realtime == "enforce", settings.latency_s, self._clock)
        try:
            try:
                self._link.open()
            except RobotStopped as stopped:
                self._refusal, self._link = str(stopped), None
            self._gripper.connect()
        except RosWamError:
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
        if self._link is None or self._link.error is not None or self._age.look_ns() > LOST_NS:
            self.connect()
            if self._refusal:
                self._end_reflex()
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
        mode = _refused_mode(self._refusal) if self._refusal else self._newest()[0].mode
        return {
            "library": self._library,
            "firmware": "not told",  # franky offers no question for it; libfranka refuses another FCI version
            "safety_mode": _RUNNING.get(mode) or _STOPPED.get(mode, mode),
        }

    def close(self) -> None:
        """See Driver. The hand keeps its grip. Takes a second when the robot is silent."""
        self._sent, self._refusal = None, ""
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
        age_ns = self._age.look_ns()
        if age_ns > LOST_NS:
            raise DriverError(f"the link to {self._settings.address} is lost: silence for {age_ns / 1e6:.0f} ms")
        return link.state, age_ns

    def _received_ns(self) -> int:
        return 0 if self._link is None or self._link.state is None else self._link.state.received_ns

    def _end_reflex(self) -> None:
        if self._settings.fci_version != FCI_VERSION:
            raise RobotStopped(f"{self._refusal} in Desk: FCI version {self._settings.fci_version} is unverified")
        end_reflex(self._settings.address, RECOVERY_TIMEOUT_S)

    def _require_link(self) -> FrankaLink:
        if self._refusal:
            raise RobotStopped(self._refusal)
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


def _refused_mode(refusal: str) -> str:
    """Return the mode that libfranka's words name, as a state tells it, or why else the robot refuses requests."""
    named = re.search(r'mode \("(.+?)"\)', refusal)
    if named:
        mode = "".join(word.capitalize() for word in named[1].split())
        return mode if mode in _STOPPED else "refused"  # an idle robot that refuses is not to be told as normal
    return "safety function" if "safety function" in refusal else "refused"


def open_driver(embodiment: Embodiment, settings: Mapping[str, Any], clock: Clock) -> Franka:
    """Return the driver, not connected; raises ConfigError."""
    return Franka(embodiment, build(dict(settings), FrankaSettings, "robot"), clock)


def last_resort_stop(settings: Mapping[str, Any]) -> str:
    """Do nothing: a control process that died sends no commands, and without them the controller stops in 20 ms."""
    return "the controller stops by itself, 20 ms after the last command"
