"""One sitting in lockstep, with a trial for each fault: the production line and wire under a virtual clock."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_policy import profile_for
from faults.deeds import Deeds
from faults.evidence import Evidence
from faults.fault import Fault
from faults.intact import Intact
from faults.scripted_server import ScriptedServer, honest
from sim_run import TASKS, baseline_run

from ros_wam.clock import StationClock
from ros_wam.motion.loop import ControlLoop
from ros_wam.policy.client import make_client
from ros_wam.sim.lockstep_faults import LockstepFaults
from ros_wam.sim.lockstep_sitting import TRIAL_PERIOD_NS
from ros_wam.sim.lockstep_station import LockstepStation
from ros_wam.trial.bag_trace import measure_bag
from ros_wam.trial.plan import make_plan
from ros_wam.trial.results import Results
from ros_wam.trial.runner import TrialState
from ros_wam.trial.sitting import describe_sitting
from ros_wam.trial.sitting_runner import SittingRunner
from ros_wam.types import FloatArray

INJECT_S = 0.7
CALL_S = 3.0
TIME_LIMIT_S = 4.5
TRIALS = 99


class LockstepWorld:
    """`server` and `station.faults` are what a fault changes; all is well again after its trial."""

    def __init__(self, folder: Path, robot: str) -> None:
        run = baseline_run(robot, folder)
        self.robot = run.embodiment()
        self.server = ScriptedServer(self.robot)
        profile = profile_for(self.server.url, call_s=CALL_S, robot=self.robot)
        self._client = make_client(profile, self.robot, StationClock())
        self.station = LockstepStation(run, self.robot, profile, self._client, latency_ms=100.0)
        names = {"robot": robot, "task": TASKS[robot], "policy": "scripted", "prompt": "turn the wrist"}
        sitting = describe_sitting(folder / "sitting", **names, sim=True, trials=TRIALS, seed=1)
        results = Results(folder / "sitting", sitting)
        plan = make_plan(**names, time_limit_s=TIME_LIMIT_S, trials=TRIALS, seed=1)
        self.sitting = SittingRunner(self.station, plan, results, measure=measure_bag)
        self.patch = pytest.MonkeyPatch()
        self._intact = Intact(results.folder)
        self._deeds = Deeds()
        self._tick_ns = self.station.now_ns()

    def run(self, fault: Fault) -> Evidence:
        """Run one trial in which `fault` comes."""
        self._until_running()
        runner = self.sitting.runner
        assert runner is not None
        start_ns = self.station.now_ns()
        while self.station.now_ns() - start_ns < INJECT_S * 1e9:
            self.advance()
        injected_ns = self.station.now_ns()
        fault.inject(self)
        while runner.trial is None:
            self.advance()
        self._mend()
        self._intact.check()
        trial_dir = self._intact.folder / "trials" / runner.planned.trial_id
        return Evidence(trial_dir, injected_ns)

    @property
    def control(self) -> ControlLoop:
        """The robot's control loop."""
        return self.station._control

    @property
    def position(self) -> FloatArray:
        """`(n,)` where the robot is."""
        return self.station._robot.world.joint_position()

    def after(self, wait_s: float, act: Callable[[], None]) -> None:
        """Do something so much later."""
        self._deeds.at(self.station.now_ns() + round(wait_s * 1e9), act)

    def advance(self) -> None:
        """Go on by one control period."""
        self._deeds.do(self.station.now_ns())
        if self.station.now_ns() >= self._tick_ns:
            self.sitting.tick(self.station.now_ns())
            self._tick_ns += TRIAL_PERIOD_NS
        self.station.advance()

    def close(self) -> None:
        """End the server, the client and the station."""
        self.station.close()
        self._client.close()
        self.server.kill()

    def _until_running(self) -> None:
        while self.sitting.runner is None or self.sitting.runner.state is not TrialState.RUNNING:
            self.advance()

    def _mend(self) -> None:
        self._deeds.clear()
        self.patch.undo()
        self.station.faults = LockstepFaults()
        self.server.script = honest
        if self.server.dead:
            self.server.revive()
