"""One ViperX-300 S on its bus: a thread exchanges goals and states, so that a silent servo makes nobody else wait.

Whoever talks to the bus is alive: reading it is what keeps the servos' bus watchdogs from stopping the arm.
"""

import itertools
import logging
import threading
from collections.abc import Sequence

import numpy as np

from ros_wam.clock import Clock
from ros_wam.drivers import dynamixel_servos as dxl
from ros_wam.drivers import dynamixel_setup as setup
from ros_wam.drivers.dynamixel_goals import DynamixelGoals, Goal, but_for
from ros_wam.drivers.dynamixel_port import DynamixelPort
from ros_wam.drivers.dynamixel_servos import JOINTS, NUMBERS
from ros_wam.drivers.dynamixel_silence import Silence, partners
from ros_wam.drivers.dynamixel_state import BEGIN, SIZE, ServoState, state_of
from ros_wam.errors import DriverError, DriverSpent, DriverUnreachable, RobotStopped, StateStale
from ros_wam.types import FloatArray

PERIOD_S = 0.005
"""Between two readings; a goal that comes between is written at once. Faster only heats the computer."""
STALE_NS = 40_000_000
"""Four periods of control."""
GOAL_NS = 100_000_000
"""A goal that has waited longer for the line is not written any more, unless it is a stop's."""
LOST_NS = 500_000_000
"""Silence that ends the link until it is recovered: as long as the servos' own watchdogs wait.

Only time in which answers were waited for counts: a computer that does not run the thread loses no arm.
"""
LATE_NS, HUNG_NS = 400_000_000, 2_000_000_000
"""A thread that did not run for so long looks at the servos' watchdogs first; one that never goes on has hung."""
FIRST_STATE_TIMEOUT_S = 1.0
STATUS_EVERY = 40
"""Readings between looks at torque, errors and watchdogs; a hardware error is told with every answer beside that."""
JOIN_TIMEOUT_S = 1.0
_log = logging.getLogger(__name__)


