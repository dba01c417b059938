"""A demonstration's station under a virtual clock: an expert's hand leads, and every view is recorded at its rate."""

from pathlib import Path

from ros_wam.config import dump
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, RecordError
from ros_wam.run_config import RunConfig
from ros_wam.sim.expert import script_for
from ros_wam.sim.expert.hand import Hand
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.settings import ExpertSettings
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.lockstep_world import EPOCH_NS, LockstepWorld
from ros_wam.sim.picture_thread import PictureThread
from ros_wam.sim.schedule import Schedule
from ros_wam.sim.world import STEP_NS
from ros_wam.trial.plan import PlannedTrial
from ros_wam.types import Command, Mode, StepRecord

BEAT_HZ = 50.0
"""The leader is read so often."""


class LockstepTeleop(LockstepWorld):
    """A Station whose robot follows a leader that a scripted expert moves, through the same gate as any other."""

    def __init__(self, config: RunConfig, embodiment: Embodiment, settings: ExpertSettings) -> None:
        """Raises SimError, for a task that no expert does too."""
        self._settings = settings
        self._seed = config.seed
        super().__init__(config, embodiment)
        self._script = script_for(self._task.name)
        self._truth = Truth(self._world)
        self._pictures = PictureThread(self._world.model, self._calibrations)

    def close(self) -> None:
        """Close an open bag and free the renderer."""
        super().close()
        self._pictures.close()

    def reset(self, seed: int) -> None:
        """See Station."""
        self._seed = seed
        super().reset(seed)

    def prepare(self, trial: PlannedTrial, bag_dir: Path) -> None:
        """See Station."""
        super().prepare(trial, bag_dir)
        copy = bag_dir.parent / "config" / "experts" / f"{self._task.name}.yaml"
        try:
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(dump(self._settings), encoding="utf-8")
        except OSError as error:
            raise RecordError(f"cannot write the expert's settings to {copy}: {error.strerror}") from error

    def start(self) -> None:
        """See Station."""
        now_ns = self._clock.now_ns()
        noise = Noise(self._settings, self._seed)
        script = map(noise.disturbed, self._script(self._truth, noise))
        self._hand = Hand(self._embodiment, self._truth.kinematics, script, self._world.joint_position())
        self._recorder.add_command("start", now_ns)
        self._control.set_mode(Mode.TELEOP, now_ns)
        self._beats = Schedule(BEAT_HZ, now_ns)
        self._beat_ns = now_ns
        self._beat(now_ns)
        self._running = True

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._periods = self._stepped = 0
        now_ns = self._clock.now_ns()
        rates_hz = {view: camera.rate_hz for view, camera in self._station.cameras.items()}
        rate_hz = min(rates_hz[view] for view in self._embodiment.views)
        self._shutter = Schedule(rate_hz, now_ns)
        self._recorder.pace_views(rate_hz)

    def _period_steps(self) -> int:
        """Keep the control rate also where a period is no whole number of steps: a smoother reckons by it."""
        self._periods += 1
        steps = round(self._periods * self._embodiment.period_s * 1e9 / STEP_NS) - self._stepped
        self._stepped += steps
        return steps

    def _saw(self, record: StepRecord) -> None:
        if record.state is not None:
            self._state = record.state

    def _drive(self, now_ns: int) -> None:
        if self._beats.due(now_ns):
            self._beat(now_ns)

    def _beat(self, now_ns: int) -> None:
        passed_s, self._beat_ns = (now_ns - self._beat_ns) * 1e-9, now_ns
        command = Command(now_ns, self._hand.beat(passed_s, self._state.position, self._state.velocity))
        self._recorder.add_teleop_command(command)
        try:
            self._control.teleoperate(command, now_ns)
        except ChunkRefused:  # the robot holds, and the hand waits for it
            return

    def _step(self) -> None:
        super()._step()
        now_ns = self._clock.now_ns()
        if self._recorder.is_open and self._shutter.due(now_ns):
            self._recorder.add_pictures(self._pictures.take(self._world.snapshot(EPOCH_NS)), now_ns)
