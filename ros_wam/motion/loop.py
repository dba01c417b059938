"""The control loop: one tick per control period, from the measured state to what is sent."""

from collections.abc import Set

import numpy as np

from ros_wam.calibration import SafetySettings, Station
from ros_wam.causes import Action, Cause
from ros_wam.drivers.driver import Driver
from ros_wam.embodiment import Embodiment
from ros_wam.errors import DriverError, ModeRefused, SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.ladder import LADDER, SLOW_SHARE, Active, Recovery
from ros_wam.motion.conditions import Conditions
from ros_wam.motion.safety import SafetyGate
from ros_wam.motion.smoother import Smoother
from ros_wam.motion.source import Source
from ros_wam.motion.watch import Watch
from ros_wam.motion.way_home import WayHome
from ros_wam.policy.admission import Admission, build_admission
from ros_wam.types import ActionChunk, Command, FloatArray, JointState, Mode, SafetyVerdict, StepRecord

AT_HOME_RAD = 0.02
SAME_RAD = 1e-14
"""A command that the gate changed by less than this is rounded, not changed; 1e-9 would be a jerk of 0.1 rad/s³."""
MOVING = (Mode.POLICY, Mode.TELEOP, Mode.HOMING)
OF_CHUNKS = (Mode.POLICY, Mode.HOMING)
"""Modes in which a chunk is followed, which can be slowed."""
OF_MOVING = {Cause.SOURCE_STALE, Cause.LEADER_LOST, Cause.ENABLE_LOST}
"""Causes that are none while nothing is to move the robot."""
ENDING = {Cause.WORKSPACE, Cause.CONTACT_FORCE}
"""What was followed led to them: they are named until something else is followed, or a mode is asked for."""


