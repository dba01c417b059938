"""Whatever comes and whenever, no sent command leaves the limits: the whole control line of every robot, at random.

`ROS_WAM_PROPERTY_TICKS` says how many control ticks each robot gets; `make property` asks for a million.
"""

import logging
import os
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from motion_fixtures import ROBOTS, robot
from motion_line import MotionLine, variant
from sent_motion import SentMotion

from ros_wam.motion.safety import SafetyGate
from ros_wam.motion.smoother import Smoother
from ros_wam.types import Command, FloatArray, JointState, SafetyVerdict

TICKS = int(os.environ.get("ROS_WAM_PROPERTY_TICKS", "10000"))
EPISODE_TICKS = 2000
ADMITS_EVERY = 5
LOG = logging.getLogger("motion line")
UR5 = robot()
NAMES = sorted(path.stem for path in ROBOTS.glob("*.yaml"))
ALWAYS = ("ur5", "franka", "aloha")  # the others are one arm of six joints too; `make property` takes all
in_many_ticks = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.thorough]) for name in NAMES]
)


@dataclass
class Tally:
    """What all episodes of one robot came to."""

    ticks: int = 0
    admitted: int = 0
    accepted: int = 0
    refused: int = 0
    moved: int = 0
    narrowed: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, line: MotionLine, ticks: int, seed: list[int]) -> None:
        self.ticks += ticks
        self.admitted += line.admitted
        self.accepted += line.accepted
        self.refused += line.refused
        self.moved += line.moved
        self.narrowed += line.narrowed
        self.seen += line.seen
        self.violations += [f"seed {seed}: {violation}" for violation in line.motion.violations]


def drive(name: str, ticks: int, seed: int = 0) -> Tally:
    """Drive one robot through episodes, each with its own limits and its own seed; say from time to time how far."""
    tally, began_s, said_s = Tally(), time.monotonic(), time.monotonic()
    while tally.ticks < ticks:
        episode = [seed, tally.ticks]
        rng = np.random.default_rng(episode)
        admits = tally.ticks // EPISODE_TICKS % ADMITS_EVERY == ADMITS_EVERY - 1
        line = MotionLine(variant(robot(name), rng), rng, admits)
        lasting = min(EPISODE_TICKS, ticks - tally.ticks)
        line.run(lasting)
        tally.add(line, lasting, episode)
        if time.monotonic() - said_s > 10.0:
            said_s = time.monotonic()
            rate = tally.ticks / (said_s - began_s)
            left_s = (ticks - tally.ticks) / rate
            LOG.info(f"{name}: {tally.ticks} of {ticks} ticks, {rate:.0f} per second, {left_s:.0f} s left")
    LOG.info(f"{name}: {tally.ticks} ticks in {time.monotonic() - began_s:.0f} s, {len(tally.violations)} violations")
    LOG.info(
        f"  {tally.admitted} chunks admitted, {tally.accepted} accepted, {tally.refused} refused, "
        f"{tally.moved} ticks open, {dict(tally.seen)}"
    )
    return tally


def check(tally: Tally) -> None:
    assert tally.violations == []
    assert tally.narrowed == 0, "the smoother asked for what the gate had to narrow"
    assert min(tally.accepted, tally.refused, tally.moved) > 0


@pytest.mark.parametrize("name", ALWAYS)
def test_no_sent_command_leaves_the_limits(name: str) -> None:
    check(drive(name, 1000, seed=1))


@in_many_ticks
@pytest.mark.virtual
@pytest.mark.slow
def test_no_sent_command_leaves_the_limits_in_many_ticks(name: str) -> None:
    tally = drive(name, TICKS)
    check(tally)
    assert tally.admitted > 0
    assert {"POLICY", "TELEOP", "HOMING", "HOLD", "FAULT", "open", "enable_lost", "state_stale"} <= set(tally.seen)


def unbounded(_: Smoother, wanted: FloatArray) -> FloatArray:
    return wanted


def with_jerk(smoother: Smoother, wanted: FloatArray) -> FloatArray:
    limit = smoother._acceleration_limit * smoother._arm
    return np.asarray(np.clip(wanted, -limit, limit))


def let_through(
    gate: SafetyGate, desired: Command, state: JointState | None, _: int | None, now_ns: int, *_args: object
) -> SafetyVerdict:
    if gate.position is None:
        return gate._begin(state, now_ns)
    gate._position = desired.position
    return SafetyVerdict(desired, None)


def test_a_smoother_without_a_jerk_limit_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Smoother, "_reachable", with_jerk)
    assert any(": jerk of" in violation for violation in drive("ur5", 1000).violations)


def test_a_smoother_that_asks_for_too_much_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Smoother, "_reachable", unbounded)
    assert drive("ur5", 1000).narrowed > 0


def test_a_gate_that_lets_everything_through_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SafetyGate, "check", let_through)
    monkeypatch.setattr(Smoother, "_reachable", unbounded)
    found = " ".join(drive("ur5", 1000).violations)
    assert all(f": {limit} of" in found for limit in ("acceleration", "jerk"))  # steps are refused by the driver


def judged(positions: FloatArray, held: bool = False) -> list[str]:
    motion = SentMotion(UR5)
    for position in positions:
        motion.take(position)
        motion.judge(held)
    return motion.violations


def along(joint: int, samples: FloatArray) -> FloatArray:
    return np.asarray(UR5.home_position + np.outer(samples, np.eye(7)[joint]))


SECOND = UR5.period_s**2


@pytest.mark.parametrize(
    ("positions", "limit"),
    [
        (along(0, np.array([0.0, 2.01 * UR5.period_s])), "velocity of joint1"),
        (along(6, np.array([0.0, -1.71 * UR5.period_s])), "velocity of gripper"),
        (along(1, np.array([0.0, 8.01 * SECOND])), "acceleration of joint2"),
        (along(2, np.array([0.0, 80.1 * SECOND * UR5.period_s])), "jerk of joint3"),
        (along(6, np.array([0.0, 0.001])), "position of gripper"),
        (along(5, np.array([0.0, np.nan])), "sent"),
        (along(0, np.linspace(0.0, 1.5, 3000)), "rests"),
    ],
)
def test_each_departure_from_a_limit_is_found(positions: FloatArray, limit: str) -> None:
    assert any(limit in violation for violation in judged(positions))


def test_what_keeps_the_limits_is_found_good_and_a_hold_may_jerk() -> None:
    start = along(0, np.array([0.0, 79.9, 0.0]) * SECOND * UR5.period_s)
    assert judged(start[:2]) == []
    assert judged(along(0, np.array([0.0, 7.9 * SECOND])), held=True) == []


def test_a_motion_begins_anew_after_a_stop() -> None:
    motion = SentMotion(UR5)
    motion.take(UR5.home_position)
    motion.judge(held=True)
    motion.begin()
    motion.take(along(0, np.array([0.5]))[0])
    motion.judge(held=True)
    motion.judge(held=False)  # nothing was sent since
    assert motion.violations == []
