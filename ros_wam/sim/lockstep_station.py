"""A trial's station under a virtual clock: world, control loop and policy loop advance one period at a time."""

from dataclasses import dataclass, replace
from pathlib import Path

from ros_wam.calibration import load_view
from ros_wam.causes import Cause
from ros_wam.clock import FakeClock
from ros_wam.drivers.sim import SimDriver
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, ObservationError, PolicyError
from ros_wam.kinematics import Kinematics
from ros_wam.motion.loop import build_control_loop
from ros_wam.policy.admission import Admission
from ros_wam.policy.client import PolicyClient
from ros_wam.policy.loop import PolicyLoop, PolicyStep
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Profile
from ros_wam.policy.runner import PolicyState, PolicyStatus
from ros_wam.run_config import RunConfig
from ros_wam.sim.lockstep_recorder import LockstepRecorder
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.scoring import SCORE_PERIOD_NS, Scorer
from ros_wam.sim.world import STEP_NS, World
from ros_wam.task import load_task
from ros_wam.trial.plan import PlannedTrial
from ros_wam.types import CameraFrame, Mode, Observation, Reply, Stage

EPOCH_NS = 1_000_000_000  # stamps start here: 0 means "none" in too many places


@dataclass(frozen=True, eq=False)
class _Inference:
    """An answer on its way: it arrives at `due_ns`."""

    observation: Observation
    reply: Reply
    due_ns: int


class LockstepStation:
    """A Station whose time is that of its world. `advance` moves everything by one control period."""

    def __init__(
        self, config: RunConfig, embodiment: Embodiment, profile: Profile, client: PolicyClient, latency_ms: float
    ) -> None:
        """`client` is connected; each of its answers is taken to have needed `latency_ms`. Raises SimError."""
        assert config.task is not None
        self._embodiment, self._profile, self._client = embodiment, profile, client
        self._latency_ns = round(latency_ms * 1e6)
        self._clock = FakeClock(EPOCH_NS)
        self._task = load_task(config.task)
        self._world = World(embodiment, config.calibration, self._task.name, config.seed)
        self._robot = SimRobot(self._world)
        self._kinematics = Kinematics(embodiment)
        calibrations = {view: load_view(config.calibration, view) for view in embodiment.views}
        self._renderer = Renderer(self._world.model, calibrations)
        self._recorder = LockstepRecorder(config, embodiment, calibrations, profile)
        self._steps = round(embodiment.period_s * 1e9 / STEP_NS)
        self._prompt = ""
        self._fault: tuple[Cause, str] | None = None
        self._begin_anew()

    def now_ns(self) -> int:
        """Return the virtual time."""
        return self._clock.now_ns()

    def advance(self) -> None:
        """Advance control, policy and world by one control period."""
        now_ns = self._clock.now_ns()
        record = self._control.tick(now_ns)
        if record.state is not None:
            self._observations.add_joint_state(record.state)
        self._recorder.add_step(record)
        if self._running:
            self._infer(now_ns)
        for _ in range(self._steps):
            self._robot.step()
            self._clock.advance_ns(STEP_NS)
        if self._clock.now_ns() >= self._score_ns:
            self._scorer.update(self._clock.now_ns())
            self._score_ns += SCORE_PERIOD_NS

    def close(self) -> None:
        """Free the renderer and close an open bag."""
        self._recorder.stop()
        self._renderer.close()

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
        self._prompt = trial.prompt
        self._recorder.start(trial, bag_dir, self._clock.now_ns())

    def recording(self) -> bool:
        """See Station."""
        return self._recorder.is_open

    def start(self) -> None:
        """See Station."""
        try:
            self._policy.start(self._prompt)
        except PolicyError as error:
            self._fault = (error.cause, str(error))
            return
        self._recorder.add_command("start", self._clock.now_ns())
        self._control.set_mode(Mode.POLICY, self._clock.now_ns())
        self._running = True

    def stop(self) -> None:
        """See Station."""
        self._running = False
        self._recorder.add_command("stop", self._clock.now_ns())
        self._control.set_mode(Mode.HOLD, self._clock.now_ns())

    def stopped(self) -> bool:
        """See Station."""
        self._recorder.stop()
        return not self._recorder.is_open

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        """See Station."""
        return self._scorer.stages(), self._scorer.succeeded()

    def fault(self) -> tuple[Cause, str] | None:
        """See Station."""
        if self._fault is None and self._control.mode is Mode.FAULT:
            return self._control.cause or Cause.DRIVER_LOST, f"the robot is in FAULT: {self._control.detail}"
        return self._fault

    def enable(self) -> None:
        """See Station."""
        self._control.enable(self._clock.now_ns())

    def _begin_anew(self) -> None:
        """Make what a trial must not inherit from the one before."""
        driver = SimDriver(self._robot, self._clock)
        driver.connect()
        self._control = build_control_loop(self._embodiment, driver)
        views, freshness = tuple(self._profile.views), self._profile.freshness
        self._observations = ObservationBuilder(self._embodiment, views, self._embodiment.period_s, freshness)
        admission = Admission(self._embodiment, self._kinematics.tool_pose)
        self._policy = PolicyLoop(
            self._profile, self._embodiment, self._client, self._observations, admission, self._clock
        )
        self._scorer = Scorer(self._world, self._task)
        self._score_ns = self._clock.now_ns()
        self._pending: _Inference | None = None
        self._fault = None
        self._running = False

    def _infer(self, now_ns: int) -> None:
        """Take the answer that is due, or ask when it is time to; a policy that has failed is not asked again."""
        try:
            if self._pending is None and self._policy.due(now_ns):
                self._look(now_ns)
                observation = self._policy.ask(now_ns)
                self._pending = _Inference(observation, self._client.infer(observation), now_ns + self._latency_ns)
            if self._pending is not None and now_ns >= self._pending.due_ns:
                answered, self._pending = self._pending, None
                self._take(answered, now_ns)
        except (ObservationError, PolicyError) as error:
            self._fault = (error.cause, str(error))
            self._running = False

    def _look(self, now_ns: int) -> None:
        snapshot = self._world.snapshot(EPOCH_NS)
        for view in self._profile.views:
            frame = CameraFrame(view, now_ns, self._renderer.render(snapshot, view))
            self._observations.add_frame(frame)
            self._recorder.add_frame(frame)

    def _take(self, inference: _Inference, now_ns: int) -> None:
        chunk, refused = None, None
        try:
            chunk = self._policy.take(inference.observation, inference.reply, now_ns)
            self._control.accept(chunk, now_ns)
        except ChunkRefused as error:
            refused = error
        # The call took what it is said to take; how long it really took depends on the machine.
        reply = replace(inference.reply, timing_ms={"round_trip": self._latency_ns * 1e-6}, server_infer_ms=None)
        inference_id, timing_ms = self._policy.inference_id, dict(reply.timing_ms)
        step = PolicyStep(inference_id, inference.observation, reply, chunk, refused, timing_ms)
        self._recorder.add_policy_status(PolicyStatus(PolicyState.RUNNING, step=step), now_ns)
