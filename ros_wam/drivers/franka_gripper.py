"""A Franka Hand through franky, whose calls block: one thread keeps it up to date, and nothing waits for it.

0 closed … 1 open is the jaw's width over its stroke. The hand takes no stream: it goes from target to target, and is
interrupted only when the direction turns or the target is far from where it is going. To close upon something is to
grasp it, with the robot file's force; what something stopped as it opened is tried again, for as long as it is asked
for. A hand that does not arrive is no fault, one that refuses a motion is.
"""

import contextlib
import logging
import os
import threading
from collections import deque
from typing import Any

from ros_wam.clock import Clock
from ros_wam.drivers.franka_link import OPEN_TIMEOUT_S
from ros_wam.drivers.gripper_state import GripperState
from ros_wam.embodiment import GripperLimits
from ros_wam.errors import DriverError, DriverUnreachable, RobotStopped, StateStale

STALE_NS = 300_000_000
RETRY_S = 0.2
END_TIMEOUT_S = 1.5
NEAR = 0.02
"""Targets that are no farther from the one before are the same, in strokes."""
FAR = 0.3
"""A target that is farther from where the hand is going interrupts it, in strokes."""
VELOCITY_SAMPLES = 4
RESTING = 0.001
"""A hand that moves less than this between so many states rests, in strokes."""
HELD_M = 0.001
"""What is held is wider; a hand that closed upon nothing may say that it grasped (Franka's own rule is the widths')."""
WIDTH_TOLERANCE_M = 0.004
"""Between the widest opening that the hand learned by homing, and the robot file's stroke."""
LET_END_S = 0.7
"""How long the end of a motion is waited for, up to three times, when its connection ends."""
_UNSUCCESSFUL = "a motion did not arrive"
_unended: list["_Session"] = []
_log = logging.getLogger(__name__)


class FrankaGripper:
    """One hand. `send` keeps the newest target only; the connection is renewed whenever it is lost."""

    def __init__(self, address: str, limits: GripperLimits, clock: Clock) -> None:
        self._address, self._limits, self._clock = address, limits, clock
        self._speed_m_s, self._widest_m = limits.speed_1_s * limits.stroke_m, 0.0
        self._lock = threading.Lock()  # of the next three
        self._target: float | None = None
        self._must_halt = False
        self._failure = ""
        self._state: GripperState | None = None
        self._error = ""
        self._ready, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def connect(self) -> None:
        """Learn the hand's state, without moving it; raises DriverUnreachable, DriverError."""
        self.close()
        self._ready, self._closing = threading.Event(), threading.Event()
        self._state, self._widest_m, self._error = None, 0.0, ""
        self._forget(False)
        self._thread = threading.Thread(target=self._run, args=(self._closing,), name="franka_gripper", daemon=True)
        self._thread.start()
        if not self._ready.wait(OPEN_TIMEOUT_S) or self._error:
            self.close()
            raise DriverUnreachable(f"no Franka Hand at {self._address}: {self._error or 'it does not answer'}")
        if abs(self._widest_m - self._limits.stroke_m) > WIDTH_TOLERANCE_M:
            self.close()
            raise DriverError(
                f"the hand at {self._address} opens {self._widest_m:g} m at most, the robot file's stroke_m is "
                f"{self._limits.stroke_m:g}: home the hand, or write the stroke of its fingers there"
            )

    def read(self) -> GripperState:
        """Return the newest state; raises StateStale, and RobotStopped after a motion that failed."""
        self._require_well()
        state = self._state
        if state is None or self._clock.now_ns() - state.stamp_ns > STALE_NS:
            raise StateStale(f"no new state of the hand at {self._address}: {self._error or 'silence'}")
        return state

    def send(self, position: float) -> None:
        """Go to `position` 0 closed … 1 open; replaces a target that was not sent yet. Raises RobotStopped."""
        self._require_well()
        with self._lock:
            self._target = min(max(position, 0.0), 1.0)

    def stop(self) -> None:
        """Forget the target, and stop fingers that move; the hand keeps its grip. Forgets a failure."""
        self._forget(True)

    def close(self) -> None:
        """Stop fingers that move, and disconnect; the hand keeps its grip. Repeatable."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(END_TIMEOUT_S)
            self._thread = None

    def _run(self, closing: threading.Event) -> None:
        import franky

        # libfranka's thread that waits for a motion's end lets go of the connection only to yield. On a core of its own
        # it takes it again before a stop gets to it, for up to a second; on this thread's core the stop is next.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        while not closing.is_set():
            try:
                _Session(franky.Gripper(self._address), self._limits, self._speed_m_s).serve(self, closing)
            except (franky.Exception, RuntimeError) as error:
                if not closing.is_set():
                    self._error = " ".join(str(error).split())
                    self._ready.set()
            closing.wait(RETRY_S)

    def publish(self, state: Any, track: deque[tuple[int, float]]) -> None:
        """Take note of a state of franky's; for the session's thread."""
        now_ns, position = self._clock.now_ns(), min(max(state.width / self._limits.stroke_m, 0.0), 1.0)
        self._widest_m = state.max_width
        track.append((now_ns, position))
        (first_ns, first), duration_s = track[0], (now_ns - track[0][0]) * 1e-9
        velocity = (position - first) / duration_s if now_ns > first_ns else 0.0
        presses = state.is_grasped and state.width > HELD_M
        self._state = GripperState(now_ns, position, velocity, -self._limits.force_n if presses else 0.0)
        self._ready.set()

    def take(self) -> tuple[float | None, bool]:
        """Return where to go, if anywhere, and whether to halt first; for the session's thread."""
        with self._lock:
            must_halt, self._must_halt = self._must_halt, False
            return self._target, must_halt

    def fail(self, why: str) -> None:
        """Forget the target after a motion that failed, and tell why; for the session's thread."""
        _log.warning("hand at %s: %s", self._address, why)
        with self._lock:
            self._target, self._failure = None, why

    def _forget(self, must_halt: bool) -> None:
        with self._lock:
            self._target, self._must_halt, self._failure = None, must_halt, ""

    def _require_well(self) -> None:
        if self._failure:
            raise RobotStopped(f"the hand at {self._address}: {self._failure}; recover the robot")


