"""The safety gate: dumb, last, closed by default. No command reaches a driver but through it.

It passes a command only while the state, a source and the enable heartbeat are fresh, no tool meets too large a force,
and the command is finite and stops inside the workspace; it narrows each joint to what position, velocity and
acceleration limits allow; else it holds: the sent motion decelerates to rest within the same limits, and rests for two
samples before it goes on, so that a hold leaves no jerk behind it. How long each input may be missing: `ladder.py`.

Consecutive positions that it gives satisfy the velocity and acceleration limits by construction, open or closed, and
can always still stop before a position limit. On the way to a stop inside the workspace a fast arm may bend a
centimetre or two out of it. Grippers have only their rate and 0 to 1. This is not certified safety: keep the robot's
own limits and the e-stop.
"""

import math

import numpy as np

from ros_wam.causes import Cause, Limit
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.ladder import LADDER, most_severe
from ros_wam.motion.bounds import largest_rate, stopping_distance, within
from ros_wam.types import Command, FloatArray, Intervention, JointState, SafetyVerdict

REST_RAD_S = 2e-3
"""Slower than this counts as resting."""
REST_SAMPLES = 2
"""A hold ends after so many samples at velocity 0: then the acceleration is 0 too."""
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
        self._delay_ns = {cause: rung.delay_ns(embodiment.period_s) for cause, rung in LADDER.items()}
        self._arm = ~embodiment.is_gripper
        self._lower, self._upper = embodiment.lower, embodiment.upper
        self._velocity_limit = embodiment.velocity
        self._acceleration_limit = np.where(self._arm, embodiment.acceleration, 1.0)
        self._force_limit = np.array([arm.tool_force_n or math.inf for arm in embodiment.arms.values()])
        self._largest = np.full(len(self._names), LARGEST_RAD)
        self._boxes = {
            name: (np.array(arm.workspace.min_m), np.array(arm.workspace.max_m))
            for name, arm in embodiment.arms.items()
        }
        self._position: FloatArray | None = None
        self._velocity = np.zeros(len(self._names))
        self._rested = REST_SAMPLES
        self._stamp_ns: int | None = None
        self._state_ns: int | None = None
        self._enabled_ns: int | None = None
        self._pressed_ns: int | None = None
        self._closing: dict[Cause, int] = {}

    @property
    def position(self) -> FloatArray | None:
        """`(n,)` position given last, None before the first fresh state."""
        return self._position

    @property
    def velocity(self) -> FloatArray:
        """`(n,)` velocity of the given positions [rad/s]."""
        return self._velocity

    @property
    def closing(self) -> dict[Cause, int]:
        """What closed the gate at the last check, each cause with the beginning of its condition; empty when open."""
        return self._closing

    @property
    def at_rest(self) -> bool:
        """Whether the arm joints are commanded to stay where they are."""
        return bool((np.abs(self._velocity[self._arm]) <= REST_RAD_S).all())

    @property
    def may_open(self) -> bool:
        """Whether the arm joints have rested for so long that a hold may end."""
        return self._rested >= REST_SAMPLES

    def enable(self, now_ns: int) -> None:
        """Take one beat of the enable heartbeat."""
        self._enabled_ns = now_ns

    def disable(self) -> None:
        """Close at once."""
        self._enabled_ns = None

    def is_enabled(self, now_ns: int) -> bool:
        """Return whether the last beat of the enable heartbeat is fresh."""
        return self._enabled_ns is not None and now_ns - self._enabled_ns < self._delay_ns[Cause.ENABLE_LOST]

    def reseed(self) -> None:
        """Start anew from the measured position: after a stop of the robot, when nothing that was sent is followed."""
        self._position = None

    def check(
        self,
        desired: Command,
        state: JointState | None,
        source_until_ns: int | None,
        now_ns: int,
        source_lost: Cause = Cause.SOURCE_STALE,
    ) -> SafetyVerdict:
        """Return what may be sent instead of `desired`, and why.

        `source_until_ns`: when what moves the robot is fresh no more; the cause is then `source_lost`. Before the first
        fresh state nothing may be sent: the command is NaN.
        """
        self._take(state, now_ns)
        before, closing = self._closing, self._missing(source_until_ns, source_lost, now_ns)
        self._closing = closing
        if self._position is None:
            return self._begin(state, now_ns)
        if desired.position.shape != (len(self._names),) or not np.isfinite(desired.position).all():
            closing[Cause.COMMAND_INVALID] = now_ns
        if not closing and not self.may_open:
            closing.update(before)
        outside: tuple[Intervention, ...] = ()
        if not closing:
            velocity, interventions = self._narrowed(desired.position)
            outside = self._outside_workspace(velocity)
            if not outside:
                return self._give(velocity, None, interventions, now_ns)
            closing[Cause.WORKSPACE] = now_ns
        return self._hold(desired, most_severe(closing), outside, now_ns)

    def _take(self, state: JointState | None, now_ns: int) -> None:
        """Note when the state advanced last, and since when a tool has met too large a force."""
        if state is None:
            return
        if state.stamp_ns != self._stamp_ns:
            self._stamp_ns, self._state_ns = state.stamp_ns, min(state.stamp_ns, now_ns)
        measured = state.tool_force_n.shape == self._force_limit.shape  # elsewhere no arm has a limit
        if not (measured and (state.tool_force_n > self._force_limit).any()):
            self._pressed_ns = None
        elif self._pressed_ns is None:
            self._pressed_ns = self._state_ns

    def _missing(self, source_until_ns: int | None, source_lost: Cause, now_ns: int) -> dict[Cause, int]:
        """Return what forbids to move now, and since when; what was never there counts from its delay ago."""
        since: dict[Cause, int | None] = {Cause.STATE_STALE: self._state_ns, Cause.ENABLE_LOST: self._enabled_ns}
        if self._pressed_ns is not None:
            since[Cause.CONTACT_FORCE] = self._pressed_ns
        since[source_lost] = None if source_until_ns is None else source_until_ns - self._delay_ns[source_lost]
        latest = {cause: now_ns - self._delay_ns[cause] for cause in since}
        begun = {cause: latest[cause] if since_ns is None else since_ns for cause, since_ns in since.items()}
        return {cause: since_ns for cause, since_ns in begun.items() if since_ns <= latest[cause]}

    def _begin(self, state: JointState | None, now_ns: int) -> SafetyVerdict:
        """Take the robot where it is."""
        if state is None or Cause.STATE_STALE in self._closing:
            return SafetyVerdict(Command(now_ns, np.full(len(self._names), np.nan)), Cause.STATE_STALE)
        self._position = np.where(self._arm, state.position, np.clip(state.position, 0.0, 1.0))
        self._velocity = np.zeros(len(self._names))
        self._rested = REST_SAMPLES
        return SafetyVerdict(Command(now_ns, self._position), most_severe(self._closing))

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
        """Return where the arm joints come to rest when they are held at this position and velocity."""
        return position + stopping_distance(velocity, self._acceleration_limit, self._period_s)

    def _hold(
        self, desired: Command, cause: Cause | None, interventions: tuple[Intervention, ...], now_ns: int
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
        self._rested = 0 if velocity[self._arm].any() else self._rested + 1
        return SafetyVerdict(Command(now_ns, self._position), cause, interventions)

    def _given(self) -> FloatArray:
        if self._position is None:
            raise SpecError("safety gate: nothing was given yet")
        return self._position
