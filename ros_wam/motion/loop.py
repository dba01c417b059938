"""The control loop: one tick per control period, from the measured state to what is sent."""

import numpy as np

from ros_wam.causes import Action, Cause, RefusalReason
from ros_wam.drivers.driver import Driver
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, CommandInvalid, DriverError, ModeRefused, RobotStopped, SpecError, StateStale
from ros_wam.kinematics import Kinematics
from ros_wam.ladder import LADDER
from ros_wam.motion.acceptance import check_chunk
from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.motion.homing import plan_homing
from ros_wam.motion.safety import SafetyGate
from ros_wam.motion.smoother import Smoother
from ros_wam.types import ActionChunk, Command, JointState, Mode, SafetyVerdict, StepRecord

STOP_GRACE_NS = 400_000_000
"""How long after its end a chunk still counts as fresh: the smoother's softest stop, before the gate's harder one."""
AT_HOME_RAD = 0.02
MOVING = (Mode.POLICY, Mode.TELEOP, Mode.HOMING)
TELEOP_HOLD_S = 0.1
HOMING_PATIENCE_NS = 2_000_000_000
"""How long a wish to go home waits for rest, enable and state."""


class ControlLoop:
    """Owns chunk buffer, smoother, gate and driver. `cause` and `detail` say why the robot does not move."""

    def __init__(self, embodiment: Embodiment, driver: Driver, kinematics: Kinematics) -> None:
        self._embodiment = embodiment
        self._driver = driver
        self._buffer = ChunkBuffer(embodiment)
        self._smoother = Smoother(embodiment)
        self._gate = SafetyGate(embodiment, kinematics)
        self._state: JointState | None = None
        self._mode = Mode.HOLD
        self._sequence = self._homings = 0
        self._moved_ns = self._homing_asked_ns = self._policy_left_ns = -1
        self.cause: Cause | None = None
        self.detail = ""

    def tick(self, now_ns: int, due_ns: int | None = None) -> StepRecord:
        """Do one control period, which was due at `due_ns`; raises nothing that a robot or a policy can cause."""
        state = self._read(now_ns)
        self._plan_homing(now_ns)
        target = self._buffer.target(now_ns)
        desired = self._smoother.step(self._buffer, now_ns)
        verdict = self._gate.check(desired, state, self._source_until_ns(), now_ns)
        sent = self._send(verdict.command)
        late_ns = 0 if due_ns is None else max(now_ns - due_ns, 0)
        record = StepRecord(self._sequence, now_ns, self._mode, state, target, desired, verdict, sent, late_ns)
        self._settle(desired, verdict, now_ns)
        return record

    @property
    def mode(self) -> Mode:
        """Who moves the robot."""
        return self._mode

    @property
    def at_home(self) -> bool:
        """Whether the robot was measured at home and is to stay there."""
        if self._state is None or not self._gate.at_rest:
            return False
        away = np.abs(self._state.position - self._embodiment.home_position)[~self._embodiment.is_gripper]
        return bool((away <= AT_HOME_RAD).all())

    @property
    def at_rest(self) -> bool:
        """Whether the arm joints are commanded to stay where they are."""
        return self._gate.at_rest

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
        if self._mode is not Mode.POLICY:
            raise ChunkRefused(RefusalReason.WRONG_MODE, f"mode is {self._mode.value}, must be {Mode.POLICY.value}")
        if chunk.observation_stamp_ns < self._policy_left_ns:
            early_ms = (self._policy_left_ns - chunk.observation_stamp_ns) * 1e-6
            raise ChunkRefused(
                RefusalReason.EXPIRED, f"its observation is from {early_ms:.0f} ms before POLICY was left"
            )
        newest = self._buffer.newest
        if newest is not None and chunk.observation_stamp_ns < newest.observation_stamp_ns:
            raise ChunkRefused(
                RefusalReason.EXPIRED, f"a later observation's chunk {newest.chunk_id} is being followed"
            )
        return self._follow(chunk, now_ns)

    def teleoperate(self, command: Command, now_ns: int) -> ActionChunk:
        """Follow one fresh command of a leader device until the next or for 0.1 s; raises ChunkRefused."""
        if self._mode is not Mode.TELEOP:
            raise ChunkRefused(RefusalReason.WRONG_MODE, f"mode is {self._mode.value}, must be {Mode.TELEOP.value}")
        if not np.isfinite(command.position).all():
            raise ChunkRefused(RefusalReason.NON_FINITE, f"teleop command is {command.position.tolist()}")
        age_s = (now_ns - command.stamp_ns) * 1e-9
        if age_s > TELEOP_HOLD_S:
            raise ChunkRefused(
                RefusalReason.EXPIRED, f"teleop command is {age_s:.3f} s old, at most {TELEOP_HOLD_S} s is allowed"
            )
        rows = np.array([command.position, command.position])
        return self._follow(ActionChunk(-1, -1, command.stamp_ns, now_ns, TELEOP_HOLD_S, rows), now_ns)

    def set_mode(self, mode: Mode, now_ns: int) -> None:
        """Let one source move the robot from now on; raises ModeRefused. HOLD is always possible, and keeps FAULT.

        A robot that was moved by hand is taken where it is; raises DriverError, and the mode stays, if it cannot be
        stopped for that.
        """
        if mode is Mode.FAULT:
            raise ModeRefused("FAULT is not a mode to ask for; ask for HOLD, POLICY, TELEOP or HOMING")
        if self._mode is Mode.FAULT:
            if mode is Mode.HOLD:
                return
            raise ModeRefused(f"cannot change to {mode.value}: FAULT ({self.detail}); recover the robot first")
        if mode in MOVING and self._was_moved_by_hand():
            self._driver.stop()  # only after a stop may a driver be sent to where the robot is
            self._gate.reseed()
        self._enter(mode, None, "", now_ns)
        self._homing_asked_ns = now_ns

    def home(self, now_ns: int) -> None:
        """Move home as soon as the robot rests, then hold; raises ModeRefused."""
        self.set_mode(Mode.HOMING, now_ns)

    def recover(self) -> None:
        """Leave FAULT for HOLD where the robot is now; raises DriverError. May take seconds."""
        if self._mode is not Mode.FAULT:
            return
        if self.cause is Cause.DRIVER_LOST:
            self._driver.close()
            self._driver.connect()
        else:
            self._driver.recover()
        self._gate.reseed()
        self._mode, self.cause, self.detail = Mode.HOLD, None, ""

    def _enter(self, mode: Mode, cause: Cause | None, detail: str, now_ns: int) -> None:
        """Change the mode and forget what was followed. What was seen before POLICY is left is not followed later."""
        if self._mode is Mode.POLICY and mode is not Mode.POLICY:
            self._policy_left_ns = now_ns
        self._buffer.clear()
        self._mode, self.cause, self.detail = mode, cause, detail

    def _follow(self, chunk: ActionChunk, now_ns: int) -> ActionChunk:
        given = self._gate.position
        if self._state is None or given is None:
            raise ChunkRefused(RefusalReason.START_DISTANCE, "the robot's position is not known yet")
        rested = self._moved_ns < chunk.observation_stamp_ns
        start = self._state.position if self._gate.at_rest else given
        check_chunk(chunk, self._embodiment, start, now_ns, rested)
        return self._buffer.add(chunk, now_ns, rested)

    def _plan_homing(self, now_ns: int) -> None:
        position = self._gate.position
        if self._mode is not Mode.HOMING or self._buffer.newest is not None:
            return
        if position is None or not self._gate.at_rest or not self._gate.is_enabled(now_ns):
            return
        self._homings += 1
        try:
            chunk = plan_homing(self._embodiment, position, now_ns, self._homings)
        except ModeRefused as error:
            self._mode, self.cause, self.detail = Mode.HOLD, Cause.COMMAND_INVALID, str(error)
            return
        self._buffer.add(chunk, now_ns, rested=True)

    def _source_until_ns(self) -> int | None:
        end_ns = self._buffer.end_ns
        return None if end_ns is None else end_ns + STOP_GRACE_NS

    def _was_moved_by_hand(self) -> bool:
        given = self._gate.position
        if self._state is None or given is None or not self._gate.at_rest:
            return False
        away = np.abs(self._state.position - given)[~self._embodiment.is_gripper]
        return bool((away > self._embodiment.start_distance_rad).any())

    def _read(self, now_ns: int) -> JointState | None:
        try:
            self._state = self._driver.read()
        except (DriverError, SpecError) as error:  # a vendor's library may measure NaN
            self._state = None
            self._meet(_cause_of(error), str(error), now_ns)
        else:
            self._require_following(self._state, now_ns)
        return self._state

    def _require_following(self, state: JointState, now_ns: int) -> None:
        """Stop a robot that does not go where it is sent: else it would catch up in one leap once it does again."""
        if self._gate.position is None:
            return
        behind = np.where(self._embodiment.is_gripper, 0.0, np.abs(state.position - self._gate.position))
        worst, limit = int(behind.argmax()), self._embodiment.tracking_rad
        if behind[worst] > limit:
            name = self._embodiment.joint_names[worst]
            detail = f"{name} is {behind[worst]:.3f} rad from where it was sent, at most {limit} rad is allowed"
            self._meet(Cause.NOT_FOLLOWING, detail, now_ns)

    def _send(self, command: Command) -> Command:
        if self._mode is not Mode.FAULT and np.isfinite(command.position).all():
            try:
                return self._driver.send(command)
            except DriverError as error:
                self._meet(_cause_of(error), str(error), command.stamp_ns)
        return Command(command.stamp_ns, np.full(len(command.position), np.nan))

    def _meet(self, cause: Cause, detail: str, now_ns: int) -> None:
        """Do what the closed list says about `cause`; a hold is the gate's part."""
        if LADDER[cause].action is not Action.STOP or self._mode is Mode.FAULT:
            self.detail = detail if self._mode is not Mode.FAULT else self.detail
            return
        self._enter(Mode.FAULT, cause, detail, now_ns)
        try:
            self._driver.stop()
        except DriverError as error:
            self.detail = f"{detail}; and the robot's own stop failed: {error}"

    def _settle(self, desired: Command, verdict: SafetyVerdict, now_ns: int) -> None:
        """Let what the gate decided shape the next tick."""
        self._sequence += 1
        given = self._gate.position
        if given is not None and not np.abs(given - desired.position).max() <= 1e-9:
            self._smoother.reset(given, self._gate.velocity)
        if not self._gate.at_rest:
            self._moved_ns = now_ns
        if self._mode is Mode.FAULT:
            return
        if verdict.cause is Cause.COMMAND_INVALID:
            self._meet(verdict.cause, f"the smoother asked for {desired.position.tolist()}", now_ns)
        elif self._mode in MOVING:
            self._settle_source(verdict.cause, now_ns)
        elif self._mode is Mode.HOLD and verdict.cause is Cause.STATE_STALE:
            self.cause = Cause.STATE_STALE
        elif self.cause is Cause.STATE_STALE:
            self.cause, self.detail = None, ""

    def _settle_source(self, cause: Cause | None, now_ns: int) -> None:
        self.cause = cause
        self.detail = self.detail if cause is Cause.STATE_STALE else ""
        if cause is None:
            return
        if self._mode is Mode.HOMING and self._buffer.newest is None:
            if now_ns - self._homing_asked_ns > HOMING_PATIENCE_NS:
                self._mode = Mode.HOLD
        elif self._mode is Mode.HOMING:
            self._buffer.clear()
            self._mode, self.cause = Mode.HOLD, None if cause is Cause.SOURCE_STALE else cause
        elif cause is not Cause.SOURCE_STALE:
            self._buffer.clear()


def _cause_of(error: DriverError | SpecError) -> Cause:
    kinds = (
        (StateStale, Cause.STATE_STALE),
        (RobotStopped, Cause.PROTECTIVE_STOP),
        (CommandInvalid, Cause.COMMAND_INVALID),
    )
    return next((cause for kind, cause in kinds if isinstance(error, kind)), Cause.DRIVER_LOST)


def build_control_loop(embodiment: Embodiment, driver: Driver) -> ControlLoop:
    """Return the control loop of a robot, holding; raises ConfigError when its model cannot be used."""
    return ControlLoop(embodiment, driver, Kinematics(embodiment))
