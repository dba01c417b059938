"""The safety gate: dumb, last, closed by default. No command reaches a driver but through it.

It passes a command only while the state, a source and the enable heartbeat are fresh and the command is finite and
stops inside the workspace; it narrows each joint to what position, velocity and acceleration limits allow; else it
holds: the sent motion decelerates to rest within the same limits. Consecutive positions that it gives satisfy the
velocity and acceleration limits by construction, open or closed, and can always still stop before a position limit.
On the way to a stop inside the workspace a fast arm may bend a little out of it. Grippers have only their rate and 0
to 1. This is not certified safety: keep the robot's own limits and the e-stop.
"""

import numpy as np

from ros_wam.causes import Cause, Limit
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.motion.bounds import largest_rate, stopping_distance, within
from ros_wam.types import Command, FloatArray, Intervention, JointState, SafetyVerdict

ENABLE_TIMEOUT_NS = 80_000_000
STATE_MAX_AGE_NS = 80_000_000
REST_RAD_S = 2e-3
"""Slower than this counts as resting."""
REPORTED = 1e-6
"""Smaller changes are rounding and are not reported."""
LARGEST_RAD = 1e6
"""Larger requests are reported as this much."""


class SafetyGate:
    """Remembers what was sent, and gives the only command that may be sent next."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics) -> None:
        self._kinematics = kinematics
        self._names = embodiment.joint_names
        self._period_s = embodiment.period_s
        self._arm = ~embodiment.is_gripper
        self._lower, self._upper = embodiment.lower, embodiment.upper
        self._velocity_limit = embodiment.velocity
        self._acceleration_limit = np.where(self._arm, embodiment.acceleration, 1.0)
        self._largest = np.full(len(self._names), LARGEST_RAD)
        self._boxes = {
            name: (np.array(arm.workspace.min_m), np.array(arm.workspace.max_m))
            for name, arm in embodiment.arms.items()
        }
        self._position: FloatArray | None = None
        self._velocity = np.zeros(len(self._names))
        self._enabled_ns: int | None = None

    @property
    def position(self) -> FloatArray | None:
        """`(n,)` position given last, None before the first fresh state."""
        return self._position

    @property
    def velocity(self) -> FloatArray:
        """`(n,)` velocity of the given positions [rad/s]."""
        return self._velocity

    @property
    def at_rest(self) -> bool:
        """Whether the arm joints are commanded to stay where they are."""
        return bool((np.abs(self._velocity[self._arm]) <= REST_RAD_S).all())

    def enable(self, now_ns: int) -> None:
        """Take one beat of the enable heartbeat."""
        self._enabled_ns = now_ns

    def disable(self) -> None:
        """Close at once."""
        self._enabled_ns = None

    def is_enabled(self, now_ns: int) -> bool:
        """Return whether the last beat of the enable heartbeat is fresh."""
        return self._enabled_ns is not None and now_ns - self._enabled_ns <= ENABLE_TIMEOUT_NS

    def reseed(self) -> None:
        """Start anew from the measured position: after a stop of the robot, when nothing that was sent is followed."""
        self._position = None

    def check(
        self, desired: Command, state: JointState | None, source_until_ns: int | None, now_ns: int
    ) -> SafetyVerdict:
        """Return what may be sent instead of `desired`, and why. `source_until_ns`: how long what moves it is fresh.

        Before the first fresh state nothing may be sent: the command is NaN.
        """
        cause = self._closed(state, source_until_ns, now_ns)
        if self._position is None:
            if state is None or cause is Cause.STATE_STALE:
                return SafetyVerdict(Command(now_ns, np.full(len(self._names), np.nan)), Cause.STATE_STALE)
            self._position = np.where(self._arm, state.position, np.clip(state.position, 0.0, 1.0))
            self._velocity = np.zeros(len(self._names))
            return SafetyVerdict(Command(now_ns, self._position), cause)
        if cause is None and not (
            desired.position.shape == (len(self._names),) and np.isfinite(desired.position).all()
        ):
            cause = Cause.COMMAND_INVALID
        if cause is not None:
            return self._hold(desired, cause, (), now_ns)
        velocity, interventions = self._narrowed(desired.position)
        outside = self._outside_workspace(velocity)
        if outside:
            return self._hold(desired, Cause.WORKSPACE, outside, now_ns)
        return self._give(velocity, None, interventions, now_ns)

    def _closed(self, state: JointState | None, source_until_ns: int | None, now_ns: int) -> Cause | None:
        if state is None or now_ns - state.stamp_ns > STATE_MAX_AGE_NS:
            return Cause.STATE_STALE
        if not self.is_enabled(now_ns):
            return Cause.ENABLE_LOST
        if source_until_ns is None or now_ns > source_until_ns:
            return Cause.SOURCE_STALE
        return None

    def _narrowed(self, position: FloatArray) -> tuple[FloatArray, tuple[Intervention, ...]]:
        """Return the nearest velocities that hold every limit, and what was changed for which limit."""
        start, period_s = self._given(), self._period_s
        asked = (within(position, -self._largest, self._largest) - start) / period_s
        within_velocity = within(asked, -self._velocity_limit, self._velocity_limit)
        up, down = self._rates_to_limits()
        within_position = within(within_velocity, -down, up)
        change = self._acceleration_limit * period_s
        within_acceleration = within(within_position, self._velocity - change, self._velocity + change)
        given = np.where(self._arm, within_acceleration, within_position)
        if np.abs(given - asked).max() <= REPORTED:
            return given, ()
        interventions = (
            *self._changes(Limit.VELOCITY, asked, within_velocity, 0.0, 1.0),
            *self._changes(Limit.POSITION, within_velocity, within_position, start, period_s),
            *self._changes(Limit.ACCELERATION, within_position, given, -self._velocity / period_s, 1.0 / period_s),
        )
        return given, interventions

    def _changes(
        self, limit: Limit, asked: FloatArray, given: FloatArray, offset: FloatArray | float, scale: float
    ) -> list[Intervention]:
        """Return the joints whose velocity a limit changed; `offset + scale * velocity` is in the limit's own unit."""
        before, after = offset + scale * asked, offset + scale * given
        changed = np.flatnonzero(np.abs(given - asked) > REPORTED)
        return [Intervention(limit, self._names[k], float(before[k]), float(after[k])) for k in changed]

    def _rates_to_limits(self) -> tuple[FloatArray, FloatArray]:
        """Return the largest velocities up and down that stop before a position limit; a gripper stops at once."""
        room = np.array((self._upper - self._given(), self._given() - self._lower))
        rates = largest_rate(room, self._acceleration_limit, self._period_s)
        up, down = np.where(self._arm, rates, np.maximum(room, 0.0) / self._period_s)
        return up, down

    def _outside_workspace(self, velocity: FloatArray) -> tuple[Intervention, ...]:
        """Return what would stop outside the box after this velocity, unless it stops no farther out than without it.

        Measured from where the robot is, and not from where it would stop, the box could be left a little at a time.
        """
        start = self._given()
        held, moved = self._stop(start, self._velocity), self._stop(start + velocity * self._period_s, velocity)
        for name, (box_min, box_max) in self._boxes.items():
            tool = self._kinematics.tool_position(moved, name)
            allowed = within(tool, box_min, box_max)
            outside = np.abs(tool - allowed)
            if outside.max() <= REPORTED:
                continue
            otherwise = self._kinematics.tool_position(held, name)
            if outside.max() > np.abs(otherwise - within(otherwise, box_min, box_max)).max():
                axis = int(outside.argmax())
                return (Intervention(Limit.WORKSPACE, name, float(tool[axis]), float(allowed[axis])),)
        return ()

    def _stop(self, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """Return where the robot comes to rest when it is held at this position and velocity."""
        stop = stopping_distance(velocity, self._acceleration_limit, self._period_s)
        return position + np.where(self._arm, stop, 0.0)

    def _hold(
        self, desired: Command, cause: Cause, interventions: tuple[Intervention, ...], now_ns: int
    ) -> SafetyVerdict:
        change = self._acceleration_limit * self._period_s
        braking = np.sign(self._velocity) * np.maximum(np.abs(self._velocity) - change, 0.0)
        velocity = np.where(self._arm, braking, 0.0)
        verdict = self._give(velocity, cause, interventions, now_ns)
        asked, given = desired.position, verdict.command.position
        if asked.shape != given.shape:
            return verdict
        changed = np.flatnonzero(~(np.abs(asked - given) <= REPORTED))
        holds = [Intervention(Limit.HOLD, self._names[k], float(asked[k]), float(given[k])) for k in changed]
        return SafetyVerdict(verdict.command, cause, (*interventions, *holds))

    def _give(
        self, velocity: FloatArray, cause: Cause | None, interventions: tuple[Intervention, ...], now_ns: int
    ) -> SafetyVerdict:
        start = self._given()
        rounded_outside = np.minimum(self._lower, start), np.maximum(self._upper, start)
        self._position = within(start + velocity * self._period_s, *rounded_outside)
        self._velocity = velocity
        return SafetyVerdict(Command(now_ns, self._position), cause, interventions)

    def _given(self) -> FloatArray:
        if self._position is None:
            raise SpecError("safety gate: nothing was given yet")
        return self._position
