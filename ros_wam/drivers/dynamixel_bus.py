"""One ViperX-300 S on its bus: a thread exchanges goals and states, so that a silent servo makes nobody else wait.

Whoever talks to the bus is alive: reading it is what keeps the servos' bus watchdogs from stopping the arm.
"""

import itertools
import threading
from dataclasses import dataclass

import numpy as np

from ros_wam.clock import Clock
from ros_wam.drivers import dynamixel_servos as dxl
from ros_wam.drivers import dynamixel_setup as setup
from ros_wam.drivers.dynamixel_port import DynamixelPort
from ros_wam.drivers.dynamixel_servos import GRIPPER, JOINTS, NUMBERS, SERVOS
from ros_wam.errors import DriverError, DriverUnreachable, RobotStopped, StateStale
from ros_wam.types import FloatArray

PERIOD_S = 0.005
"""Between two readings; a goal that comes between is written at once. Faster only heats the computer."""
STALE_NS = 40_000_000
"""Four periods of control."""
LOST_NS = 500_000_000
"""Silence that ends the link until it is recovered: as long as the servos' own watchdogs wait."""
FIRST_STATE_TIMEOUT_S = 1.0
STATUS_EVERY = 40
"""Readings between looks at torque, errors and watchdogs; a hardware error is told with every answer beside that."""
JOIN_TIMEOUT_S = 2.0
_BEGIN, _SIZE = dxl.PRESENT_CURRENT.address, 10
_STATUS_BEGIN = dxl.TORQUE.address
_STATUS_SIZE = dxl.BUS_WATCHDOG.address + 1 - _STATUS_BEGIN
AT_REST_RAD_S, AT_GOAL_RAD = 0.05, 0.05
"""A joint that rests this near to its goal keeps it when it is stopped: under its weight it would sag each time."""


@dataclass(frozen=True)
class ServoState:
    """`(7,)`, the gripper last: angle [rad], rate [rad/s], torque [N m] of all its servos at `stamp_ns`."""

    stamp_ns: int
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray


