"""An FR3's arm through franky, whose every call is made by one thread: none of them is bounded in time.

Commands are streamed as JointMotion targets of rest that lie ahead of the commanded position by the way that braking
takes. So the arm comes to rest by itself where nothing more is said. What is commanded lags behind what was sent, at a
constant speed and cycle by cycle against the emulator, by 3.5 ms up to 0.6 rad/s, 4.1 at 1.3 and 5.7 at 2.5 rad/s;
in real time this thread, the state and a busy machine's pauses come on top. Its joints are not synchronised
(MAX_DYNAMICS): with that each would lag by another time. `limit_rate` keeps what libfranka sends within its own limits
when packets are lost; without it one lost packet may trip an acceleration discontinuity.

With every target franky plans anew: from the position that it planned last, and from the velocity and acceleration
that the controller tells as desired, which must be those last commanded (libfranka's limitRate counts on it too).
What makes these lag takes from the braking, 5 ms after 5 ms, and the arm overshoots. So libfranka's low-pass filter
is off: its 100 Hz mean a lag of 1.6 ms, and a third of the braking.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.drivers.franka_state import ArmState, measured
from ros_wam.errors import ConfigError, DriverError, DriverUnreachable, RobotStopped, RosWamError
from ros_wam.types import FloatArray

SHARE = 0.5
"""Of FR3's limits, which franky is given: its relative factor stays 1, since the limits that it accepts are Panda's."""
VELOCITY_RAD_S = (2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26)
ACCELERATION_RAD_S2 = 10.0
JERK_RAD_S3 = 5000.0
CARTESIAN = {"translation": (3.0, 9.0, 4500.0), "rotation": (2.5, 17.0, 8500.0), "elbow": (1.5, 10.0, 5000.0)}
"""FR3's limits of velocity, acceleration and jerk (libfranka 0.21, rate_limiting.h); no motion of ours is cartesian."""
COLLISION_TORQUE_NM = (60.0, 60.0, 50.0, 50.0, 30.0, 25.0, 20.0)
COLLISION_FORCE_N = 100.0
"""Beyond these the controller stops by reflex: our choice, above what a fast motion feels like."""
UNFILTERED_HZ = 1000.0
"""libfranka's kMaxCutoffFrequency: no filter."""
STALE_COMMAND_NS = 100_000_000
"""So long after the last command the motion is ended."""
STOPPING_S = 0.3  # how long the end of a motion is waited for at once; less than a loss of the link
REFUSALS = 3
"""So often a motion may be refused in a row by a robot that rests, before that is told."""
RESTING_RAD_S = 0.05
LOOKS = 2  # after a pause of this process one look in vain says nothing about the robot
OPEN_TIMEOUT_S = 3.0
END_TIMEOUT_S = 2.5  # libfranka waits 1 s for a silent robot
POLL_S, FIRST_STATES = 0.002, 12
LOST_NS, STALE_NS = 500_000_000, 40_000_000
_log = logging.getLogger(__name__)


