"""ARX-5 arms (L5, X5) over arx5-interface 0.1.5, on SocketCAN.

The library tells no error and knows no end: on over-current, on a readout that makes no sense or on a command far
outside the limits it stops talking to the motors for ever and may hold the lock that every call needs; a silent bus
goes unnoticed. So what is sent is checked before, whether the motors live is heard beside the library, on the bus, and
the library is not touched any more once it or a motor has been silent too long; only a new process can connect then.
Should a call hang all the same, this process's supervisor ends it.

Motors hold their last command: a process that ends leaves the arm holding its position as long as it has power, and a
new one takes their gains off for some 30 ms, in which the arm sinks and the gripper lets go (docs/arx5.md).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.config import build
from ros_wam.drivers.arx5_bus import ANSWER_TIMEOUT_NS, POLL_NS, MotorBus, loss, no_answer, open_can
from ros_wam.drivers.arx5_current import OverCurrent
from ros_wam.drivers.arx5_library import ArxLibrary
from ros_wam.drivers.command_check import STEP_SLACK, checked_position, outside_limits
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, DriverError, DriverSpent, DriverUnreachable, StateStale
from ros_wam.types import Command, FloatArray, JointState

MODELS = ("L5", "X5")
STALE_NS = 40_000_000
"""Eight periods; the library asks each motor every 2.4 ms, and the host's scheduler is what takes most of it."""
REST_RAD, REST_RAD_S = 0.15, 0.05
"""An arm that is this near to where it was told to be, and this slow, rests there, and to stop it is told nothing: a
payload of 1 kg, which the library knows nothing of, keeps it up to 0.1 rad below, and told to stay it would sink more.
"""
PRESSING_N, NEAR = 5.0, 0.05
"""A gripper that presses so, and is told to stay within this share of its stroke of where it is, holds something."""
_TOUCHED = 1e-3
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arx5Settings:
    """`model`: L5 or X5. `gripper_open_rad`: what the gripper's motor reads when it is open; newer ones about -3.4.

    `latency_s`, from measurement to receipt by this host, is subtracted from the stamps.
    """

    interface: str
    model: str
    gripper_open_rad: float
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ConfigError(f"model is {self.model!r}, must be one of {', '.join(MODELS)}")
        if not self.interface.startswith("can"):
            raise ConfigError(f"interface is {self.interface!r}, must be a SocketCAN one, such as can0")
        if not 1.0 <= abs(self.gripper_open_rad) <= 12.0:
            raise ConfigError(f"gripper_open_rad is {self.gripper_open_rad}, must be 1 to 12 rad, of either sign")


