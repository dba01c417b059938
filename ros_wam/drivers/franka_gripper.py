"""A Franka Hand through franky, whose calls block: one thread keeps it up to date, and nothing waits for it.

0 closed … 1 open is the jaw's width over its stroke. The hand takes no stream: it goes from target to target, and is
interrupted only when the direction turns or the target is far from where it is going. To close upon something is to
grasp it, with the robot file's force: an object between the fingers is no fault.
"""

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from ros_wam.clock import Clock
from ros_wam.drivers.franka_link import OPEN_TIMEOUT_S
from ros_wam.embodiment import GripperLimits
from ros_wam.errors import DriverUnreachable, StateStale

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
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HandState:
    """Opening 0–1, its rate [1/s], and the force setting [N] while the hand holds something, else 0."""

    stamp_ns: int
    position: float
    velocity: float
    effort: float


class FrankaGripper:
    """One hand. `send` keeps the newest target only; the connection is renewed whenever it is lost."""

    def __init__(self, address: str, limits: GripperLimits, clock: Clock) -> None:
        self._address, self._limits, self._clock = address, limits, clock
        self._speed_m_s = limits.speed_1_s * limits.stroke_m
        self._target: float | None = None
        self._state: HandState | None = None
        self._error = ""
        self._ready, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def connect(self) -> None:
        """Learn the hand's state, without moving it; raises DriverUnreachable."""
        self.close()
        self._ready, self._closing = threading.Event(), threading.Event()
        self._target = self._state = None
        self._error = ""
        self._thread = threading.Thread(target=self._run, args=(self._closing,), name="franka_gripper", daemon=True)
        self._thread.start()
        if not self._ready.wait(OPEN_TIMEOUT_S) or self._state is None:
            self.close()
            raise DriverUnreachable(f"no Franka Hand at {self._address}: {self._error or 'it does not answer'}")

    def read(self) -> HandState:
        """Return the newest state; raises StateStale."""
        state = self._state
        if state is None or self._clock.now_ns() - state.stamp_ns > STALE_NS:
            raise StateStale(f"no new state of the hand at {self._address}: {self._error or 'silence'}")
        return state

    def send(self, position: float) -> None:
        """Go to `position` 0 closed … 1 open; replaces a target that was not sent yet."""
        self._target = min(max(position, 0.0), 1.0)

    def stop(self) -> None:
        """Forget the target; the hand keeps its grip."""
        self._target = None

    def close(self) -> None:
        """Disconnect; the hand keeps its grip. Repeatable."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(END_TIMEOUT_S)
            self._thread = None

    def _run(self, closing: threading.Event) -> None:
        import franky

        while not closing.is_set():
            try:
                _Session(franky.Gripper(self._address), self._limits, self._speed_m_s).serve(self, closing)
            except (franky.Exception, RuntimeError) as error:
                self._error = " ".join(str(error).split())
                self._ready.set()
            closing.wait(RETRY_S)

    def publish(self, width_m: float, is_grasped: bool, track: deque[tuple[int, float]]) -> None:
        """Take note of a state; for the session's thread."""
        now_ns, position = self._clock.now_ns(), min(max(width_m / self._limits.stroke_m, 0.0), 1.0)
        track.append((now_ns, position))
        (first_ns, first), duration_s = track[0], (now_ns - track[0][0]) * 1e-9
        velocity = (position - first) / duration_s if now_ns > first_ns else 0.0
        self._state = HandState(now_ns, position, velocity, self._limits.force_n if is_grasped else 0.0)
        self._ready.set()

    @property
    def target(self) -> float | None:
        """Where to go, if anywhere; for the session's thread."""
        return self._target


class _Session:
    """One connection to the hand, and the task that it is on."""

    def __init__(self, hand: Any, limits: GripperLimits, speed_m_s: float) -> None:
        self._hand, self._limits, self._speed_m_s = hand, limits, speed_m_s
        self._future: Any = None
        self._going: float | None = None
        self._from = 0.0
        self._presses = False

    def serve(self, gripper: FrankaGripper, closing: threading.Event) -> None:
        """Exchange targets and states until the connection fails or `closing` is set."""
        track: deque[tuple[int, float]] = deque(maxlen=VELOCITY_SAMPLES)
        while not closing.is_set():
            state = self._hand.state  # waits for the next one, up to 1 s
            gripper.publish(state.width, state.is_grasped, track)
            if len(track) < VELOCITY_SAMPLES:
                continue  # whether it moves is not known yet
            position, rests = track[-1][1], abs(track[-1][1] - track[0][1]) < RESTING
            self._advance(gripper.target, position, rests)
        if self._future is not None:
            self._hand.stop()

    def _advance(self, target: float | None, position: float, rests: bool) -> None:
        if self._future is not None:
            turned = target is not None and self._must_turn(target)
            if turned:
                self._hand.stop()
            elif not self._future.wait(0.0):
                return
            arrived = self._has_arrived()
            if not arrived and not turned and not self._presses and position > (self._going or 0.0) + NEAR:
                self._grasp(self._going or 0.0, position)  # something stopped a move: press on it
                return
        if target is None:
            return
        if self._going is None and rests:
            self._going = position  # where it is, it needs no motion to be
        if self._going is not None and abs(target - self._going) <= NEAR:
            return
        if self._presses and target < position - NEAR:
            self._going = target  # further than what it presses on
        elif target <= NEAR:
            self._grasp(target, position)
        else:
            self._going, self._from, self._presses = target, position, False
            self._future = self._hand.move_async(target * self._limits.stroke_m, self._speed_m_s)

    def _has_arrived(self) -> bool:
        """Return how the task ended that is known to have ended."""
        import franky

        future, self._future = self._future, None
        try:
            return bool(future.get())
        except franky.CommandException as error:  # aborted, or something is in its way
            _log.info("hand: %s", error)
            return False

    def _grasp(self, target: float, position: float) -> None:
        self._going, self._from, self._presses = target, position, True
        stroke_m = self._limits.stroke_m
        self._future = self._hand.grasp_async(0.0, self._speed_m_s, self._limits.force_n, stroke_m, stroke_m)

    def _must_turn(self, target: float) -> bool:
        """Return whether the hand is going where it shall not go."""
        assert self._going is not None
        turned = (self._going - self._from) * (target - self._going) < 0.0
        return abs(target - self._going) > (NEAR if turned else FAR)
