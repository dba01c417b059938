"""A Robotiq 2F gripper behind the server of its UR cap (TCP, ASCII): a thread keeps it up to date, nothing waits.

0 closed … 1 open here, 255 … 0 there. Closing further than the object is what makes the gripper press on it.
"""

import contextlib
import itertools
import threading
from collections import deque

from ros_wam.clock import Clock
from ros_wam.drivers.gripper_state import GripperState
from ros_wam.drivers.robotiq_port import ACTIVE, RobotiqPort
from ros_wam.embodiment import GripperLimits
from ros_wam.errors import DriverError, DriverUnreachable, RobotStopped, StateStale

PORT = 63352
CLOSED = 255
PERIOD_S = 0.02
STATUS_EVERY = 10
"""Cycles between looks at activation and faults."""
STALE_NS = 300_000_000
REPLY_TIMEOUT_S = 0.5
RECONNECT_S = 0.2
ACTIVATION_TIMEOUT_S = 6.0
SPEED_RANGE_MM_S = (20.0, 150.0)
"""Of the 2F-85, for SPE 0–255 (Robotiq data sheet)."""
FORCE_RANGE_N = (20.0, 235.0)
"""Of the 2F-85, for FOR 0–255 (Robotiq data sheet)."""
VELOCITY_SAMPLES = 6
_MOVES = 0
_PRESSES = {1: 1.0, 2: -1.0}
"""What stopped it while it opened, and while it closed, and the sign of its force."""
FAULTS = {
    5: "must be activated first",
    7: "activation bit is not set",
    8: "too hot",
    9: "no communication with the gripper",
    10: "voltage too low",
    11: "automatic release in progress",
    12: "internal fault",
    13: "activation failed",
    14: "over-current",
    15: "automatic release completed",
}


class Robotiq:
    """One gripper. `send` keeps the newest target only; the connection is renewed whenever it is lost."""

    def __init__(self, address: str, port: int, limits: GripperLimits, clock: Clock) -> None:
        self._address, self._port, self._clock = address, port, clock
        self._force_n = limits.force_n
        self._setting = {
            "SPE": _count(limits.speed_1_s * limits.stroke_m * 1e3, SPEED_RANGE_MM_S),
            "FOR": _count(limits.force_n, FORCE_RANGE_N),
        }
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._target: int | None = None
        self._must_halt = False
        self._may_activate = False
        self._state: GripperState | None = None
        self._error: DriverError | None = None

    def connect(self) -> None:
        """Activate the gripper if it is not (it opens and closes once) and learn its state; raises DriverError."""
        self.close()
        self._closing = threading.Event()
        self._forget(False)
        self._start_waiting()
        self._thread = threading.Thread(target=self._run, args=(self._closing,), name="robotiq", daemon=True)
        self._thread.start()
        try:
            self._wait()
        except DriverError:
            self.close()
            raise

    def read(self) -> GripperState:
        """Return the newest state; raises StateStale or, when the gripper reports a fault, RobotStopped."""
        with self._changed:
            state, error = self._state, self._error
        if isinstance(error, RobotStopped):
            raise error
        age_ns = STALE_NS + 1 if state is None else self._clock.now_ns() - state.stamp_ns
        if state is None or age_ns > STALE_NS:
            raise StateStale(f"no new state of the gripper at {self._address}:{self._port}: {error or 'silence'}")
        return state

    def send(self, position: float) -> None:
        """Go to `position` 0 closed … 1 open; replaces a target that was not sent yet."""
        self._target = round((1.0 - min(max(position, 0.0), 1.0)) * CLOSED)

    def stop(self) -> None:
        """Stop fingers that move, and send no target again until the next `send`; the gripper keeps its grip."""
        self._forget(True)

    def recover(self) -> None:
        """Activate the gripper anew if it has a fault or lost its activation; raises DriverError."""
        self._forget(False)
        self._start_waiting()
        self._wait()

    def close(self) -> None:
        """Disconnect; the gripper keeps its grip. Repeatable."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(2.0 * REPLY_TIMEOUT_S)
            self._thread = None

    def _forget(self, must_halt: bool) -> None:
        with self._changed:
            self._target, self._must_halt = None, must_halt

    def _start_waiting(self) -> None:
        with self._changed:
            self._state, self._error, self._may_activate = None, None, True

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._state or self._error, ACTIVATION_TIMEOUT_S + 1.0)
            state, error = self._state, self._error
            if state is None:
                self._may_activate = False  # who asked is told that it failed: it must not move by itself later
        if state is None:
            raise error or DriverUnreachable(f"the gripper at {self._address}:{self._port} does not answer")

    def _run(self, closing: threading.Event) -> None:
        while not closing.is_set():
            try:
                with contextlib.closing(RobotiqPort(self._address, self._port, REPLY_TIMEOUT_S)) as port:
                    self._serve(port, closing)
            except DriverError as error:
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
            closing.wait(RECONNECT_S)

    def _serve(self, port: RobotiqPort, closing: threading.Event) -> None:
        """Exchange targets and states until the connection fails or `closing` is set."""
        sent: int | None = None
        track: deque[tuple[int, float]] = deque(maxlen=VELOCITY_SAMPLES)
        for cycle in itertools.count():
            if cycle % STATUS_EVERY == 0 or self._may_activate:
                self._require_active(port, closing)
            if self._halt(port):
                sent = None
            target = self._target
            if target is not None and target != sent:
                port.set({"POS": target, **self._setting, "GTO": 1})
                sent = target
            self._publish(self._measure(port, track))
            if closing.wait(PERIOD_S):
                self._halt(port)
                return

    def _halt(self, port: RobotiqPort) -> bool:
        """Stop fingers that move and hold nothing, if that was asked for; return whether it was."""
        with self._changed:
            must_halt, self._must_halt = self._must_halt, False
        if must_halt and port.get("OBJ") == _MOVES:
            port.set({"GTO": 0})
        return must_halt

    def _require_active(self, port: RobotiqPort, closing: threading.Event) -> None:
        status, fault = port.get("STA"), port.get("FLT")
        if status == ACTIVE and fault == 0:
            return
        if not self._may_activate:
            what = FAULTS.get(fault, f"fault {fault}") if fault else f"not active (STA {status})"
            raise RobotStopped(f"gripper at {self._address}:{self._port}: {what}; recover the robot")
        self._may_activate = False
        port.activate(ACTIVATION_TIMEOUT_S, closing)

    def _measure(self, port: RobotiqPort, track: deque[tuple[int, float]]) -> GripperState:
        position = 1.0 - port.get("POS") / CLOSED
        now_ns = self._clock.now_ns()
        track.append((now_ns, position))
        (first_ns, first), duration_s = track[0], (now_ns - track[0][0]) * 1e-9
        velocity = (position - first) / duration_s if now_ns > first_ns else 0.0
        return GripperState(now_ns, position, velocity, self._force_n * _PRESSES.get(port.get("OBJ"), 0.0))

    def _publish(self, state: GripperState) -> None:
        with self._changed:
            self._state, self._error, self._may_activate = state, None, False
            self._changed.notify_all()


def _count(value: float, bounds: tuple[float, float]) -> int:
    low, high = bounds
    return round(min(max((value - low) / (high - low), 0.0), 1.0) * 255)