class DynamixelBus:
    """One arm. `send` keeps the newest goal only."""

    def __init__(self, arm: str, path: str, gripper_current: int, speeds: Sequence[int], clock: Clock) -> None:
        """`gripper_current` and `speeds`, of `JOINTS`, are in the servos' units and bound what they do."""
        self._arm, self._path, self._clock = arm, path, clock
        self._limits = gripper_current, speeds
        self._changed = threading.Condition()
        self._port: DynamixelPort | None = None
        self._thread: threading.Thread | None = None
        self._closing = self._must_stop = False
        self._goal: Goal | None = None
        self._told: FloatArray = np.zeros(len(JOINTS))
        self._goals: DynamixelGoals | None = None
        self._state: ServoState | None = None
        self._seen: ServoState | None = None
        self._silence = Silence(arm, path)
        self._heard = self._told
        self._stopped: str | None = None
        self._lost: str | None = None
        self._alive_ns = clock.now_ns()
        self.reads = 0
        """How many states were read."""
        self.firmware: tuple[int, ...] = ()
        """Versions of the servos' firmware."""

    def connect(self) -> None:
        """Open the bus and switch the servos on where they are; raises DriverError. A stopped arm is left stopped."""
        self.close()
        self._require_no_thread()
        port = self._port = DynamixelPort(self._path, self._clock)
        try:
            tables = setup.survey(port, self._arm)
            setup.require_eeprom(self._arm, tables)
            self.firmware = tuple(sorted({dxl.FIRMWARE.of(table) for table in tables.values()}))
            failed = any(dxl.HARDWARE_ERROR.of(table) for table in tables.values())
            self._start(None if failed else setup.prepare(port, self._arm, *self._limits))
        except DriverError:
            self._join()
            self._end()
            raise

    def recover(self) -> None:
        """Restart failed servos, clear watchdogs, and switch everything on where it is; raises DriverError."""
        self._join()
        self._require_no_thread()
        if self._port is None or self._lost is not None:
            self._end()
            self._port = DynamixelPort(self._path, self._clock)
        try:
            setup.reboot_failed(self._port, self._arm, self._clock)
            self._start(setup.prepare(self._port, self._arm, *self._limits))
        except DriverError as error:
            self._join()
            self._lost = f"not recovered: {error}"
            raise

    def read(self) -> ServoState:
        """Return the newest state; raises StateStale, RobotStopped, or DriverError once the bus is lost."""
        state = self.newest()
        self._require_running()
        now_ns = self._clock.now_ns()
        age_ns = now_ns - state.stamp_ns
        if age_ns > STALE_NS:
            why = self._silence.why if now_ns - self._alive_ns <= LATE_NS else "this computer does not run its thread"
            raise StateStale(f"no new state of the {self._arm} arm for {age_ns / 1e6:.0f} ms: {why}")
        self._seen = state
        return state

    def require_link(self) -> None:
        """Raise DriverError if the bus is lost, RobotStopped if a servo has stopped."""
        self.newest()
        self._require_running()

    @property
    def stopped(self) -> str | None:
        """Which servo has stopped and why."""
        return self._stopped

    def send(self, position: FloatArray) -> None:
        """Go to `(7,)` angles [rad], the gripper's last; replaces a goal that was not sent yet."""
        state = self._seen or self.newest()  # whoever takes the robot where it is took it from what was read
        assert self._goals is not None
        with self._changed:
            self._must_stop = False  # from here on the thread leaves the goals alone
            goal = self._goals.follow(position, state.position, state.velocity, state.effort)
            self._goal = Goal(goal, self._clock.now_ns() + GOAL_NS)
            self._changed.notify_all()

    def stop(self) -> None:
        """Hold every joint where it is measured (`DynamixelGoals.held`); where it is not known, as soon as it is."""
        with self._changed:
            self._goal, self._must_stop = None, True
            if self._state is not None and not self._is_stale(self._state):
                self._hold(self._state)

    def close(self) -> None:
        """Leave the arm where it is, with torque, since without it would fall, and give the bus back. Repeatable."""
        self._join()
        if self._thread is None and self._port is not None and self._lost is None:
            try:
                setup.disarm(self._port)
            except DriverError as error:
                _log.warning("the watchdogs of %s are not ended: %s", self._path, error)
        self._end()

    def newest(self) -> ServoState:
        """Return the newest state, however old; raises DriverError once the bus is lost."""
        state = self._state
        if self._lost is None and state is not None:
            if self._silence.waited_ns > LOST_NS:
                self._lost = f"silent for {LOST_NS / 1e9:g} s: {self._silence.why}"
            elif self._clock.now_ns() - self._alive_ns > HUNG_NS:
                self._lost = f"its thread did nothing for {HUNG_NS / 1e9:g} s"
        if self._lost is not None:
            raise DriverError(f"the {self._arm} arm on {self._path} is lost: {self._lost}")
        if self._port is None or state is None:
            raise DriverUnreachable(f"the {self._arm} arm on {self._path} is not connected")
        return state

    def _start(self, told: dict[int, int] | None) -> None:
        """Begin to exchange goals and states; `told`: the servos' goals, None if a servo cannot be switched on."""
        self._goals = None
        if told is not None:
            self._told = np.array([dxl.radians(told[servo.number]) for servo in JOINTS])
            self._goals = DynamixelGoals(self._told, setup.pressing_nm(self._limits[0]))
        self._state = self._seen = self._goal = self._stopped = self._lost = None
        self._silence, self._heard = Silence(self._arm, self._path), self._told
        self._closing, self._must_stop, self._alive_ns = False, False, self._clock.now_ns()
        self._thread = threading.Thread(target=self._run, name=f"dynamixel-{self._arm}", daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._state or self._lost, FIRST_STATE_TIMEOUT_S)
        why = self._lost or (self._silence.why if self._state is None else "")
        if why:
            raise DriverUnreachable(f"no state of the {self._arm} arm on {self._path}: {why}")

    def _hold(self, state: ServoState) -> None:
        """Stay at `state`, for whoever has the lock."""
        self._must_stop = False
        if self._goals is not None and self._stopped is None:
            goal = self._goals.stop(self._told, state.position, state.velocity, state.effort)
            self._goal = None if goal is None else Goal(goal, None)
            self._changed.notify_all()

    def _join(self) -> None:
        """End the thread, unless it hangs; a goal that was set is written before."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(JOIN_TIMEOUT_S)
            if self._thread.is_alive():
                _log.warning("the thread of %s does not end", self._path)
            else:
                self._thread = None

    def _require_no_thread(self) -> None:
        if self._thread is not None:
            raise DriverSpent(f"the thread of {self._path} hangs; only a new process can use the bus")

    def _end(self) -> None:
        """Give the port back, unless a thread that hangs still has it."""
        self._state = self._seen = None
        if self._port is not None and self._thread is None:
            self._port.close()
            self._port = None

    def _is_stale(self, state: ServoState) -> bool:
        return self._clock.now_ns() - state.stamp_ns > STALE_NS

    def _require_running(self) -> None:
        if self._stopped is not None or self._goals is None:
            raise RobotStopped(f"{self._stopped or 'a servo has a hardware error'}; recover the robot")

    def _run(self) -> None:
        assert self._port is not None
        ended: str | None = "its thread failed, as its traceback says"
        try:
            self._exchange(self._port)
            ended = None
        except DriverError as error:  # the port is gone
            ended = str(error)
        finally:
            with self._changed:
                self._lost = ended or self._lost
                self._changed.notify_all()

    def _exchange(self, port: DynamixelPort) -> None:
        for cycle in itertools.count():
            begin_ns = self._clock.now_ns()
            is_late = begin_ns - self._alive_ns > LATE_NS
            self._alive_ns = begin_ns
            if is_late or cycle % STATUS_EVERY == 0:
                self._look(port, self._state)
            if self._write_goal(port):
                return
            self._measure(port)
            rest_s = PERIOD_S - (self._clock.now_ns() - begin_ns) * 1e-9
            with self._changed:
                self._changed.wait_for(lambda: self._goal is not None or self._closing, max(rest_s, 0.0))

    def _write_goal(self, port: DynamixelPort) -> bool:
        """Write the goal that waits, unless it waited too long; return whether the bus is being closed."""
        with self._changed:
            goal, self._goal, is_closing = self._goal, None, self._closing
            is_late = goal is not None and goal.until_ns is not None and self._clock.now_ns() > goal.until_ns
            if goal is None or is_late or self._lost is not None or self._stopped is not None:
                return is_closing
            deaf = self._silence.deaf_joint
            self._told = but_for(deaf, goal.position, self._told)
            self._must_stop |= bool(deaf) and goal.until_ns is None  # that joint is stopped when it answers again
        port.write_all(dxl.GOAL_POSITION, dxl.goal_ticks(goal.position, deaf))
        return is_closing

    def _measure(self, port: DynamixelPort) -> None:
        stamp_ns, told = self._clock.now_ns(), self._told
        answers = port.read(NUMBERS, BEGIN, SIZE, is_hurried=self._silence.is_hurried)
        if answers.missing is not None:
            if self._silence.blame(port, answers.missing, answers.why, lambda: self._write_goal(port)):
                self._unite(port, answers.missing)
            self._alive_ns = self._clock.now_ns()
            self._silence.endured(self._alive_ns - stamp_ns)
            return
        self._silence.broken()
        self._heard = told
        state = state_of(answers, stamp_ns)
        if answers.alerts and self._stopped is None:
            self._look(port, state)
        with self._changed:
            self.reads += 1
            self._state = state
            if self._must_stop:
                self._hold(state)
            self._changed.notify_all()

    def _unite(self, port: DynamixelPort, silent: int) -> None:
        """Send the other servo of a joint to the last goal that the silent one surely heard: else they fight."""
        goals, pair = dxl.goal_ticks(self._heard), partners(silent)
        if not pair or self._stopped is not None or self._lost is not None:
            return
        with self._changed:
            self._told = but_for(pair, self._told, self._heard)
        port.write_all(dxl.GOAL_POSITION, {number: goals[pair[0]] for number in pair if number != silent})

    def _look(self, port: DynamixelPort, state: ServoState | None) -> None:
        """See whether a servo has stopped; it stays told until the arm is recovered, and the others hold meanwhile."""
        tables = port.read(NUMBERS, setup.STATUS_BEGIN, setup.STATUS_SIZE)
        if self._stopped is not None:
            return
        self._stopped = setup.stop_reason(self._arm, tables, setup.STATUS_BEGIN)
        if self._stopped is None or self._goals is None or state is None or self._is_stale(state):
            return
        with self._changed:
            self._told = self._goals.held(self._told, state.position, state.velocity, state.effort)
        port.write_all(dxl.GOAL_POSITION, dxl.goal_ticks(self._told))