class _Session:
    """One connection to the hand, and the task that it is on."""

    def __init__(self, hand: Any, limits: GripperLimits, speed_m_s: float) -> None:
        self._hand, self._limits, self._speed_m_s = hand, limits, speed_m_s
        self._future: Any = None
        self._going: float | None = None
        self._from = 0.0
        self._presses = False
        self._least = 0.0
        """How far fingers that press were asked to close; a stop does not change it."""

    def serve(self, gripper: FrankaGripper, closing: threading.Event) -> None:
        """Exchange targets and states until the connection fails or `closing` is set."""
        try:
            self._exchange(gripper, closing)
        finally:
            self._let_end()

    def _exchange(self, gripper: FrankaGripper, closing: threading.Event) -> None:
        track: deque[tuple[int, float]] = deque(maxlen=VELOCITY_SAMPLES)
        while not closing.is_set():
            state = self._hand.state  # waits for the next one, up to 1 s
            gripper.publish(state, track)
            if len(track) < VELOCITY_SAMPLES:
                continue  # whether it moves is not known yet
            position, rests = track[-1][1], abs(track[-1][1] - track[0][1]) < RESTING
            target, must_halt = gripper.take()
            if must_halt:
                self._halt(state.is_grasped, position)
                continue
            why = self._finish(target, position, rests)
            if why:
                gripper.fail(why)
            elif self._future is None and target is not None:
                self._begin(target, min(target * self._limits.stroke_m, state.max_width), position, rests)
        if track:
            self._halt(self._hand.state.is_grasped, track[-1][1])

    def _let_end(self) -> None:
        """Keep the hand until franky's thread of its motion has ended, which would crash the process without it."""
        import franky

        for _ in range(3):
            if self._future is None or self._future.wait(LET_END_S):
                return
            with contextlib.suppress(franky.Exception, RuntimeError):  # the latter from a hand that hung up
                _ = self._hand.state  # libfranka gives a connection up, for that thread too, whose state is silent
        _unended.append(self)

    def _halt(self, holds: bool, position: float) -> None:
        """Stop fingers that move or are about to; those that hold something are left, and what they hold is the target.

        By the hand's own word alone: states that come late make fingers seem to rest that move.
        """
        if holds and (self._future is None or self._presses):  # a move lets go, whatever the newest state tells
            self._going = position
        elif self._future is not None:
            if not self._future.wait(0.0):
                self._hand.stop()
            self._outcome()
            self._going, self._presses = None, False

    def _finish(self, target: float | None, position: float, rests: bool) -> str:
        """End the task if it has ended or goes the wrong way; return why, if the hand refused it."""
        if self._future is None:
            return ""
        turned = target is not None and self._must_turn(target)
        if turned:
            self._hand.stop()
        elif not (rests and self._future.wait(0.0)):
            return ""
        why, going = self._outcome(), self._going or 0.0
        if turned or not why:
            return ""
        if why != _UNSUCCESSFUL:
            self._going = None
            return f"{why} on the way from {self._from:.2f} to {going:.2f}, at {position:.2f}"
        if self._presses or abs(position - going) <= NEAR:
            return ""  # there was nothing to grasp, or it is there
        if going < position and target is not None:
            self._grasp(going, position)  # something stopped the fingers as they closed: press on it
        else:
            self._going = None
        return ""

    def _begin(self, target: float, width_m: float, position: float, rests: bool) -> None:
        if self._presses and rests and position < self._least - NEAR:
            self._going, self._presses = None, False  # what it pressed on is gone, and it is closed too far
        if self._going is None and rests:
            self._going = position  # where it is, it needs no motion to be
        if self._going is not None and abs(target - self._going) <= NEAR:
            return
        if self._presses and target < position - NEAR:
            self._going = self._least = target  # further than what it presses on
        elif target <= NEAR:
            self._grasp(target, position)
        else:
            self._going, self._from, self._presses = target, position, False
            self._future = self._hand.move_async(width_m, self._speed_m_s)

    def _outcome(self) -> str:
        """Return what is wrong with how the task ended that is known to have ended."""
        import franky

        future, self._future = self._future, None
        try:
            return "" if future.get() else _UNSUCCESSFUL
        except franky.CommandException as error:  # refused, not homed, aborted
            return " ".join(str(error).split())

    def _grasp(self, target: float, position: float) -> None:
        self._going, self._from, self._presses, self._least = target, position, True, target
        stroke_m = self._limits.stroke_m
        self._future = self._hand.grasp_async(0.0, self._speed_m_s, self._limits.force_n, stroke_m, stroke_m)

    def _must_turn(self, target: float) -> bool:
        """Return whether the hand is going where it shall not go."""
        assert self._going is not None
        turned = (self._going - self._from) * (target - self._going) < 0.0
        return abs(target - self._going) > (NEAR if turned else FAR)
