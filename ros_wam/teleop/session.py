"""One robot led by one device: what is sent of what the device says, and why not more. Pure: it is given the time.

Nothing is sent while hold-to-run is released, while the leader or the robot is not heard, or before a leader has been
where the robot is for a while. From then on a target, which begins where the robot is, goes after the leader at a
bounded speed; it stays wherever the next step is not free.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ros_wam.calibration import Station
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.teleop.alignment import Alignment, holding
from ros_wam.teleop.device import Button, Reading
from ros_wam.teleop.jogging import Jogging
from ros_wam.teleop.pursuit import OVERSHOOT_S, Pursuit
from ros_wam.teleop.settings import SETTINGS, TeleopSettings
from ros_wam.teleop.tracking_lag import TrackingLag
from ros_wam.teleop.way import Way
from ros_wam.types import Command, FloatArray, JointState, Mode

LONGEST_STEP_S = 0.1
"""A reading that comes later is not made up for."""
LOST_NS = 200_000_000
"""Of a leader that is lost while it leads enable goes on for so long: control holds after 80 ms, and for this cause.

Whatever it was that kept commands from control for longer, what leads has to be aligned anew.
"""


class Phase(Enum):
    """What keeps the robot from following, or that nothing does."""

    ELSEWHERE = "elsewhere"
    LOST = "lost"
    RELEASED = "released"
    ALIGNING = "aligning"
    FOLLOWING = "following"
    CLUTCHED = "clutched"


@dataclass(frozen=True, eq=False)
class TeleopStep:
    """What one step came to. `command`: what to send, None for nothing; `enabled`: whether enable is to beat.

    `detail` says what is missing, or what stops the target; empty when nothing does. `lag_rad`: the farthest that a
    joint is behind its leader, `lag_s`: by how much time the robot is; None where that cannot be told. `speed`: the
    share of its speed at which the robot is led. `pressed`: the buttons, as the reading had them.
    """

    command: Command | None
    enabled: bool
    phase: Phase
    detail: str
    lag_rad: float | None
    lag_s: float | None
    speed: float
    pressed: tuple[Button, ...]


class TeleopSession:
    """Owned by one thread. `settings`: ours unless a lab measured better ones."""

    def __init__(self, embodiment: Embodiment, station: Station, settings: TeleopSettings = SETTINGS) -> None:
        """Raise ConfigError when the robot's model cannot be used."""
        self._embodiment, self._settings = embodiment, settings
        self._arm = ~embodiment.is_gripper
        self._rates = embodiment.at_speed(station.safety.speed_override).velocity
        self._leash_rad = settings.leash_share * embodiment.start_distance_rad
        self._alignment = Alignment(embodiment, settings)
        self._jogging = Jogging(embodiment)
        self._way = Way(embodiment, station)
        self._lag = TrackingLag(self._arm)
        self._pursuit = Pursuit(embodiment)
        self._speed = settings.speeds.index(settings.speed)
        self._target: FloatArray | None = None
        self._was_clutched = False
        self._read_ns: int | None = None
        self._led_ns: int | None = None

    @property
    def speed(self) -> float:
        """The share of the robot's speed at which it is led."""
        return self._settings.speeds[self._speed]

    def step(
        self, reading: Reading | None, state: JointState | None, mode: Mode | None, now_ns: int, lost: str = ""
    ) -> TeleopStep:
        """Say what to send now. `lost`: why there is no reading. A reading whose `held` is None counts as released.

        Raises SpecError for a reading that does not fit the robot.
        """
        pressed = () if reading is None else reading.pressed
        self._change_speed(pressed)
        phase, detail = self._waits(reading, state, mode, now_ns, lost)
        if reading is None or state is None or phase is not None:
            enabled = phase is Phase.LOST and self._led_ns is not None and now_ns - self._led_ns <= LOST_NS
            self._led_ns = self._led_ns if enabled else None
            self._let_go()
            return TeleopStep(None, enabled, phase or Phase.LOST, detail, None, None, self.speed, pressed)
        self._require(reading)
        if self._led_ns is not None and now_ns - self._led_ns > LOST_NS:
            self._let_go()  # it was kept waiting itself: control has held the robot since
        self._led_ns = None
        detail = self._engage(reading, state, now_ns)
        if self._target is None:
            lag_rad = None if reading.joints is None else self._behind(reading.joints + self._alignment.offset, state)
            return TeleopStep(None, False, Phase.ALIGNING, detail, lag_rad, None, self.speed, pressed)
        led, detail = self._lead(self._target, reading, state, now_ns)
        self._lag.note(reading.stamp_ns, led, state.stamp_ns, state.position)
        self._led_ns = now_ns
        command = Command(min(reading.stamp_ns, now_ns), self._target)
        phase = Phase.CLUTCHED if reading.clutch else Phase.FOLLOWING
        lag = self._behind(led, state), self._lag.delay_s()
        return TeleopStep(command, True, phase, detail, *lag, self.speed, pressed)

    def _change_speed(self, pressed: tuple[Button, ...]) -> None:
        by = pressed.count(Button.FASTER) - pressed.count(Button.SLOWER)
        self._speed = min(max(self._speed + by, 0), len(self._settings.speeds) - 1)

    def _waits(
        self, reading: Reading | None, state: JointState | None, mode: Mode | None, now_ns: int, lost: str
    ) -> tuple[Phase | None, str]:
        """Return what keeps the robot from being led whatever the leader's posture is, None if nothing does."""
        if mode is not Mode.TELEOP:
            elsewhere = "the robot's mode is not known" if mode is None else f"mode is {mode.value}"
            return Phase.ELSEWHERE, f"{elsewhere}; {lost}" if lost else elsewhere
        if reading is None:
            return Phase.LOST, lost or "no reading of the leader"
        for what, stamp_ns, limit_s in (
            ("the leader", reading.stamp_ns, self._settings.reading_timeout_s),
            ("the robot", None if state is None else state.stamp_ns, self._settings.state_timeout_s),
        ):
            if stamp_ns is None:
                return Phase.LOST, f"no state of {what}"
            age_s = (now_ns - stamp_ns) * 1e-9
            if age_s > limit_s:
                return Phase.LOST, f"the newest state of {what} is {age_s:.2f} s old, at most {limit_s:g} s"
        return (None, "") if reading.held else (Phase.RELEASED, "hold to move")

    def _require(self, reading: Reading) -> None:
        """Raise SpecError for a reading of another robot, or one that is not finite."""
        self._jogging.require(reading.jogs)
        joints, wanted = reading.joints, (len(self._arm),)
        if joints is not None and (np.shape(joints) != wanted or not np.isfinite(joints).all()):
            shown = np.asarray(joints).tolist()
            raise SpecError(
                f"joints of the leader are {shown}, must be {wanted[0]} numbers for {self._embodiment.name}"
            )

    def _let_go(self) -> None:
        self._target, self._was_clutched, self._read_ns = None, False, None
        self._alignment.forget()
        self._jogging.reset()
        self._pursuit.rest()
        self._lag.forget()

    def _engage(self, reading: Reading, state: JointState, now_ns: int) -> str:
        """Begin with a target, or drop one that has come apart from the robot; return what is missing for one."""
        if self._target is not None:
            apart = self._apart(self._target, reading, state, now_ns)
            if apart:
                self._let_go()
            return apart
        missing = "" if reading.joints is None else self._alignment.missing(reading.joints, state, now_ns)
        if not missing:
            position = np.where(holding(self._embodiment, state), 0.0, state.position)  # what is held stays held
            self._target = np.clip(position, self._embodiment.lower, self._embodiment.upper)
        return missing

    def _apart(self, target: FloatArray, reading: Reading, state: JointState, now_ns: int) -> str:
        """Return how the robot has come apart from what leads it, empty while it has not."""
        led = [("the robot is {} rad from where it is led to in {}", target, self._expected(state, now_ns))]
        limits_rad = [self._embodiment.start_distance_rad]
        if reading.joints is not None and not reading.clutch and not self._was_clutched:
            led.append(("the leader is {} rad ahead of the robot in {}", self._goal(reading.joints), state.position))
            limits_rad.append(self._settings.let_go_rad)
        for (text, where, robot), limit_rad in zip(led, limits_rad, strict=True):
            away = np.where(self._arm, np.abs(where - robot), 0.0)
            worst = int(away.argmax())
            if away[worst] > limit_rad:
                told = text.format(f"{away[worst]:.2f}", self._embodiment.joint_names[worst])
                return f"{told}, at most {limit_rad:g} rad"
        return ""

    def _lead(self, target: FloatArray, reading: Reading, state: JointState, now_ns: int) -> tuple[FloatArray, str]:
        """Move the target for as long as passed between two readings: control takes the rate of its commands from that.

        Return where the robot is led to in the end `(n,)`, and what stops it.
        """
        period_s = 0.0 if self._read_ns is None else (reading.stamp_ns - self._read_ns) * 1e-9
        period_s, self._read_ns = min(period_s, LONGEST_STEP_S), reading.stamp_ns
        if reading.clutch:
            self._was_clutched = True
            self._pursuit.rest()
            return target, "clutched: the leader may be moved"
        if self._was_clutched and reading.joints is not None:
            self._alignment.offset = np.where(self._arm, target - reading.joints, 0.0)
        self._was_clutched = False
        led = target if reading.joints is None else self._goal(reading.joints)
        if period_s <= 0.0:
            return led, ""
        if reading.joints is None:
            wanted, detail = self._jogged(target, reading, period_s)
            led = wanted
        else:
            wanted, detail = self._towards(target, led, period_s)
            detail = detail or self._at_limit(reading.joints)
        leashed = self._leashed(target, wanted, self._expected(state, now_ns))
        self._target, refusal = self._way.take(target, leashed)
        self._jogging.keep(self._target)
        self._pursuit.rate = (self._target - target) / period_s
        return led, refusal or detail

    def _goal(self, joints: FloatArray) -> FloatArray:
        """Return where a leader at `joints` `(n,)` leads the robot to."""
        return np.clip(joints + self._alignment.offset, self._embodiment.lower, self._embodiment.upper)

    def _at_limit(self, joints: FloatArray) -> str:
        beyond = np.where(self._arm, np.abs(joints + self._alignment.offset - self._goal(joints)), 0.0)
        worst = int(beyond.argmax())
        if beyond[worst] <= self._settings.align_rad:
            return ""
        return f"{self._embodiment.joint_names[worst]} is at its limit, the leader {beyond[worst]:.2f} rad beyond it"

    def _jogged(self, target: FloatArray, reading: Reading, period_s: float) -> tuple[FloatArray, str]:
        """Return the next target of jogs `(n,)`, and what stops those that could not stop in time."""
        top = self._top()
        wanted, detail = self._jogging.wanted(target, reading.jogs, self.speed, period_s, top * period_s)
        end = wanted + np.where(self._arm, wanted - target, 0.0) * OVERSHOOT_S / period_s
        reached, refusal = self._way.take(target, end)
        return np.where(reached == end, wanted, target), refusal or detail

    def _towards(self, target: FloatArray, goal: FloatArray, period_s: float) -> tuple[FloatArray, str]:
        """Return the next target on the way to `goal` `(n,)`; parts that could not stop in time are braked, and why."""
        rate = self._pursuit.towards(goal - target, self._top(), period_s)
        end = target + self._pursuit.stop(rate, period_s)
        reached, refusal = self._way.take(target, end)
        rate = np.where(reached == end, rate, self._pursuit.braking(period_s))
        return target + rate * period_s, refusal

    def _top(self) -> FloatArray:
        """Return the speed limit of the target `(n,)` [rad/s, grippers 1/s]."""
        return np.where(self._arm, self.speed, 1.0) * self._rates

    def _leashed(self, target: FloatArray, wanted: FloatArray, robot: FloatArray) -> FloatArray:
        """Return `wanted` `(n,)`, but no farther from the robot than control takes it, nor than `target` is already."""
        room = np.maximum(np.abs(target - robot), self._leash_rad)
        return np.where(self._arm, np.clip(wanted, robot - room, robot + room), wanted)

    def _expected(self, state: JointState, now_ns: int) -> FloatArray:
        """Return about where control has sent the robot by now `(n,)`: measured joints are behind that."""
        since_s = min((now_ns - state.stamp_ns) * 1e-9 + self._settings.ahead_s, LONGEST_STEP_S)
        return np.asarray(state.position + since_s * state.velocity)

    def _behind(self, led: FloatArray, state: JointState) -> float:
        return float(np.abs(led - state.position)[self._arm].max())