class ControlLoop:
    """Owns source, smoother, gate and driver. `active`: what acts on the robot, the most severe first.

    `speed`: the share of their speed at which chunks are followed, after the change of the chunk buffer.
    """

    def __init__(
        self,
        embodiment: Embodiment,
        driver: Driver,
        kinematics: Kinematics,
        settings: SafetySettings,
        admission: Admission,
    ) -> None:
        slowed = embodiment.at_speed(settings.speed_override)
        self._embodiment, self._driver, self._settings = embodiment, driver, settings
        self._source = Source(embodiment)
        self._way_home = WayHome(embodiment, self._source, admission)
        self._smoother = Smoother(slowed)
        self._gate = SafetyGate(slowed, kinematics)
        self._watch = Watch(embodiment, kinematics, settings)
        self._conditions = Conditions(embodiment.period_s)
        self._met: dict[Cause, str] = {}
        self._details: dict[Cause, str] = {}
        self._state: JointState | None = None
        self._sequence = 0
        self._moved_ns = -1
        self._ended: Active | None = None
        self.active: tuple[Active, ...] = ()
        self.speed = settings.speed_override

    def tick(self, now_ns: int, due_ns: int | None = None) -> StepRecord:
        """Do one control period, which was due at `due_ns`; raises nothing that a robot or a policy can cause."""
        late_ns = 0 if due_ns is None else max(now_ns - due_ns, 0)
        state = self._read(late_ns)
        self._prepare(now_ns)
        target = self._source.buffer.target(now_ns)
        desired = self._smoother.step(self._source.buffer, now_ns)
        closed_before = self._gate.closing.keys()
        verdict = self._gate.check(desired, state, self._source.until_ns, now_ns, self._source.lost)
        sent = self._send(verdict.command)
        self._settle(desired, verdict, self._gate.closing.keys() - closed_before, now_ns)
        self._climb(desired, now_ns)
        self._sequence += 1
        return StepRecord(self._sequence - 1, now_ns, self.mode, state, target, desired, verdict, sent, late_ns)

    @property
    def mode(self) -> Mode:
        """Who moves the robot."""
        return self._source.mode

    @property
    def cause(self) -> Cause | None:
        """Why the robot does not move, None when nothing keeps it from moving as its mode says."""
        return self._why[0]

    @property
    def detail(self) -> str:
        """The evidence for `cause`."""
        return self._why[1]

    @property
    def at_home(self) -> bool:
        """Whether the robot was measured at home and is to stay there."""
        if self._state is None or not self._gate.at_rest:
            return False
        return self._away(self._state.position, self._embodiment.home_position) <= AT_HOME_RAD

    @property
    def at_rest(self) -> bool:
        """Whether the arm joints are commanded to stay where they are."""
        return self._gate.at_rest

    def facts(self) -> dict[str, str]:
        """Return what the driver tells of the robot, see Driver; nothing while it is not connected."""
        try:
            return dict(self._driver.facts())
        except DriverError:  # `read` meets it too, and there it counts
            return {}

    def is_enabled(self, now_ns: int) -> bool:
        """Return whether the enable heartbeat is fresh."""
        return self._gate.is_enabled(now_ns)

    def enable(self, now_ns: int) -> None:
        """Take one beat of the enable heartbeat."""
        self._gate.enable(now_ns)

    def disable(self) -> None:
        """Hold at once until the next beat."""
        self._gate.disable()

    def accept(self, chunk: ActionChunk, now_ns: int) -> ActionChunk:
        """Follow an admitted chunk and return it as it will be followed; raises ChunkRefused."""
        return self._source.accept(chunk, self._start(), self._moved_ns, now_ns)

    def teleoperate(self, command: Command, now_ns: int) -> ActionChunk:
        """Follow one fresh command of a leader device until the next, or until it is lost; raises ChunkRefused."""
        return self._source.teleoperate(command, self._start(), self._moved_ns, now_ns)

    def set_mode(self, mode: Mode, now_ns: int) -> None:
        """Let one source move the robot from now on; raises ModeRefused. HOLD is always possible, and keeps FAULT.

        A robot that was moved by hand is taken where it is; raises DriverError, and the mode stays, if it cannot be
        stopped for that.
        """
        if mode is Mode.FAULT:
            raise ModeRefused("FAULT is not a mode to ask for; ask for HOLD, POLICY, TELEOP or HOMING")
        if self.mode is Mode.FAULT:
            if mode is Mode.HOLD:
                return
            raise ModeRefused(f"cannot change to {mode.value}: FAULT ({self.detail}); recover the robot first")
        if mode in MOVING and self._was_moved_by_hand():
            self._driver.stop()  # only after a stop may a driver be sent to where the robot is
            self._gate.reseed()
        self._source.change(mode, now_ns)
        self._way_home.forget(now_ns)
        self._ended = None

    def home(self, now_ns: int) -> None:
        """Move home as soon as the robot rests, then hold; raises ModeRefused."""
        self.set_mode(Mode.HOMING, now_ns)

    def recover(self) -> None:
        """Leave FAULT for HOLD where the robot is now; raises DriverError. May take seconds."""
        if self.mode is not Mode.FAULT:
            return
        if any(active.cause is Cause.DRIVER_LOST for active in self.active):
            self._driver.close()
            self._driver.connect()
        self._driver.recover()  # without commands some robots stop by themselves, as when their link was lost
        self._gate.reseed()
        self._conditions.clear()
        self.active, self._details = (), {}
        self._source.mode = Mode.HOLD

    def _read(self, late_ns: int) -> JointState | None:
        """Return the measured state, and note what is wrong with it."""
        self._met = {}
        if late_ns >= round(self._embodiment.period_s * 1e9):
            self._met[Cause.TICK_LATE] = f"a control tick began {late_ns * 1e-6:.1f} ms late"
        try:
            self._state = self._driver.read()
            self._watch.require_force(self._state)
        except (DriverError, SpecError) as error:  # a vendor's library may measure NaN
            self._state = None
            self._met[error.cause if isinstance(error, DriverError) else Cause.DRIVER_LOST] = str(error)
        given = self._gate.position
        if given is not None and self._state is not None:
            self._met.update(self._watch.following(self._state, given))
            if not self._counts_lag:
                self._met.pop(Cause.LAGGING, None)
        if given is not None:
            self._met.update(self._watch.margins(given, self._gate.velocity))
        return self._state

    def _prepare(self, now_ns: int) -> None:
        """See to what is followed next, and how fast."""
        slowed = any(active.action is Action.SLOW for active in self.active)
        self.speed = min(self._settings.speed_override, SLOW_SHARE if slowed else 1.0)
        self._source.buffer.set_speed(self.speed, now_ns)
        given = self._gate.position
        if given is None or not self._gate.may_open:
            return
        if self._gate.closing:
            self._source.drop_if_far(given, now_ns)
        if not self._gate.closing.keys() - {self._source.lost}:
            self._way_home.plan(given, now_ns)

    def _send(self, command: Command) -> Command:
        broken = any(LADDER[cause].action is Action.STOP for cause in self._met)
        if self.mode is not Mode.FAULT and not broken and np.isfinite(command.position).all():
            try:
                return self._driver.send(command)
            except DriverError as error:
                self._met[error.cause] = str(error)
        return Command(command.stamp_ns, np.full(len(command.position), np.nan))

    def _climb(self, desired: Command, now_ns: int) -> None:
        """Evaluate the ladder once: of all that holds now the most severe decides."""
        closing = self._gate.closing
        if self.mode not in MOVING:
            closing = {cause: since_ns for cause, since_ns in closing.items() if cause not in OF_MOVING}
        if Cause.COMMAND_INVALID in closing:
            self._met[Cause.COMMAND_INVALID] = f"the smoother asked for {desired.position.tolist()}"
        active = self._conditions.update({**dict.fromkeys(self._met, now_ns), **closing}, now_ns)
        if self.mode not in MOVING or self._source.buffer.newest is not None:
            self._ended = None
        ended = [self._ended] if self._ended and self._ended.cause not in closing else []
        self.active = tuple(sorted((*ended, *active), key=lambda each: -each.action))
        acting = {active.cause for active in self.active}
        self._details = {cause: text for cause, text in {**self._met, **self._details}.items() if cause in acting}
        if self.mode is not Mode.FAULT and self.active and self.active[0].action is Action.STOP:
            self._stop(self.active[0].cause, now_ns)

    def _stop(self, cause: Cause, now_ns: int) -> None:
        self._source.change(Mode.FAULT, now_ns)
        self._way_home.forget(now_ns)
        try:
            self._driver.stop()
        except DriverError as error:
            self._details[cause] = f"{self.detail}; and the robot's own stop failed: {error}"

    def _settle(self, desired: Command, verdict: SafetyVerdict, began: Set[Cause], now_ns: int) -> None:
        """Let what the gate decided, and what just `began` to close it, shape the next tick."""
        given = self._gate.position
        if given is not None and (verdict.cause is not None or np.abs(given - desired.position).max() > SAME_RAD):
            self._smoother.reset(given, self._gate.velocity)
        if not self._gate.at_rest:
            self._moved_ns = now_ns
        self._way_home.settle(verdict.cause, began, now_ns)
        if any(LADDER[cause].recovery is Recovery.NEW_CHUNK for cause in began):
            self._source.buffer.clear()
        for cause in began & ENDING:
            self._source.drop(cause, now_ns)
            self._ended = Active(cause, self._gate.closing[cause], Action.HOLD)

    @property
    def _why(self) -> tuple[Cause | None, str]:
        if not self.active or self.active[0].action < Action.HOLD:
            return self._way_home.ended
        cause = self.active[0].cause
        return cause, self._details.get(cause, LADDER[cause].condition)

    @property
    def _counts_lag(self) -> bool:
        """Whether a joint that is behind is lagging: from when a chunk is followed until it has caught up.

        In HOLD it was moved by hand, and a leader device leads it as it is: NOT_FOLLOWING bounds both.
        """
        if self.mode in OF_CHUNKS:
            return True
        return self.mode is not Mode.TELEOP and any(active.cause is Cause.LAGGING for active in self.active)

    def _start(self) -> FloatArray | None:
        """Return where what comes next has to begin; None while that is not known."""
        if self._state is None or not self._gate.at_rest:
            return self._gate.position
        return self._state.position

    def _was_moved_by_hand(self) -> bool:
        given = self._gate.position
        if self._state is None or given is None or not self._gate.at_rest:
            return False
        return self._away(self._state.position, given) > self._embodiment.start_distance_rad

    def _away(self, position: FloatArray, where: FloatArray) -> float:
        return float(np.abs(position - where)[~self._embodiment.is_gripper].max())


def build_control_loop(embodiment: Embodiment, driver: Driver, station: Station) -> ControlLoop:
    """Return the control loop of a robot, holding; raises ConfigError when its model cannot be used."""
    admission = build_admission(embodiment, station.fixtures)
    return ControlLoop(embodiment, driver, Kinematics(embodiment), station.safety, admission)
