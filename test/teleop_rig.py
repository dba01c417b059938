"""The line of teleoperation in one process, in virtual time: hand, emulated leader, session, control, simulated robot.

Device, session, control loop, smoother, gate and ladder are the production classes; the robot is the simulated one.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from emulated_leader import LEADERS, of_robot
from emulator_process import ROOT
from motion_fixtures import START_NS
from virtual_leader import put_in_place

from ros_wam.clock import FakeClock
from ros_wam.config import build
from ros_wam.drivers.sim import SimDriver
from ros_wam.errors import ChunkRefused
from ros_wam.motion.loop import build_control_loop
from ros_wam.sim.emulators.leader import make_leader
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.world import STEP_NS, World
from ros_wam.teleop import make_device
from ros_wam.teleop.key_map import HOLD, SPEEDS
from ros_wam.teleop.keys import KeyState
from ros_wam.teleop.leader_settings import LeaderSettings
from ros_wam.teleop.leading import Leading
from ros_wam.teleop.session import Phase, TeleopSession, TeleopStep
from ros_wam.types import FloatArray, Mode, StepRecord

FASTER = next(iter(SPEEDS))
TASKS = {"aloha": "stack_bowls", "ur5": "move_objects_into_box", "franka": "move_objects_into_box"}


class TeleopRig:
    """One robot and its leader. `keys` are held; `wants` is the enable heartbeat of whoever else drives.

    Without `triggers` hold-to-run is a key.
    """

    def __init__(self, robot: str, run_dir: Path, monkeypatch: pytest.MonkeyPatch, triggers: bool = True) -> None:
        self.embodiment, station = of_robot(robot, run_dir)
        if not triggers:
            del station.leaders[LEADERS[robot]]["hold_opening"]
        self.clock = FakeClock(START_NS)
        leader = make_leader(LEADERS[robot], station, self.embodiment, run_dir)
        assert leader is not None
        self.leader = leader
        self.leader.start()
        settings = {key: value for key, value in station.leaders[LEADERS[robot]].items() if key != "driver"}
        put_in_place(monkeypatch, self.leader, build(settings, LeaderSettings, "leader"))
        world = World(self.embodiment, ROOT / f"calib/{robot}/sim", TASKS[robot], 1)
        self.robot = SimRobot(world)
        driver = SimDriver(self.robot, self.clock)
        driver.connect()
        self.loop = build_control_loop(self.embodiment, driver, station)
        device = make_device(LEADERS[robot], station, self.embodiment, run_dir, self.clock)
        self.keys: set[str] = {HOLD}
        self.leading = Leading(device, TeleopSession(self.embodiment, station), self._pressed)
        self.faster = 0
        self.wants = True
        self.refusals: list[str] = []
        self.steps: list[TeleopStep] = []
        self._period_ns = round(self.embodiment.period_s * 1e9)
        self.run(3)

    @property
    def position(self) -> FloatArray:
        """Where the robot is `(n,)`."""
        return self.robot.world.joint_position()

    def close(self) -> None:
        self.leading.close()
        self.leader.close()

    def run(self, ticks: int) -> list[StepRecord]:
        """Let control tick, and the device be read as often."""
        records = []
        for _ in range(ticks):
            self.clock.advance_ns(self._period_ns)
            self.robot.step(round(self._period_ns / STEP_NS))
            now_ns = self.clock.now_ns()
            self.leader.hand.advance(now_ns)
            records.append(self.loop.tick(now_ns))
            step = self.leading.step(records[-1].state, self.loop.mode, self.clock.now_ns)
            self.steps.append(step)
            beat = self.leading.beat(step, self.loop.mode, now_ns)
            if beat is False:
                self.loop.disable()
            elif beat or (beat is None and self.wants and self.loop.mode is not Mode.TELEOP):
                self.loop.enable(now_ns)
            if step.command is not None:
                try:
                    self.loop.teleoperate(step.command, self.clock.now_ns())
                except ChunkRefused as refused:
                    self.refusals.append(str(refused))
        return records

    def _pressed(self) -> KeyState:
        """Return which keys are down; `faster` is pressed once in each step, as often as it is said."""
        pressed, self.faster = ((FASTER,), self.faster - 1) if self.faster else ((), 0)
        return KeyState(frozenset(self.keys), pressed)

    def lead(self, by: Mapping[str, float], duration_s: float) -> None:
        """Have the hand turn joints of the leader by so much [rad, grippers of their stroke] from where it is."""
        at = dict(zip(self.embodiment.joint_names, self.leader.hand.position().tolist(), strict=True))
        self.leader.lead({name: at[name] + turn for name, turn in by.items()}, duration_s, True)

    def following(self) -> "TeleopRig":
        """Bring it to where the robot follows."""
        self.loop.set_mode(Mode.TELEOP, self.clock.now_ns())
        self.run(round(0.8 / self.embodiment.period_s))
        assert self.steps[-1].phase is Phase.FOLLOWING, self.steps[-1].detail
        return self

    def away(self, records: list[StepRecord]) -> float:
        """How far the arms were sent while these were made [rad]."""
        sent = np.array([record.sent.position for record in records])[:, ~self.embodiment.is_gripper]
        return float(np.ptp(sent, axis=0).max())