class Arx5:
    """One arm with its gripper. A state is stamped when the library took over what the motors had answered."""

    def __init__(self, embodiment: Embodiment, settings: Arx5Settings, clock: Clock) -> None:
        if len(embodiment.arms) != 1 or len(embodiment.joints) != 6:
            raise ConfigError(f"driver arx5 drives 1 arm of 6 joints; {embodiment.name} has {embodiment.joint_names}")
        self._embodiment, self._settings, self._clock = embodiment, settings, clock
        self._library: ArxLibrary | None = None
        self._bus: MotorBus | None = None
        self._lost: str | None = None
        self._stamp_ns, self._taken_s = -1, np.nan
        self._current = OverCurrent(embodiment.is_gripper, clock.now_ns())
        self._sent: FloatArray | None = None
        """What was asked of the driver last; None if it is to be asked for nothing but what is near."""
        self._measured, self._effort = embodiment.home_position, np.zeros(len(embodiment.joint_names))
        self._told, self._grip = embodiment.home_position[:-1], np.nan
        """What arm and gripper were told last; while the gripper is relieved, what it is to go on with."""
        self._seed: float | None = None
        """What is asked of it while it goes on with that."""

    def connect(self) -> None:
        """See Driver. Where this process was connected before, arm and gripper go on holding what they were told.

        Otherwise the motors have no gains for some 30 ms: the arm sinks, damped, by what the library's gravity model
        leaves; the gripper lets go. Not while a Damiao motor is not well: then they go on with what they were told.
        """
        self._require_usable()
        if self._library is None:
            settings = self._settings
            self._library = ArxLibrary(settings.model, settings.gripper_open_rad, self._embodiment)
        library = self._library
        self.close()
        self._bus = bus = self._listen(library)
        try:
            if not library.started:
                bus.enable(sorted(set(library.motors) - library.ec_motors))
                library.start(self._settings.interface)
            bus.await_answers(library.motors)
            here = self._settled_state(library).position
            if not library.holds:
                self._hold(library, here)
            bus.await_answers(library.motors)
            self._require_link()
        except (DriverError, DriverSpent):
            self.close()
            raise

    def read(self) -> JointState:
        """See Driver."""
        library, bus = self._require_link()
        silent = bus.silent(STALE_NS)
        if silent:
            raise StateStale(no_answer(silent, STALE_NS))
        state = self._state(library)
        self._require_current(library, state)
        return state

    def send(self, command: Command) -> Command:
        """See Driver. The library goes on telling it to the motors until the next.

        The gripper is told no more than `force_n` allows, and goes on pressing after a stop until another opening is
        asked of it. While a motor takes too much current its arm, or the gripper, is told to stay where it is; from
        there the arm goes to what is asked no faster than its limits allow.
        """
        position = checked_position(command, self._embodiment, self._sent, self._measured)
        library, _ = self._require_link()
        self._grip = self._gripper_goal(float(position[-1]))
        reach = (self._embodiment.velocity * self._embodiment.period_s * STEP_SLACK)[:-1]
        told = self._tell(library, np.clip(position[:-1], self._told - reach, self._told + reach))
        self._current.note_way_back(np.append(told[:-1] != position[:-1], False), self._clock.now_ns())
        self._sent = position
        return Command(command.stamp_ns, told)

    def stop(self) -> None:
        """See Driver. An arm that moves is told to stay where it is measured, with its gains: damped, it would sink.

        While a motor is silent, and at rest, the last command stays, though a load keeps the arm from getting there.
        The gripper keeps its grip.
        """
        followed, self._sent = self._sent is not None, None
        if self._library is None or self._bus is None or not followed or self._lost is not None:
            return
        library, bus = self._require_link()
        if bus.silent(STALE_NS):
            return
        state = self._state(library)
        behind, speed = np.abs(state.position[:-1] - self._told), np.abs(state.velocity[:-1])
        if (behind > REST_RAD).any() or (speed > REST_RAD_S).any():
            self._tell(library, state.position[:-1])

    def recover(self) -> None:
        """See Driver. There is no stop to recover from; once the link is lost only a new process helps."""
        self._require_usable()
        self._require_link()
        self._sent = None

    def facts(self) -> Mapping[str, str]:
        """See Driver: the motors tell neither their firmware nor of a safety function."""
        library, _ = self._require_connection()
        return {"library": f"arx5_interface {library.version}", "firmware": "not told", "safety_mode": "none"}

    def close(self) -> None:
        """See Driver. The library is kept and has the motors hold: to end it takes 2 s, and lets them go."""
        try:
            self.stop()
        except DriverError as error:
            _log.warning("%s was not stopped: %s", self._settings.interface, error)
        if self._bus is not None:
            self._bus.close()
        self._bus = None

    def _listen(self, library: ArxLibrary) -> MotorBus:
        numbered = zip(library.motors, self._embodiment.joint_names, strict=True)
        names = {number: f"motor {number} ({joint})" for number, joint in numbered}
        interface = self._settings.interface
        return MotorBus(open_can(interface), interface, names, library.ec_motors, self._clock)

    def _settled_state(self, library: ArxLibrary) -> JointState:
        """Return a state with what every motor has answered; raises DriverUnreachable.

        The library takes the answers over at the end of its round, and of a motor that it never heard it tells 0 rad:
        the round after the one in which the last was heard is the first that can be believed.
        """
        until_ns, taken_s = self._clock.now_ns() + ANSWER_TIMEOUT_NS, {library.state().taken_s}
        while len(taken_s) < 3:
            if self._clock.now_ns() > until_ns:
                raise DriverUnreachable(f"arx5_interface takes nothing over from {self._settings.interface}")
            self._clock.sleep_until_ns(self._clock.now_ns() + POLL_NS)
            taken_s.add(library.state().taken_s)
        return self._state(library)

    def _hold(self, library: ArxLibrary, here: FloatArray) -> None:
        """Have damped motors hold the arm `here` `(n,)`; raises DriverUnreachable, and tells them nothing, outside."""
        outside = outside_limits(here, self._embodiment)
        if outside is not None:
            raise DriverUnreachable(f"{outside}: turn it back by hand; the arm is damped meanwhile, hold it")
        library.hold(here)
        self._told, self._grip = here[:-1], float(here[-1])

    def _tell(self, library: ArxLibrary, arm: FloatArray) -> FloatArray:
        """Tell the arm where to go `(n - 1,)` and the gripper to go on, and what is relieved to stay; return it."""
        told = np.where(self._current.relieved, self._measured, np.append(arm, self._grip))
        library.command(told)
        self._told = told[:-1]
        return told

    def _state(self, library: ArxLibrary) -> JointState:
        now_ns = self._clock.now_ns()
        state = library.state()
        if state.taken_s != self._taken_s:  # two reads of one state: one stamp
            age_ns = round((state.age_s + self._settings.latency_s) * 1e9)
            self._stamp_ns, self._taken_s = max(self._stamp_ns, now_ns - age_ns), state.taken_s
        self._measured, self._effort = state.position, state.effort
        return JointState(self._stamp_ns, state.position, state.velocity, state.effort)

    def _require_usable(self) -> None:
        if self._lost is not None:
            raise DriverSpent(f"arx5_interface is not touched any more: {self._lost}; only a new process can connect")

    def _require_connection(self) -> tuple[ArxLibrary, MotorBus]:
        if self._library is None or self._bus is None:
            raise DriverUnreachable(f"the arm on {self._settings.interface} is not connected")
        return self._library, self._bus

    def _require_link(self) -> tuple[ArxLibrary, MotorBus]:
        """Listen; raises DriverError if the link is lost, once and for all."""
        library, bus = self._require_connection()
        if self._lost is None:
            self._lost = loss(bus, self._clock)
        if self._lost is not None:
            raise DriverError(self._lost)
        return library, bus

    def _gripper_goal(self, asked: float) -> float:
        """Return `asked`, or what the gripper was told before a stop while it presses and nothing else is asked.

        Whoever goes on after a stop begins with the measured opening: without this it would drop what it holds.
        """
        if self._sent is None:
            presses = np.isfinite(self._grip) and abs(self._effort[-1]) > PRESSING_N
            self._seed = asked if presses and abs(asked - self._measured[-1]) < NEAR else None
        if self._seed is None or abs(asked - self._seed) > _TOUCHED:
            self._seed = None
            return asked
        return self._grip

    def _require_current(self, library: ArxLibrary, state: JointState) -> None:
        """Relieve motors of too large a torque; raises DriverError if it comes back, before the library hangs."""
        excess = np.abs(state.effort) > library.effort_limit
        over = self._current.note(excess, self._clock.now_ns())
        if excess.any():
            self._tell(library, self._told)
        if over.any():
            k = int(np.argmax(over))
            unit = "N" if self._embodiment.is_gripper[k] else "N m"
            self._lost = (
                f"over-current: {self._embodiment.joint_names[k]} presses with {abs(state.effort[k]):.1f} {unit}, "
                f"arx5_interface allows {library.effort_limit[k]:.1f}; told to stay where it is, it came back: the arm "
                f"may go on pressing, hold it and switch its power off"
            )
            raise DriverError(self._lost)


def open_driver(embodiment: Embodiment, settings: Mapping[str, Any], clock: Clock) -> Arx5:
    """Return the driver, not connected; raises ConfigError."""
    return Arx5(embodiment, build(dict(settings), Arx5Settings, "robot"), clock)


def last_resort_stop(settings: Mapping[str, Any]) -> str:
    """Raise DriverError, since there is none; ConfigError."""
    interface = build(dict(settings), Arx5Settings, "robot").interface
    raise DriverError(
        f"nothing stops an ARX arm without its library: the motors on {interface} hold their last command; "
        "if they must let go, hold the arm and switch its power off"
    )