class FrankaLink:
    """One connection, used once: it is open until `close` or until `error` is set."""

    def __init__(self, address: str, enforce_realtime: bool, latency_s: float, clock: Clock) -> None:
        self._address, self._enforce, self._clock = address, enforce_realtime, clock
        self._latency_ns = round(latency_s * 1e9)
        self.state: ArmState | None = None
        self.error: RosWamError | None = None
        self.ended: str = ""
        """How the last motion ended, if other than by `stop`; no other begins until `stop` or `forget_end`."""
        self._time_ms, self._vain, self._refused = -1, 0, 0
        self._lock = threading.Lock()  # of the next three
        self._target: tuple[FloatArray, FloatArray] | None = None
        self._target_ns = 0
        self._must_end = False
        self._tasks: list[Callable[[Any], None]] = []
        self._streaming = False
        self._wake, self._ready, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="franka", daemon=True)

    def open(self) -> None:
        """Connect and wait for the first states; raises ConfigError, DriverUnreachable, RobotStopped."""
        self._thread.start()
        self._ready.wait(OPEN_TIMEOUT_S)
        if self.error is not None:
            raise self.error
        if not self._ready.is_set():
            raise DriverUnreachable(f"{self._address} does not answer franky's requests for {OPEN_TIMEOUT_S:g} s")

    def send(self, position: FloatArray, velocity: FloatArray) -> None:
        """Be at `position` [rad] now, on the way with `velocity` [rad/s]; replaces what was not sent yet."""
        with self._lock:
            self._target_ns = self._clock.now_ns()
            self._target = position, velocity
        self._wake.set()

    def stop(self) -> None:
        """End the motion by StopMove; does not wait for it. What is sent afterwards waits until it has ended."""
        with self._lock:
            self._target, self._must_end = None, True
        self.forget_end()
        self._wake.set()

    def forget_end(self) -> None:
        """Let another motion begin after one that ended by itself."""
        self.ended, self._refused = "", 0

    def recover(self, timeout_s: float) -> None:
        """End a reflex; raises DriverError."""
        done = threading.Event()
        told: list[str] = []

        def recover(robot: Any) -> None:
            try:
                self._join(robot)
                robot.recover_from_errors()
                self.forget_end()
                self._observe(robot)  # it took long enough to look like a loss
            except _failures() as error:
                told.append(_line(error))
            done.set()

        with self._lock:
            self._target = None
        self._tasks.append(recover)
        self._wake.set()
        if not done.wait(timeout_s):
            raise DriverError(f"{self._address} does not answer the recovery for {timeout_s:g} s")
        if told:
            raise DriverError(f"{self._address} does not recover: {told[0]}")

    def close(self) -> bool:
        """End the motion and disconnect; return whether the library came back."""
        self._closing.set()
        self._wake.set()
        self._thread.join(END_TIMEOUT_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._connect_and_serve()
        finally:
            if self.error is None and not self._closing.is_set():
                self.error = DriverError(f"the link to {self._address} has ended; the log tells why")
            self._ready.set()

    def _connect_and_serve(self) -> None:
        try:
            robot = connected(self._address, self._enforce)
        except _failures() as error:
            self.error = _no_connection(self._address, error)
            return
        try:
            seen = 0
            while not self._closing.is_set():
                self._wake.wait(POLL_S)
                self._wake.clear()
                seen += self._observe(robot)
                self._see_end(robot)
                self._work(robot)
                if seen >= FIRST_STATES:
                    self._ready.set()
            self._end(robot)
        except _failures() as error:
            self.error = DriverError(f"the link to {self._address} is lost: {_line(error)}")

    def _work(self, robot: Any) -> None:
        while self._tasks:
            self._tasks.pop(0)(robot)
        with self._lock:
            is_stale = self._target is None and self._clock.now_ns() - self._target_ns > STALE_COMMAND_NS
            must_stop = self._streaming and (self._must_end or is_stale)
            if not must_stop:
                target, self._target, self._must_end = self._target, None, False
        if must_stop:
            self._stop(robot)
        elif target is not None and not self.ended:
            self._follow(robot, *target)

    def _follow(self, robot: Any, position: FloatArray, velocity: FloatArray) -> None:
        try:
            stream(robot, position, velocity)
            self._streaming = True
        except _failures() as error:
            self._take_end(error)

    def _see_end(self, robot: Any) -> None:
        """Notice that the motion ended by itself."""
        if not self._streaming:
            return
        try:
            robot.poll_motion()
        except _failures() as error:
            self._take_end(error)
        if self.state is not None and self.state.mode == "Move":
            self._refused = 0

    def _take_end(self, error: Exception) -> None:
        """Take note of how a motion ended, or that it was refused; raises what tells that the link is lost."""
        import franky

        self._streaming = False
        if isinstance(error, franky.NetworkException):
            raise error
        if self._must_end or self.state is None:
            return
        if isinstance(error, franky.CommandException):
            self._refused += bool(np.abs(self.state.velocity).max() < RESTING_RAD_S)  # rightly refused as it brakes
            if self._refused < REFUSALS:
                return
        self.ended = _line(error)
        _log.warning("motion of %s ended: %s", self._address, self.ended)

    def _observe(self, robot: Any) -> bool:
        """Take note of the newest state; return whether it is new."""
        state = robot.state
        now_ns, time_ms = self._clock.now_ns(), state.time.to_msec()
        if time_ms == self._time_ms:
            self._vain += 1
            return False
        self._time_ms, self._vain = time_ms, 0
        self.state = measured(state, now_ns, self._latency_ns)
        return True

    def _stop(self, robot: Any) -> None:
        """Stop the motion, unless the robot is silent: libfranka would wait for it, and it stops by itself."""
        if self._is_silent():
            return
        if robot.is_in_control:
            with contextlib.suppress(*_failures()):
                robot.stop()
        self._join(robot)
        if robot.is_in_control:
            return
        self._streaming = False
        if not self._must_end:
            _log.warning("no command for %d ms: the arm is stopped", STALE_COMMAND_NS // 1_000_000)

    def _join(self, robot: Any) -> None:
        with contextlib.suppress(*_failures()):  # how the motion ended: preempted, or by what the state tells
            robot.join_motion(STOPPING_S)

    def _end(self, robot: Any) -> None:
        self._must_end = True
        deadline_ns = self._clock.now_ns() + round(END_TIMEOUT_S * 1e9)
        while robot.is_in_control and self._clock.now_ns() < deadline_ns:  # else the destructor would ask for a stop
            self._observe(robot)
            self._stop(robot)
            self._clock.sleep_until_ns(self._clock.now_ns() + 10_000_000)

    def _is_silent(self) -> bool:
        if self.state is None or self._vain < LOOKS:
            return self.state is None
        return self._clock.now_ns() - self.state.received_ns > STALE_NS


def connected(address: str, enforce_realtime: bool) -> Any:
    """Return franky's robot with our limits; raises what franky does."""
    import franky

    config = franky.RealtimeConfig.Enforce if enforce_realtime else franky.RealtimeConfig.Ignore
    robot = franky.Robot(address, relative_dynamics_factor=1.0, realtime_config=config)
    joints = {"velocity": VELOCITY_RAD_S, "acceleration": [ACCELERATION_RAD_S2] * 7, "jerk": [JERK_RAD_S3] * 7}
    for name, values in joints.items():
        limit = getattr(robot, f"joint_{name}_limit")
        limit.set(np.minimum(SHARE * np.array(values), limit.max).tolist())
    for kind, numbers in CARTESIAN.items():
        for name, value in zip(("velocity", "acceleration", "jerk"), numbers, strict=True):
            limit = getattr(robot, f"{kind}_{name}_limit")
            limit.set(min(SHARE * value, limit.max))
    robot.set_collision_behavior(list(COLLISION_TORQUE_NM), [COLLISION_FORCE_N] * 3 + [COLLISION_FORCE_N / 2] * 3)
    return robot


def stream(robot: Any, position: FloatArray, velocity: FloatArray) -> None:
    """Have franky be at `position` `(7,)` [rad] now, on the way with `velocity` [rad/s]; raises what franky does."""
    import franky

    ahead = velocity * np.abs(velocity) / (2.0 * SHARE * ACCELERATION_RAD_S2)
    motion = franky.JointMotion(
        franky.JointState(position + ahead),
        relative_dynamics_factor=franky.RelativeDynamicsFactor.MAX_DYNAMICS,
        return_when_finished=False,
    )
    robot.move(motion, asynchronous=True, limit_rate=True, cutoff_frequency=UNFILTERED_HZ)


def _failures() -> tuple[type[Exception], ...]:
    """What franky raises: libfranka's errors, and its own planner's."""
    import franky

    return (franky.Exception, RuntimeError)


def _no_connection(address: str, error: Exception) -> RosWamError:
    """Return what a failure of `connected` means: a stopped robot, this host's settings, or no robot."""
    import franky

    if isinstance(error, franky.CommandException):
        return RobotStopped(f"FR3 at {address}: {_line(error)}; recover the robot")
    is_setting = isinstance(error, franky.RealtimeException | franky.IncompatibleVersionException)
    return (ConfigError if is_setting else DriverUnreachable)(f"no FR3 at {address}: {_line(error)}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