class DynamixelBus:
    """One arm. `send` keeps the newest goal only."""

    def __init__(self, arm: str, path: str, gripper_current: int, gripper_speed: int, clock: Clock) -> None:
        """`gripper_current` and `gripper_speed` are in the servo's units, and bound what its fingers do."""
        self._arm, self._path, self._clock = arm, path, clock
        self._gripper = gripper_current, gripper_speed
        self._changed = threading.Condition()
        self._port: DynamixelPort | None = None
        self._thread: threading.Thread | None = None
        self._closing = False
        self._goal: dict[int, int] | None = None
        self._written: dict[int, int] = {}
        self._state: ServoState | None = None
        self._why = "nothing was read yet"
        self._stopped: str | None = None
        self._lost: str | None = None
        self._failures = 0
        self.reads = 0
        """How many states were read."""
        self.firmware: tuple[int, ...] = ()
        """Versions of the servos' firmware."""

    def connect(self) -> None:
        """Open the bus and switch the servos on where they are; raises DriverError. A stopped arm is left stopped."""
        self.close()
        self._port = DynamixelPort(self._path, self._clock)
        try:
            tables = setup.survey(self._port, self._arm)
            setup.require_eeprom(self._arm, tables)
            self.firmware = tuple(sorted({dxl.FIRMWARE.of(table) for table in tables.values()}))
            if not any(dxl.HARDWARE_ERROR.of(table) for table in tables.values()):
                setup.prepare(self._port, self._arm, *self._gripper)
            self._start()
        except DriverError:
            self._end()
            raise

    def recover(self) -> None:
        """Restart failed servos, clear watchdogs, and switch everything on where it is; raises DriverError."""
        self._join()
        if self._port is None or self._lost is not None:
            self._end()
            self._port = DynamixelPort(self._path, self._clock)
        try:
            setup.reboot_failed(self._port, self._arm, self._clock)
            setup.prepare(self._port, self._arm, *self._gripper)
            self._start()
        except DriverError as error:
            self._lost = f"not recovered: {error}"
            raise

    def read(self) -> ServoState:
        """Return the newest state; raises StateStale, RobotStopped, or DriverError once the bus is lost."""
        state = self._fresh(LOST_NS)
        self._require_running()
        age_ns = self._clock.now_ns() - state.stamp_ns
        if age_ns > STALE_NS:
            raise StateStale(f"no new state of the {self._arm} arm for {age_ns / 1e6:.0f} ms: {self._why}")
        return state

    def require_link(self) -> None:
        """Raise DriverError if the bus is lost, RobotStopped if a servo has stopped."""
        self._fresh(LOST_NS)
        self._require_running()

    @property
    def stopped(self) -> str | None:
        """Which servo has stopped and why."""
        return self._stopped

    def send(self, position: FloatArray) -> None:
        """Go to `(7,)` angles [rad], the gripper's last; replaces a goal that was not sent yet."""
        goal = {servo.number: servo.ticks(float(angle)) for servo, angle in zip(JOINTS, position, strict=True)}
        with self._changed:
            self._goal = goal
            self._changed.notify_all()

    def stop(self) -> None:
        """Hold every joint where it is measured; the gripper keeps its grip. A silent arm holds its last goal."""
        state = self._state
        if self._thread is None or self._lost or self._stopped or state is None:
            return
        if self._clock.now_ns() - state.stamp_ns > STALE_NS:
            return
        goal = {}
        for k, servo in enumerate(JOINTS[:-1]):
            angle, before = float(state.position[k]), self._written.get(servo.number)
            at_goal = before is None or abs(angle - dxl.radians(before)) < AT_GOAL_RAD
            if not (at_goal and abs(state.velocity[k]) < AT_REST_RAD_S):
                goal[servo.number] = servo.ticks(angle)
        with self._changed:
            self._goal = goal or None
            self._changed.notify_all()

    def close(self) -> None:
        """Leave the arm where it is, with torque, since without it would fall, and give the bus back. Repeatable."""
        self._join()
        if self._port is not None and self._lost is None:
            try:
                self._port.write_all(dxl.BUS_WATCHDOG, dict.fromkeys(NUMBERS, 0))
            except DriverError as error:
                self._why = str(error)
        self._end()

    def _start(self) -> None:
        self._state, self._goal, self._stopped, self._lost, self._written = None, None, None, None, {}
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"dynamixel-{self._arm}", daemon=True)
        self._thread.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._state or self._lost, FIRST_STATE_TIMEOUT_S):
                raise DriverUnreachable(f"no state of the {self._arm} arm on {self._path}: {self._why}")

    def _join(self) -> None:
        """End the thread; a goal that was set is written before."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(JOIN_TIMEOUT_S)
            self._thread = None

    def _end(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None
        self._state = None

    def _fresh(self, limit_ns: int) -> ServoState:
        """Return the newest state; raises DriverError, from then on, if it is too old."""
        state = self._state
        if self._lost is None and state is not None and self._clock.now_ns() - state.stamp_ns > limit_ns:
            self._lost = f"silent for {limit_ns / 1e9:g} s: {self._why}"
        if self._lost is not None:
            raise DriverError(f"the {self._arm} arm on {self._path} is lost: {self._lost}")
        if self._port is None or state is None:
            raise DriverUnreachable(f"the {self._arm} arm on {self._path} is not connected")
        return state

    def _require_running(self) -> None:
        if self._stopped is not None:
            raise RobotStopped(f"{self._stopped}; recover the robot")

    def _run(self) -> None:
        port = self._port
        assert port is not None
        try:
            for cycle in itertools.count():
                begin_ns = self._clock.now_ns()
                goal, closing = self._take()
                if goal is not None and self._lost is None and self._stopped is None:
                    port.write_all(dxl.GOAL_POSITION, goal)
                    self._written |= goal
                if closing:
                    return
                self._measure(port)
                if cycle % STATUS_EVERY == 0:
                    self._look(port)
                rest_s = PERIOD_S - (self._clock.now_ns() - begin_ns) * 1e-9
                with self._changed:
                    self._changed.wait_for(lambda: self._goal is not None or self._closing, max(rest_s, 0.0))
        except DriverError as error:  # the port is gone
            with self._changed:
                self._lost = str(error)
                self._changed.notify_all()

    def _take(self) -> tuple[dict[int, int] | None, bool]:
        with self._changed:
            goal, self._goal = self._goal, None
            return goal, self._closing

    def _measure(self, port: DynamixelPort) -> None:
        stamp_ns = self._clock.now_ns()
        answers = port.read(NUMBERS, _BEGIN, _SIZE)
        if answers.missing is not None:
            self._failures += 1
            self._why = f"{setup.servo_name(self._arm, answers.missing)}: {answers.why}"
            if self._failures > 1:
                self._why = self._blame(port, answers.missing, answers.why)
            return
        self._failures = 0
        if answers.alerts and self._stopped is None:
            self._look(port)
        state = _state_of(answers, stamp_ns)
        with self._changed:
            self.reads += 1
            self._state, self._why = state, "its last reading was good"
            self._changed.notify_all()

    def _blame(self, port: DynamixelPort, suspect: int, why: str) -> str:
        """Return what is wrong, having asked the servo that was the first to be missing by itself, and the last one."""
        if port.read([suspect], _BEGIN, 1).missing is None:
            return f"one answer failed, {setup.servo_name(self._arm, suspect)}: {why}"
        if suspect != NUMBERS[-1] and port.read([NUMBERS[-1]], _BEGIN, 1).missing is not None:
            return f"no servo answers on {self._path}: {why}"
        return f"{setup.servo_name(self._arm, suspect)} does not answer: {why}"

    def _look(self, port: DynamixelPort) -> None:
        """See whether a servo has stopped; it stays told until the arm is recovered."""
        tables = port.read(NUMBERS, _STATUS_BEGIN, _STATUS_SIZE)
        if self._stopped is None:
            self._stopped = setup.stop_reason(self._arm, tables, _STATUS_BEGIN)


def _state_of(answers: dict[int, bytes], stamp_ns: int) -> ServoState:
    torque_nm = {
        servo.number: dxl.PRESENT_CURRENT.of(answers[servo.number], _BEGIN) * dxl.CURRENT_A * servo.torque_nm_per_a
        for servo in SERVOS
    }
    for servo in SERVOS:
        if servo.shadow_of in torque_nm:
            torque_nm[servo.shadow_of] += torque_nm[servo.number]
    data = [answers[servo.number] for servo in JOINTS]
    return ServoState(
        stamp_ns,
        np.array([dxl.radians(dxl.PRESENT_POSITION.of(value, _BEGIN)) for value in data]),
        np.array([dxl.PRESENT_VELOCITY.of(value, _BEGIN) * dxl.SPEED_RAD_S for value in data]),
        np.array([torque_nm[servo.number] for servo in JOINTS]),
    )


assert JOINTS[-1].number == GRIPPER
