"""The gate of a robot with two arms: each has its own workspace and its own force; the arithmetic here is exact."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from motion_fixtures import START_NS

from ros_wam.causes import Cause, Limit
from ros_wam.embodiment import Arm, Embodiment, GripperLimits, JointLimits, Workspace
from ros_wam.kinematics import Kinematics
from ros_wam.motion.safety import SafetyGate
from ros_wam.types import Command, FloatArray, JointState, SafetyVerdict

PERIOD_S = 1.0 / 128.0
FOREVER_NS = 2**62
BOX = Workspace((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))
LEFT, RIGHT = 0, 2


def two_arms() -> Embodiment:
    """Two arms of one joint each, which moves the tool along x, a metre for a radian; only the right feels a force."""
    arms = {
        side: Arm((f"{side}_joint",), f"{side}_gripper", "base", "tool", BOX, force_n)
        for side, force_n in (("left", None), ("right", 50.0))
    }
    limits = JointLimits((-3.0, 3.0), 2.0, 8.0, 80.0)
    return Embodiment(
        name="pair",
        driver="none",
        model=Path("pair.xml"),
        control_rate_hz=128.0,
        payload_kg=0.0,
        views=(),
        arms=arms,
        joints={f"{side}_joint": limits for side in arms},
        grippers={f"{side}_gripper": GripperLimits(1.0, 10.0, 0.1) for side in arms},
        home={name: 0.0 for side in arms for name in (f"{side}_joint", f"{side}_gripper")},
        start_distance_rad=0.1,
        tracking_rad=0.3,
    )


class Rails:
    """The tool of an arm is where its joint is."""

    def tool_position(self, position: FloatArray, arm: str) -> FloatArray:
        return np.array([position[{"left": LEFT, "right": RIGHT}[arm]], 0.0, 0.0])


@dataclass
class Pair:
    """A gate that is open, at the joint positions of both arms."""

    gate: SafetyGate
    now_ns: int
    start: FloatArray

    @classmethod
    def at(cls, left: float, right: float, embodiment: Embodiment | None = None) -> "Pair":
        gate = SafetyGate(embodiment or two_arms(), cast(Kinematics, Rails()))
        pair = cls(gate, START_NS, np.array([left, 0.0, right, 0.0]))
        pair.ask(0.0, 0.0)
        return pair

    def ask(self, left: float, right: float, force_n: Sequence[float] | FloatArray = (0.0, 0.0)) -> SafetyVerdict:
        """Ask for so much more of the two joints."""
        self.now_ns += 7_812_500
        self.gate.enable(self.now_ns)
        given = self.start if self.gate.position is None else self.gate.position
        state = JointState(self.now_ns, given, np.zeros(4), np.zeros(4), np.array(force_n))
        asked = Command(self.now_ns, given + np.array([left, 0.0, right, 0.0]))
        return self.gate.check(asked, state, FOREVER_NS, self.now_ns)


@pytest.mark.parametrize(("left", "right", "arm"), [(1e-5, 0.0, "left"), (0.0, 1e-5, "right"), (0.0, -1e-5, "right")])
def test_each_arm_has_its_own_workspace(left: float, right: float, arm: str) -> None:
    edge = 1.0 if left + right > 0.0 else -1.0
    pair = Pair.at(edge if arm == "left" else 0.2, edge if arm == "right" else 0.2)
    verdict = pair.ask(left, right)
    assert verdict.cause is Cause.WORKSPACE
    told = verdict.interventions[0]
    assert (told.limit, told.joint, told.given) == (Limit.WORKSPACE, arm, edge)
    assert told.asked == pytest.approx(edge + left + right)
    assert pair.ask(-left, -right).cause is None


@pytest.mark.parametrize("outside", ["left", "right"])
def test_an_arm_that_is_outside_and_stays_lets_the_other_move(outside: str) -> None:
    pair = Pair.at(*(1.5, 0.0) if outside == "left" else (0.0, 1.5))
    further, elsewhere = ((1e-5, 0.0), (0.0, 1e-5)) if outside == "left" else ((0.0, 1e-5), (1e-5, 0.0))
    assert pair.ask(*elsewhere).cause is None
    assert pair.ask(*elsewhere).cause is None
    assert pair.ask(*further).cause is Cause.WORKSPACE


def test_a_millionth_of_a_metre_outside_is_rounding() -> None:
    box = Workspace((-1.0, -1.0, -1.0), (0.0, 1.0, 1.0))
    arms = {name: replace(arm, workspace=box) for name, arm in two_arms().arms.items()}
    narrow = replace(two_arms(), arms=arms)
    assert Pair.at(0.0, 0.0, narrow).ask(1e-6, 0.0).cause is None
    assert Pair.at(0.0, 0.0, narrow).ask(1.001e-6, 0.0).cause is Cause.WORKSPACE


def test_each_arm_has_its_own_force() -> None:
    pair = Pair.at(0.0, 0.0)
    assert {pair.ask(0.0, 0.0, (1e6, 50.0)).cause for _ in range(10)} == {None}
    assert [pair.ask(0.0, 0.0, (0.0, 50.1)).cause for _ in range(4)] == [None] * 3 + [Cause.CONTACT_FORCE]


@pytest.mark.parametrize("shape", [(0,), (1,), (3,)])
def test_forces_that_are_not_measured_are_not_missed_where_none_is_limited(shape: tuple[int]) -> None:
    free = replace(two_arms(), arms={name: replace(arm, tool_force_n=None) for name, arm in two_arms().arms.items()})
    pair = Pair.at(0.0, 0.0, free)
    assert {pair.ask(0.0, 0.0, np.zeros(shape)).cause for _ in range(10)} == {None}


def test_the_slowest_joint_that_moves_keeps_a_hold_from_ending() -> None:
    for joint in (LEFT, RIGHT):
        pair = Pair.at(0.0, 0.0)
        step = np.where(np.arange(4) == joint, 3e-4, 0.0)
        pair.ask(step[LEFT], step[RIGHT])
        assert not pair.gate.at_rest and not pair.gate.may_open
