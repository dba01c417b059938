"""World, control loop, scorer and recorder under a virtual clock: the same whoever moves the robot."""

from abc import ABC, abstractmethod
from pathlib import Path

from ros_wam.calibration import load_view
from ros_wam.causes import Cause
from ros_wam.clock import FakeClock
from ros_wam.drivers.sim import SimDriver
from ros_wam.embodiment import Embodiment
from ros_wam.motion.loop import build_control_loop
from ros_wam.motion.status import LoopStatus
from ros_wam.run_config import RunConfig
from ros_wam.sim.lockstep_faults import LockstepFaults
from ros_wam.sim.lockstep_recorder import LockstepRecorder
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.scoring import SCORE_PERIOD_NS, Scorer
from ros_wam.sim.world import STEP_NS, World
from ros_wam.task import load_task
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.watch import StationWatch
from ros_wam.types import Mode, Stage, StepRecord

EPOCH_NS = 1_000_000_000  # stamps start here: 0 means "none" in too many places


class LockstepWorld(ABC):
    """A Station whose time is that of its world. `advance` moves everything by one control period.

    What moves the robot is said by those who derive from it: in `start`, and in `_drive`.
    """

    def __init__(self, config: RunConfig, embodiment: Embodiment) -> None:
        """Raises SimError."""
        assert config.task is not None
        self._embodiment = embodiment
        self.faults = LockstepFaults()
        self._station = config.station()
        self._clock = FakeClock(EPOCH_NS)
        self._task = load_task(config.task)
        self._world = World(embodiment, config.calibration, self._task.name, config.seed)
        self._robot = SimRobot(self._world)
        self._calibrations = {view: load_view(config.calibration, view) for view in embodiment.views}
        self._recorder = LockstepRecorder(config, embodiment, self._calibrations)
        self._steps = round(embodiment.period_s * 1e9 / STEP_NS)
        self._begin_anew()

    def now_ns(self) -> int:
        """Return the virtual time."""
        return self._clock.now_ns()

    def advance(self) -> None:
        """Advance control, what moves the robot, and the world by one control period."""
        now_ns, steps = self._clock.now_ns(), self._period_steps()
        if self.faults.late_ticks > 0:
            self.faults.late_ticks -= 1
        else:
            self._tick(now_ns, steps)
        if self._running:
            self._drive(now_ns)
        for _ in range(steps):
            self._step()
        if self._clock.now_ns() >= self._score_ns:
            self._scorer.update(self._clock.now_ns())
            self._score_ns += SCORE_PERIOD_NS

    @abstractmethod
    def start(self) -> None:
        """See Station."""

    @abstractmethod
    def _drive(self, now_ns: int) -> None:
        """Do what moves the robot; called once per control period between `start` and `stop`."""

    @abstractmethod
    def _saw(self, record: StepRecord) -> None:
        """Take note of a control tick."""

    def _step(self) -> None:
        self._robot.step()
        self._clock.advance_ns(STEP_NS)

    def _period_steps(self) -> int:
        """Return how many physics steps the control period that begins now has."""
        return self._steps

    def _tick(self, now_ns: int, steps: int) -> None:
        record = self._control.tick(now_ns, self._due_ns)
        self._due_ns: int = now_ns + steps * STEP_NS
        self._saw(record)
        self._recorder.add_step(record)
        cause = self._control.cause
        said = {"mode": record.mode.value, "cause": cause.value if cause else "", "detail": self._control.detail}
        self._watch.safety(said)
        self._status.take(record)
        if self._status.due(now_ns):
            self._recorder.add_status(self._status.say(now_ns), now_ns)

    def close(self) -> None:
        """Close an open bag, and free what those who derive from this hold."""
        self._recorder.stop()

    def reset(self, seed: int) -> None:
        """See Station. The robot is put home at once, so that every trial starts from the same state."""
        self._robot.place(self._embodiment.home_position)
        self._world.reset(seed)
        self._begin_anew()

    def reset_done(self) -> bool:
        """See Station."""
        return True

    def home(self) -> None:
        """See Station."""
        self._control.home(self._clock.now_ns())

    def at_home(self) -> bool:
        """See Station."""
        return self._control.at_home

    def not_ready(self) -> str | None:
        """See Station."""
        return None

    def prepare(self, trial: PlannedTrial, bag_dir: Path) -> None:
        """See Station."""
        self._recorder.start(trial, bag_dir, self._clock.now_ns())

    def recording(self) -> bool:
        """See Station."""
        return self._recorder.is_open

    def take_over(self) -> None:
        """See Station. Nobody is here to lead the robot: it holds."""
        self._running = False
        self._control.set_mode(Mode.HOLD, self._clock.now_ns())

    def hand_back(self) -> None:
        """See Station."""
        self.start()

    def stop(self) -> None:
        """See Station."""
        self._running = False
        self._watch.running(False)
        self._recorder.add_command("stop", self._clock.now_ns())
        self._control.set_mode(Mode.HOLD, self._clock.now_ns())

    def stopped(self) -> bool:
        """See Station. The record goes on until the robot rests."""
        if not self._control.at_rest and self._control.mode is not Mode.FAULT:
            return False
        self._recorder.stop()
        return True

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        """See Station."""
        return self._scorer.stages(), self._scorer.succeeded()

    def fault(self) -> tuple[Cause, str] | None:
        """See Station."""
        return self._watch.fault(self._clock.now_ns())

    def enable(self) -> None:
        """See Station."""
        if self.faults.beats:
            self._control.enable(self._clock.now_ns())

    def _begin_anew(self) -> None:
        """Make what a trial must not inherit from the one before."""
        driver = SimDriver(self._robot, self._clock)
        driver.connect()
        self._control = build_control_loop(self._embodiment, driver, self._station)
        self._status = LoopStatus(self._control)
        self._due_ns = self._clock.now_ns()
        self._scorer = Scorer(self._world, self._task)
        self._score_ns = self._clock.now_ns()
        self._watch: StationWatch = StationWatch((), {}, lambda: [])
        self._running = False
