"""A trial that is taken over and handed back, in virtual time: with the control loop, and the session of a device."""

from pathlib import Path

import numpy as np
import pytest
from control_rig import ARM, HOME, TICKS_PER_S, UR5, Rig, away, started_rig
from fake_station import FakeStation
from motion_fixtures import SETTINGS, chunk_of, ramp, site
from test_score_sheet import TASK

from ros_wam.errors import ChunkRefused
from ros_wam.teleop.device import Reading
from ros_wam.teleop.session import Phase, TeleopSession
from ros_wam.trial.outcome import Outcome
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.procedure import Procedure
from ros_wam.trial.runner import TrialRunner, TrialState
from ros_wam.types import FloatArray, Mode, StepRecord

PLANNED = PlannedTrial("001", TASK.name, "ur5", "p", TASK.prompt, seed=7, time_limit_s=60.0)
GOAL = away(0, 0.4)


class Table(FakeStation):
    """A robot that a policy moves to GOAL, and a leader arm that stands where the robot is taken over."""

    def __init__(self) -> None:
        super().__init__()
        self.delay_ns.update(dict.fromkeys(("reset", "home", "ready", "prepare", "stop"), 0), place=1 << 62)
        self.rig: Rig = started_rig()
        self.rig.enabled = False
        self.session = TeleopSession(UR5, site(SETTINGS))
        self.leader: FloatArray | None = None
        self.held = True
        self.phase: Phase | None = None
        self.runner = TrialRunner(self, PLANNED, Path("bag"), "bag", procedure=Procedure(device=True))
        while self.runner.state is not TrialState.RUNNING:
            self.runner.tick(self.rig.now_ns)
            self.now_ns = self.rig.now_ns
            self.rig.run(1)

    def start(self) -> None:
        super().start()
        self.rig.loop.set_mode(Mode.POLICY, self.rig.now_ns)

    def take_over(self) -> None:
        super().take_over()
        self.leader = self.rig.robot.position
        self.rig.loop.set_mode(Mode.TELEOP, self.rig.now_ns)

    def hand_back(self) -> None:
        super().hand_back()
        self.rig.loop.set_mode(Mode.POLICY, self.rig.now_ns)

    def enable(self) -> None:
        super().enable()
        if self.rig.loop.mode is not Mode.TELEOP:  # there the device's hold-to-run counts alone
            self.rig.loop.enable(self.rig.now_ns)

    def say(self, verb: str) -> None:
        assert self.runner.command({"verb": verb}, self.rig.now_ns) is None

    def advance(self, ticks: int = 1) -> list[StepRecord]:
        records = []
        for _ in range(ticks):
            self.now_ns = self.rig.now_ns
            self.runner.tick(self.rig.now_ns)
            records += self.rig.run(1)
            if self.leader is not None:
                reading = Reading(self.rig.now_ns, joints=self.leader, held=self.held)
                step = self.session.step(reading, records[-1].state, self.rig.loop.mode, self.rig.now_ns)
                self.phase = step.phase
                if step.enabled:
                    self.rig.loop.enable(self.rig.now_ns)
                if step.command is not None:
                    self.rig.loop.teleoperate(step.command, self.rig.now_ns)
        return records

    def infer(self) -> None:
        self.rig.follow(ramp(self.rig.robot.position, GOAL))


@pytest.fixture
def table() -> Table:
    table = Table()
    table.infer()
    table.advance(TICKS_PER_S // 2)
    assert table.rig.robot.position[0] > HOME[0] + 0.02, "the policy moves it"
    return table


def test_it_is_the_devices_in_the_next_period_and_follows_what_leads_it(table: Table) -> None:
    table.say("take_over")
    assert table.rig.loop.mode is Mode.TELEOP
    first = table.advance(1)[0]
    assert (first.mode, first.target) == (Mode.TELEOP, None)
    with pytest.raises(ChunkRefused, match="mode is TELEOP"):
        table.infer()
    table.advance(2 * TICKS_PER_S)
    assert table.phase is Phase.FOLLOWING
    assert table.leader is not None
    there = table.leader + 0.1 * np.eye(7)[1]
    for _ in range(2 * TICKS_PER_S):
        table.leader = table.leader + np.clip(there - table.leader, -0.002, 0.002)
        table.advance(1)
    np.testing.assert_allclose(table.rig.robot.position[ARM], there[ARM], atol=0.02)
    assert table.runner.state is TrialState.RUNNING


def test_the_policy_has_it_again_in_the_next_period_and_begins_with_what_it_sees_then(table: Table) -> None:
    table.advance(1)
    before_ns = table.rig.now_ns - 1
    table.say("take_over")
    table.advance(10)
    table.say("hand_back")
    first = table.advance(1)[0]
    assert (first.mode, first.target) == (Mode.POLICY, None)
    with pytest.raises(ChunkRefused, match="before POLICY was left"):
        table.rig.loop.accept(chunk_of(ramp(table.rig.robot.position, GOAL), before_ns), table.rig.now_ns)
    table.infer()
    for _ in range(8):
        table.advance(TICKS_PER_S // 2)
        table.infer()
    assert table.rig.robot.position[0] == pytest.approx(GOAL[0], abs=0.02)
    table.say("success")
    table.advance(20)
    assert table.runner.trial is not None
    assert (table.runner.trial.takeovers, table.runner.trial.outcome) == (1, Outcome.SUCCESS)


def test_a_device_that_is_let_go_holds_the_robot_and_ends_no_trial(table: Table) -> None:
    table.say("take_over")
    table.advance(TICKS_PER_S)
    table.held = False
    table.advance(TICKS_PER_S // 2)
    at = table.rig.robot.position
    table.advance(3 * TICKS_PER_S)
    np.testing.assert_array_equal(table.rig.robot.position, at)
    assert table.runner.state is TrialState.RUNNING
