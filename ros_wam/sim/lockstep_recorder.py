"""The bag of a trial under a virtual clock: the same topics as on the production path, without DDS."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from ros_wam import fields
from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.fields import Diagnostic, Level
from ros_wam.fields.control_topics import control_messages
from ros_wam.policy.messages import policy_messages
from ros_wam.policy.profile import Profile
from ros_wam.policy.runner import PolicyStatus
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.record.episode_files import copy_configuration
from ros_wam.run_config import RunConfig
from ros_wam.topics import SETPOINT_BATCH_S, camera_info_topic, image_topic, topic_table
from ros_wam.trial.plan import PlannedTrial
from ros_wam.types import CameraFrame, Command, Mode, StepRecord

_BATCH_NS = round(SETPOINT_BATCH_S * 1e9)
_MOST_WAITING = 200  # for a picture that is being drawn: about half a second of messages


class LockstepRecorder:
    """Writes what it is told between `start` and `stop`: of views that are not paced what the policy looked at."""

    def __init__(
        self,
        config: RunConfig,
        embodiment: Embodiment,
        calibrations: Mapping[str, ViewCalibration],
    ) -> None:
        self._config, self._embodiment, self._calibrations = config, embodiment, dict(calibrations)
        table = topic_table(dict.fromkeys(embodiment.views), embodiment.control_rate_hz)
        unpaced = {"enable", "safety_status"}
        self._topics = {name: replace(t, rate_hz=None) if name in unpaced else t for name, t in table.items()}
        self._bag: BagWriter | None = None
        self._steps: list[StepRecord] = []
        self._waiting: deque[tuple[str, int, bytes | Future[bytes]]] = deque()
        self._mode = ""

    def pace_views(self, rate_hz: float) -> None:
        """Say in every bag from now on that pictures of each view come so often."""
        pictures = {name: replace(self._topics[name], rate_hz=rate_hz) for name in map(image_topic, self._calibrations)}
        self._topics |= pictures

    @property
    def is_open(self) -> bool:
        """Whether a bag is being written."""
        return self._bag is not None

    def start(self, trial: PlannedTrial, bag_dir: Path, now_ns: int) -> None:
        """Open the trial's bag and copy the configuration beside it; raises RecordError."""
        self._bag = BagWriter(bag_dir, self._topics)
        self._steps, self._mode = [], ""
        self._waiting.clear()
        copy_configuration(self._config, bag_dir.parent / "config")
        for view, calibration in self._calibrations.items():
            self._write(camera_info_topic(view), fields.camera_info(view, calibration, now_ns), now_ns)
        self.add_command("prepare", now_ns, trial)

    def stop(self) -> None:
        """Close the bag if one is open; raises RecordError."""
        if self._bag is not None:
            self._write_steps()
            self._drain(0)
            self._bag.close()
            self._bag = None

    def add_step(self, record: StepRecord) -> None:
        """Record one control tick."""
        self._steps.append(record)
        if record.stamp_ns - self._steps[0].stamp_ns >= _BATCH_NS:
            self._write_steps()

    def add_status(self, said: Mapping[str, Any], now_ns: int) -> None:
        """Record what the control loop says of itself."""
        if said["mode"] != self._mode:
            self._mode = said["mode"]
            self._write("robot_mode", fields.robot_mode(Mode(said["mode"])), now_ns)
        level = Level.WARN if said["cause"] else Level.OK
        status = Diagnostic("control", level, said["cause"] or said["mode"], said)
        self._write("safety_status", fields.diagnostics(now_ns, status), now_ns)

    def add_frame(self, frame: CameraFrame) -> None:
        """Record one picture."""
        self._write(image_topic(frame.view), fields.image(frame), frame.stamp_ns)

    def add_pictures(self, messages: Mapping[str, Future[bytes]], now_ns: int) -> None:
        """Record, by view, pictures that are still being drawn. They keep their place among the messages."""
        for view, message in messages.items():
            self._append(image_topic(view), now_ns, message)

    def add_teleop_command(self, command: Command) -> None:
        """Record where the leader is."""
        message = fields.teleop_command(command, self._embodiment.joint_names)
        self._write("teleop_command", message, command.stamp_ns)

    def add_command(self, verb: str, now_ns: int, trial: PlannedTrial | None = None) -> None:
        """Record what the trial told everyone to do."""
        command: dict[str, str | int] = {"verb": verb}
        if trial is not None:
            command |= {"episode": trial.trial_id, "task": trial.task, "prompt": trial.prompt, "seed": trial.seed}
        self._write("trial_command", fields.json_object(command), now_ns)

    def add_policy_status(self, status: PolicyStatus, profile: Profile, now_ns: int) -> None:
        """Record one answer, the chunk that came of it and how long it took."""
        for topic, message in policy_messages(status, profile, self._embodiment, now_ns):
            self._write(topic, message, now_ns)

    def _write_steps(self) -> None:
        steps, self._steps = self._steps, []
        if self._bag is not None and steps:
            for topic, message in control_messages(steps, self._embodiment):
                self._write(topic, message, steps[-1].stamp_ns)

    def _write(self, topic: str, message: fields.Fields, now_ns: int) -> None:
        if self._bag is not None:
            self._append(topic, now_ns, serialize(self._topics[topic].type, message))

    def _append(self, topic: str, now_ns: int, data: bytes | Future[bytes]) -> None:
        self._waiting.append((topic, now_ns, data))
        self._drain(_MOST_WAITING)

    def _drain(self, most: int) -> None:
        """Write what is there in its order, and more than that until no more than `most` messages wait."""
        while self._bag is not None and self._waiting:
            topic, stamp_ns, data = self._waiting[0]
            if isinstance(data, Future):
                if len(self._waiting) <= most and not data.done():
                    return
                data = data.result()
            self._waiting.popleft()
            self._bag.write(topic, stamp_ns, data)
