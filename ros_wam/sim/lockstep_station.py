"""A trial's station under a virtual clock: world, control loop and policy loop advance one period at a time."""

from dataclasses import dataclass, replace
from pathlib import Path

from ros_wam.causes import Cause
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, ObservationError, PolicyError, PolicyTimeout
from ros_wam.ladder import LADDER
from ros_wam.policy.admission import build_admission
from ros_wam.policy.client import PolicyClient
from ros_wam.policy.frame_history import FrameHistory
from ros_wam.policy.loop import PolicyLoop, PolicyStep
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Profile
from ros_wam.policy.runner import PolicyState, PolicyStatus
from ros_wam.run_config import RunConfig
from ros_wam.sim.lockstep_world import EPOCH_NS, LockstepWorld
from ros_wam.sim.renderer import Renderer
from ros_wam.trial.plan import PlannedTrial
from ros_wam.types import CameraFrame, Mode, Observation, Reply, StepRecord

FRAME_PERIOD_NS = 33_333_333  # so often a policy that lacks an observation looks again


@dataclass(frozen=True, eq=False)
class _Inference:
    """An answer on its way, or the news that none will come: it arrives at `due_ns`."""

    observation: Observation
    reply: Reply | PolicyTimeout
    due_ns: int


class LockstepStation(LockstepWorld):
    """A Station whose robot is moved by a policy."""

    def __init__(
        self, config: RunConfig, embodiment: Embodiment, profile: Profile, client: PolicyClient, latency_ms: float
    ) -> None:
        """`client` is connected; each of its answers is taken to have needed `latency_ms`. Raises SimError."""
        self._profile, self._client, self._latency_ms = profile, client, latency_ms
        self._admission = build_admission(embodiment, config.station().fixtures)
        super().__init__(config, embodiment)
        self._renderer = Renderer(self._world.model, self._calibrations)
        self._prompt = ""

    def close(self) -> None:
        """Free the renderer and close an open bag."""
        super().close()
        self._renderer.close()

    def prepare(self, trial: PlannedTrial, bag_dir: Path) -> None:
        """See Station."""
        self._prompt = trial.prompt
        super().prepare(trial, bag_dir)

    def start(self) -> None:
        """See Station."""
        try:
            self._policy.start(self._prompt)
        except PolicyError as error:
            self._fail(error)
            return
        self._recorder.add_command("start", self._clock.now_ns())
        self._control.set_mode(Mode.POLICY, self._clock.now_ns())
        self._watch.running(True)
        self._running = True

    def _begin_anew(self) -> None:
        super()._begin_anew()
        views, freshness = self._profile.views, self._profile.freshness
        history = FrameHistory(self._profile.lookback, self._profile.dt_s)
        self._observations = ObservationBuilder(self._embodiment, views, self._embodiment.period_s, freshness, history)
        self._policy = PolicyLoop(
            self._profile, self._embodiment, self._client, self._observations, self._admission, self._clock
        )
        self._pending: _Inference | None = None
        self._blind_since_ns: int | None = None
        self._look_ns = self._history_ns = 0

    def _saw(self, record: StepRecord) -> None:
        if record.state is not None:
            self._observations.add_joint_state(record.state)
        self._policy.speed.tell(self._control.speed, record.stamp_ns)

    def _drive(self, now_ns: int) -> None:
        """Take the answer that is due, or ask when it is time to; a policy that has failed is not asked again."""
        try:
            if self._observations.looks_back(now_ns) and now_ns >= self._history_ns:
                self._look(now_ns)
                self._history_ns = now_ns + round(self._profile.dt_s * 1e9)
            if self._pending is None and now_ns >= self._look_ns and self._policy.due(now_ns):
                self._look(now_ns)
                self._pending = self._ask(now_ns)
                if self._pending is None:
                    self._look_ns = now_ns + FRAME_PERIOD_NS
                self._blind_since_ns = None
            if self._pending is not None and now_ns >= self._pending.due_ns:
                answered, self._pending = self._pending, None
                self._take(answered, now_ns)
        except ObservationError as error:
            self._look_ns = now_ns + FRAME_PERIOD_NS
            self._blind_since_ns = now_ns if self._blind_since_ns is None else self._blind_since_ns
            grace_ns = LADDER[Cause.CAMERA_STALE].delay_ns(self._embodiment.period_s)
            if now_ns - self._blind_since_ns > grace_ns:
                self._fail(error)
        except PolicyError as error:
            self._fail(error)

    def _fail(self, error: ObservationError | PolicyError) -> None:
        self._running = False
        self._watch.policy({"state": PolicyState.FAILED.value, "cause": error.cause.value, "detail": str(error)})

    def _ask(self, now_ns: int) -> _Inference | None:
        """Ask the server over its wire; what it answers takes virtual time, and so does waiting for what does not come.

        None while the cameras show nothing new. Raises ObservationError and every PolicyError but PolicyTimeout, which
        comes when the wait is over.
        """
        observation = self._policy.ask(now_ns)
        if observation is None:
            return None
        limit_s = self._profile.timeouts.call_s
        latency_ms = self._latency_ms if self.faults.latency_ms is None else self.faults.latency_ms
        try:
            reply: Reply | PolicyTimeout = self._client.infer(observation)
        except PolicyTimeout as error:
            reply = error
        if latency_ms >= 1e3 * limit_s:
            self._client.close()
            reply = PolicyTimeout(f"policy server {self._profile.url} did not send an answer in {limit_s:g} s")
        if isinstance(reply, PolicyTimeout):
            return _Inference(observation, reply, now_ns + round(limit_s * 1e9))
        # The call took what it is said to take; how long it really took depends on the machine.
        virtual = replace(reply, timing_ms={"round_trip": latency_ms}, server_infer_ms=None)
        return _Inference(observation, virtual, now_ns + round(latency_ms * 1e6))

    def _look(self, now_ns: int) -> None:
        snapshot = self._world.snapshot(EPOCH_NS)
        for view in self._profile.views:
            image = self._renderer.render(snapshot, view)
            depth = self._renderer.depth(view) if view in self._profile.request.depth_views else None
            frame = self.faults.picture(CameraFrame(view, now_ns, image, depth))
            if frame is not None:
                self._observations.add_frame(frame)
                self._recorder.add_frame(frame)

    def _take(self, inference: _Inference, now_ns: int) -> None:
        reply = inference.reply
        if isinstance(reply, PolicyTimeout):
            raise reply
        chunk, refused = None, None
        try:
            chunk = self._policy.take(inference.observation, reply, now_ns)
            self._control.accept(chunk, now_ns)
        except ChunkRefused as error:
            refused = error
        number, refusals = self._policy.inference_id, self._policy.refusals
        share, timing_ms = self._policy.slowest_share, dict(reply.timing_ms)
        step = PolicyStep(number, inference.observation, reply, chunk, refused, timing_ms, refusals, share)
        self._recorder.add_policy_status(PolicyStatus(PolicyState.RUNNING, step=step), self._profile, now_ns)
