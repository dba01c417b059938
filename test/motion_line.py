"""Drives the whole control line of one robot with anything that can happen to it, under a clock of its own.

Admission, chunk buffer, smoother, gate and ladder are the production classes; the robot follows with a lag. In most
episodes chunks go past admission to the control loop's own cheap checks: that is the harder case. Everything random
comes from one seed. What is sent goes to a `SentMotion`, which knows the limits alone.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from motion_fixtures import SETTINGS, START_NS, chunk_of, site
from sent_motion import SentMotion

from ros_wam.clock import FakeClock
from ros_wam.drivers.command_check import checked_position
from ros_wam.embodiment import Embodiment, Workspace
from ros_wam.errors import (
    ChunkRefused,
    DriverError,
    DriverUnreachable,
    ModeRefused,
    RobotStopped,
    SpecError,
    StateStale,
)
from ros_wam.motion.loop import build_control_loop
from ros_wam.policy.admission import build_admission
from ros_wam.types import ActionChunk, Command, FloatArray, JointState, Mode, StepRecord

MODES = [Mode.POLICY] * 6 + [Mode.TELEOP] * 2 + [Mode.HOLD, Mode.HOMING]
FAILURES = (StateStale("no new state"), RobotStopped("protective stop"), DriverError("odd"), DriverUnreachable("gone"))
DTS_S = (0.002, 0.02, 0.02, 1.0 / 30.0, 1.0 / 30.0, 0.1, 0.1, np.nan, 0.0, -1.0, 1e-300, 1e300)
NEAR_RAD = 0.02
"""What a robot may move by itself between two ticks, and a chunk in one."""
SHARES = (0.05, 0.25, 0.5, 0.9, 1.0)


@dataclass
class LaggingRobot:
    """A driver whose robot closes a part of the distance to where it is sent in every period; tells `motion` all."""

    embodiment: Embodiment
    clock: FakeClock
    motion: SentMotion
    position: FloatArray
    follows: float = 0.5
    failure: DriverError | None = None
    frozen_ns: int | None = None
    force_n: float = 0.0
    sent: FloatArray | None = None

    def connect(self) -> None:
        self.stop()

    def read(self) -> JointState:
        if self.failure is not None:
            raise self.failure
        goal = self.position if self.sent is None else self.sent
        self.position = self.position + self.follows * (goal - self.position)
        still, forces = np.zeros(len(goal)), np.full(len(self.embodiment.arms), self.force_n)
        return JointState(self.frozen_ns or self.clock.now_ns(), self.position, still, still, forces)

    def send(self, command: Command) -> Command:
        if self.failure is not None and not isinstance(self.failure, StateStale):
            raise self.failure
        self.sent = checked_position(command, self.embodiment, self.sent, self.position)
        self.motion.take(command.position)
        return command

    def stop(self) -> None:
        self.sent = None
        self.motion.begin()

    def recover(self) -> None:
        self.failure = None

    def facts(self) -> dict[str, str]:
        return {"library": "none", "firmware": "not told", "safety_mode": "normal"}

    def close(self) -> None:
        self.failure = None


@dataclass
class MotionLine:
    """One robot's control line and what happens to it.

    `admits`: chunks pass admission first, and are gentler, since else it would refuse nearly all of them.
    `admitted`, `accepted` and `refused` count chunks, `moved` the ticks with an open gate, `narrowed` those of them in
    which it changed what the smoother asked for; `seen` counts modes and causes.
    """

    embodiment: Embodiment
    rng: np.random.Generator
    admits: bool = False
    motion: SentMotion = field(init=False)
    admitted: int = 0
    accepted: int = 0
    refused: int = 0
    moved: int = 0
    narrowed: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        settings = replace(SETTINGS, speed_override=float(self.rng.choice([0.3, 1.0, 1.0])))
        self.motion = SentMotion(self.embodiment.at_speed(settings.speed_override))
        self._clock, self._period_ns = FakeClock(START_NS), round(self.embodiment.period_s * 1e9)
        start = self.embodiment.home_position + self.rng.normal(0.0, 0.05, len(self.embodiment.joint_names))
        start = np.clip(start, self.embodiment.lower - 0.005, self.embodiment.upper + 0.005)
        self.robot = LaggingRobot(self.embodiment, self._clock, self.motion, start)
        self.loop = build_control_loop(self.embodiment, self.robot, site(settings))
        self._admission = build_admission(self.embodiment, {}) if self.admits else None
        self._closed = False
        self._enabled, self._ends_ns, self._number, self._leader = True, 0, 0, start

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            late = int(self.rng.integers(1, 60)) if self._happens(0.05) else 1
            self._clock.advance_ns(late * self._period_ns + int(self.rng.integers(-20_000, 20_000)))
            now_ns = self._clock.now_ns()
            self._happen(now_ns)
            if self._enabled:
                self.loop.enable(now_ns)
            record = self.loop.tick(now_ns, now_ns - (late - 1) * self._period_ns)
            self.motion.judge(held=record.verdict.cause is not None)
            self.moved += record.verdict.cause is None
            self._require_near(record)
            self.narrowed += record.verdict.cause is None and record.verdict.interventions != ()
            self.seen.update(
                (record.mode.value, "open" if record.verdict.cause is None else record.verdict.cause.value)
            )

    def _require_near(self, record: StepRecord) -> None:
        """When the gate opens, what is followed is not far ahead of the robot, or of the way back into its limits."""
        opened, self._closed = self._closed and record.verdict.cause is None, record.verdict.cause is not None
        if not opened or record.target is None:
            return
        inside = np.clip(record.verdict.command.position, self.embodiment.lower, self.embodiment.upper)
        ahead = np.abs(record.target.position - inside)[~self.embodiment.is_gripper].max()
        if ahead > self.embodiment.start_distance_rad + NEAR_RAD:
            self.motion.violations.append(f"sample {self.motion.sent}: the gate opens {ahead} rad behind")

    def _happens(self, per_s: float) -> bool:
        return bool(self.rng.random() < per_s * self.embodiment.period_s)

    def _happen(self, now_ns: int) -> None:
        if now_ns >= self._ends_ns:
            self._repair(now_ns)
        if self._happens(2.0):
            self._break(now_ns)
        if self._happens(1.0):
            self.loop._settings = replace(self.loop._settings, speed_override=float(self.rng.choice(SHARES)))
        if self.loop.mode is Mode.POLICY and self._happens(8.0):
            self._follow(now_ns)
        if self.loop.mode is Mode.TELEOP and self._happens(60.0):
            self._lead(now_ns)

    def _repair(self, now_ns: int) -> None:
        self._enabled, self.robot.follows, self.robot.frozen_ns, self.robot.force_n = True, 0.5, None, 0.0
        self.robot.failure = None
        if self.loop.mode is Mode.FAULT:
            self.loop.recover()
        if self.loop.mode is Mode.HOLD:
            self._change_mode(now_ns)

    def _break(self, now_ns: int) -> None:
        self._ends_ns = now_ns + int(self.rng.exponential(0.2) * 1e9)
        match int(self.rng.integers(0, 8)):
            case 0:
                self._enabled = False
            case 1:
                self.loop.disable()
            case 2:
                self.robot.failure = FAILURES[int(self.rng.integers(0, len(FAILURES)))]
            case 3:
                self.robot.frozen_ns = now_ns
            case 4:
                self.robot.follows = float(self.rng.choice([0.0, 0.02, 0.05]))
            case 5:
                self.robot.force_n = 1e3
            case 6 if self.loop.at_rest and self.robot.sent is not None:  # moved by hand
                self.robot.sent = None
                self.robot.position = self.robot.position + self.rng.normal(0.0, 0.1, len(self.robot.position))
            case _:
                self._change_mode(now_ns)

    def _change_mode(self, now_ns: int) -> None:
        try:
            self.loop.set_mode(MODES[int(self.rng.integers(0, len(MODES)))], now_ns)
        except (ModeRefused, DriverError):
            return
        self._leader = self.robot.position

    def _lead(self, now_ns: int) -> None:
        joints = len(self._leader)
        self._leader = self._leader + self.rng.normal(0.0, self.rng.choice([0.0, 0.005, 0.03]), joints)
        self._offer(lambda: self.loop.teleoperate(Command(now_ns, self._leader), now_ns))

    def _follow(self, now_ns: int) -> None:
        self._number += 1
        self._offer(lambda: self.loop.accept(self._admitted(self._chunk(now_ns), now_ns), now_ns))

    def _admitted(self, chunk: ActionChunk, now_ns: int) -> ActionChunk:
        if self._admission is not None:
            self._admission.check(chunk, self.robot.position, now_ns, self.loop.at_rest)
            self.admitted += 1
        return chunk

    def _offer(self, offer: Callable[[], ActionChunk]) -> None:
        try:
            offer()
        except (ChunkRefused, SpecError):
            self.refused += 1
        else:
            self.accepted += 1

    def _chunk(self, now_ns: int) -> ActionChunk:
        """Return anything that a policy, or what lies between it and control, might send; may raise SpecError."""
        rng, joints = self.rng, len(self.embodiment.joint_names)
        rows, dt_s = int(rng.integers(2, 40)), float(rng.choice(DTS_S))
        start = self.robot.position if self.robot.sent is None else self.robot.sent
        shape = {
            "walk": lambda: np.cumsum(rng.normal(0.0, 0.03, (rows, joints)), axis=0),
            "drift": lambda: np.outer(np.arange(rows) * dt_s, rng.normal(0.0, 0.5, joints)),
            "far": lambda: np.outer(np.linspace(0.0, 1.0, rows), rng.normal(0.0, 3.0, joints)),
            "noise": lambda: rng.normal(0.0, 0.05, (rows, joints)),
            "huge": lambda: (
                np.outer(np.arange(rows) > rows // 2, np.ones(joints))
                * rng.choice([-1.7e308, 1.7e308, 1e9], (rows, joints))
            ),
            "nan": lambda: np.where(rng.random((rows, joints)) < 0.01, rng.choice([np.nan, np.inf]), 0.0),
            "shape": lambda: np.zeros((int(rng.integers(0, 3)), int(rng.integers(0, joints + 2)))),
        }[str(rng.choice(["walk", "walk", "drift", "drift", "far", "noise", "huge", "nan", "shape"]))]()
        reach = 0.1 if self.admits else 1.0
        positions = start + reach * shape if shape.shape[1:] == (joints,) else shape
        t0_ns = now_ns - int(rng.choice([0, 10**7, 10**8, 5 * 10**8, 3 * 10**9, -(10**8)]))
        observed_ns = t0_ns - int(rng.choice([0, 0, 0, 10**8, -(10**7)]))
        return chunk_of(positions, t0_ns, dt_s, self._number, observed_ns)


def variant(embodiment: Embodiment, rng: np.random.Generator) -> Embodiment:
    """Return the robot as it is, or with limits that are met more often: joints near theirs, or no workspace."""
    kind, rate_hz = int(rng.integers(0, 3)), float(rng.choice([embodiment.control_rate_hz, 100.0, 250.0, 500.0]))
    if kind == 0:
        return embodiment
    everywhere = Workspace((-3.0,) * 3, (3.0,) * 3)
    joints = {
        name: replace(limits, position_rad=(embodiment.home[name] - 0.2, embodiment.home[name] + 0.3))
        if kind == 2
        else limits
        for name, limits in embodiment.joints.items()
    }
    arms = {name: replace(arm, workspace=everywhere) for name, arm in embodiment.arms.items()}
    return replace(embodiment, arms=arms, joints=joints, control_rate_hz=rate_hz)
