"""ARX-5 arms (L5, X5) over arx5-interface 0.1.5, on SocketCAN.

The library tells no error and knows no end: on over-current, on a readout that makes no sense or on a command far
outside the limits it stops talking to the motors for ever and may hold the lock that every call needs; a silent bus
goes unnoticed. So what is sent is checked before, whether the motors live is heard beside the library, on the bus, and
the library is not touched any more once it or a motor has been silent too long; only a new process can connect then.
Should a call hang all the same, this process's supervisor ends it.

Motors hold their last command: a process that ends leaves the arm holding its position as long as it has power.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.config import build
from ros_wam.drivers.arx5_bus import MotorBus, open_can
from ros_wam.drivers.arx5_library import ArxLibrary
from ros_wam.drivers.command_check import checked_position
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, DriverError, DriverSpent, DriverUnreachable, StateStale
from ros_wam.types import Command, FloatArray, JointState

MODELS = ("L5", "X5")
STALE_NS = 40_000_000
"""Eight periods; the library asks each motor every 2.4 ms, and the host's scheduler is what takes most of it."""
LOST_NS = 500_000_000
"""Silence of a motor that ends the link: it may have lost its power, and only the library's start enables it again."""
OVER_CURRENT_NS = 20_000_000
"""A torque above what the library allows for 20 of its rounds, about 50 ms, makes it hang."""
ANSWER_TIMEOUT_NS = 200_000_000
_POLL_NS = 2_000_000
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
        self._within_ns = np.full(len(embodiment.joint_names), clock.now_ns())
        self._sent: FloatArray | None = None
        self._measured = embodiment.home_position

    def connect(self) -> None:
        """See Driver. The gains rise for half a second; before, the arm floats on the library's gravity model."""
        self._require_usable()
        if self._library is None:
            settings = self._settings
            self._library = ArxLibrary(settings.model, settings.gripper_open_rad, self._embodiment)
        library = self._library
        self.close()
        self._bus = bus = self._listen(library)
        try:
            if not library.started:
                for number in sorted(set(library.motors) - library.ec_motors):
                    bus.enable(number)
                self._await_answers(bus, set(library.motors) - library.ec_motors)
                library.start(self._settings.interface)
            self._await_answers(bus, set(library.motors))
            library.hold(self._state(library).position, self._clock)
            self._await_answers(bus, set(library.motors))
        except DriverError:
            self.close()
            raise

    def read(self) -> JointState:
        """See Driver."""
        library, bus = self._require_link()
        silent = bus.silent(STALE_NS)
        if silent:
            raise StateStale(_told(silent, STALE_NS))
        state = self._state(library)
        self._require_current(library, state)
        return state

    def send(self, command: Command) -> Command:
        """See Driver. The library goes on telling it to the motors until the next."""
        position = checked_position(command, self._embodiment, self._sent, self._measured)
        library, _ = self._require_link()
        library.command(position)
        self._sent = position
        return Command(command.stamp_ns, position)

    def stop(self) -> None:
        """See Driver. The arm is told to stay where it is measured, with its gains: damped, as by the vendor, it sinks.

        While a motor is silent the last command stays. The gripper keeps its grip.
        """
        sent, self._sent = self._sent, None
        if self._library is None or self._bus is None or sent is None or self._lost is not None:
            return
        library, bus = self._require_link()
        if not bus.silent(STALE_NS):
            library.command(np.append(self._state(library).position[:-1], sent[-1]))

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

    def _await_answers(self, bus: MotorBus, numbers: set[int]) -> None:
        """Wait until each of these motors was heard from now on; raises DriverUnreachable."""
        begin_ns = self._clock.now_ns()
        bus.listen()
        while True:
            self._clock.sleep_until_ns(self._clock.now_ns() + _POLL_NS)
            bus.listen()
            silent = {number for number in numbers if bus.heard_ns[number] <= begin_ns}
            if not silent:
                return
            if self._clock.now_ns() > begin_ns + ANSWER_TIMEOUT_NS:
                names = ", ".join(bus.names[number] for number in sorted(silent))
                raise DriverUnreachable(
                    f"on {self._settings.interface} no answer of {names}; is the arm powered and the CAN cable in?"
                )

    def _state(self, library: ArxLibrary) -> JointState:
        now_ns = self._clock.now_ns()
        state = library.state()
        if state.taken_s != self._taken_s:  # two reads of one state: one stamp
            age_ns = round((state.age_s + self._settings.latency_s) * 1e9)
            self._stamp_ns, self._taken_s = max(self._stamp_ns, now_ns - age_ns), state.taken_s
        self._measured = state.position
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
            self._lost = self._loss(bus)
        if self._lost is not None:
            raise DriverError(self._lost)
        return library, bus

    def _loss(self, bus: MotorBus) -> str | None:
        try:
            bus.listen()
        except DriverError as error:
            return str(error)
        if not bus.listened(LOST_NS):
            return None
        if self._clock.now_ns() - bus.commanded_ns > LOST_NS:
            return (
                f"arx5_interface has told the motors nothing for {LOST_NS / 1e6:.0f} ms; its own words are in the log"
            )
        silent = bus.silent(LOST_NS)
        return _told(silent, LOST_NS) if silent else None

    def _require_current(self, library: ArxLibrary, state: JointState) -> None:
        """Leave the library alone before it hangs over a current; raises DriverError."""
        excess = np.abs(state.effort) > library.effort_limit
        self._within_ns = np.where(excess, self._within_ns, self._clock.now_ns())
        over = self._clock.now_ns() - self._within_ns > OVER_CURRENT_NS
        if over.any():
            k = int(np.argmax(over))
            unit = "N" if self._embodiment.is_gripper[k] else "N m"
            self._lost = (
                f"over-current: {self._embodiment.joint_names[k]} presses with {abs(state.effort[k]):.1f} {unit}, "
                f"arx5_interface allows {library.effort_limit[k]:.1f} and is about to let the arm go"
            )
            raise DriverError(self._lost)


def _told(silent: Mapping[str, int], limit_ns: int) -> str:
    ages = ", ".join(f"{name} for {age_ns / 1e6:.0f} ms" for name, age_ns in silent.items())
    return f"no answer of {ages}, allowed {limit_ns / 1e6:.0f}"


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
