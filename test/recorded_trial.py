"""The folder of a trial as the stack would leave it, of any robot that ships, for what reads recordings."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ros_wam import fields, share
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.fields.control_topics import control_messages
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.record.episode_files import copy_configuration
from ros_wam.run_config import RunConfig
from ros_wam.topics import camera_info_topic, image_topic, topic_table
from ros_wam.trial.outcome import Outcome, Trial
from ros_wam.types import (
    ActionChunk,
    CameraFrame,
    Command,
    JointState,
    Mode,
    Provenance,
    SafetyVerdict,
    Stage,
    StepRecord,
    Target,
)

T0_NS = 1_790_000_000_000_000_000
PROMPT = "press the pink, blue, and green buttons in sequence"
BATCH = 4


class RecordedTrial:
    """Writes `folder`: half a second of hold, `seconds` of a source, half a second of hold.

    Sent is 0.01 beside what is measured, and asked 0.02. Every picture is of one grey, `grey(view, k)`. `human_s`: from
    when to when the operator has taken over.
    """

    def __init__(
        self,
        folder: Path,
        robot: str = "ur5",
        seconds: float = 2.0,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        mode: Mode = Mode.POLICY,
        human_s: tuple[float, float] = (0.0, 0.0),
        camera_hz: float = 30.0,
        lost: Mapping[str, tuple[int, ...]] | None = None,
        size: tuple[int, int] = (48, 64),
        still_s: float = 0.0,
        valid: bool = True,
    ) -> None:
        self.folder, self.seconds, self.size, self.camera_hz = folder, seconds, size, camera_hz
        self.robot: Embodiment = load_embodiment(share.find("robots", robot))
        self.start_ns, self.end_ns = T0_NS, T0_NS + round(seconds * 1e9)
        self._mode, self._human_s, self._still_s, self._lost = mode, human_s, still_s, dict(lost or {})
        self._messages: list[tuple[int, str, fields.Fields]] = []
        self._period_ns = round(1e9 / self.robot.control_rate_hz)
        self._add_commands()
        self._add_ticks()
        self._add_pictures()
        self._write()
        copy_configuration(
            RunConfig(
                robot=share.find("robots", robot),
                calibration=share.share_dir() / "calib" / robot / "sim",
                sim=True,
                run_dir=folder / "run",
                task=share.find("config/tasks", "press_three_buttons"),
            ),
            folder / "config",
        )
        trial = self._trial(outcome, valid)
        (folder / "trial.json").write_text(json.dumps(trial.to_json()), encoding="utf-8")

    def measured(self, stamp_ns: int) -> np.ndarray:
        """`(n,)`: where the joints were: they move after `still_s`, and stand again at its mirror image."""
        moving_s = np.clip((stamp_ns - T0_NS) * 1e-9, self._still_s, self.seconds - self._still_s) - self._still_s
        phase = np.pi * moving_s + np.arange(len(self.robot.joint_names))
        arms = self.robot.home_position + 0.05 * (np.sin(phase) - np.sin(np.arange(len(phase))))
        grippers = 0.5 + 0.4 * np.cos(2.0 * moving_s)
        return np.where(self.robot.is_gripper, grippers, arms)

    def frame_stamp_ns(self, view: str, k: int) -> int:
        """Each camera has its own phase, and its stamps jitter by 1 ms."""
        phase = self.robot.views.index(view) * 3_000_000
        return T0_NS - 200_000_000 + phase + round(k / self.camera_hz * 1e9) + (k * 7919) % 1_000_000

    def frames(self, view: str) -> list[int]:
        """The numbers of the pictures that were recorded."""
        count = round((self.seconds + 0.4) * self.camera_hz)
        return [k for k in range(count) if k not in self._lost.get(view, ())]

    @staticmethod
    def grey(view: str, k: int) -> int:
        """What picture `k` of a view looks like; the next one is told from it."""
        return 40 + (k * 37 + len(view) * 11) % 160

    def _add(self, stamp_ns: int, topic: str, message: fields.Fields) -> None:
        self._messages.append((stamp_ns, topic, message))

    def _add_commands(self) -> None:
        about = {"episode": self.folder.name, "task": "press_three_buttons", "prompt": PROMPT, "seed": 5}
        self._add(T0_NS - 600_000_000, "trial_command", fields.json_object({"verb": "prepare", **about}))
        self._add(self.start_ns, "trial_command", fields.json_object({"verb": "start", "episode": self.folder.name}))
        self._add(self.end_ns, "trial_command", fields.json_object({"verb": "stop", "episode": self.folder.name}))

    def _add_ticks(self) -> None:
        margin = round(0.5e9 / self._period_ns)
        count = round(self.seconds * 1e9 / self._period_ns)
        records = [self._record(k) for k in range(-margin, count + margin)]
        for first in range(0, len(records), BATCH):
            batch = records[first : first + BATCH]
            for topic, message in control_messages(batch, self.robot):
                self._add(batch[-1].stamp_ns + 1, topic, message)
        rows = np.array([self.measured(T0_NS + k * 50_000_000) for k in range(4)])
        chunk = ActionChunk(3, 7, T0_NS, T0_NS, 0.05, rows)
        self._add(T0_NS, "action_chunk", fields.action_chunk(chunk, self.robot.joint_names))

    def _record(self, k: int) -> StepRecord:
        at_s, stamp_ns = k * self._period_ns * 1e-9, T0_NS + k * self._period_ns
        mode = self._mode if 0.0 <= at_s <= self.seconds else Mode.HOLD
        if self._human_s[0] <= at_s < self._human_s[1]:
            mode = Mode.TELEOP
        position, nothing = self.measured(stamp_ns), np.zeros(len(self.robot.joint_names))
        followed = Provenance(stamp_ns, 3, 7, 0) if mode is Mode.POLICY else Provenance()
        sent, asked = Command(stamp_ns, position + 0.01), position + 0.02
        return StepRecord(
            sequence=k + 1000,
            stamp_ns=stamp_ns,
            mode=mode,
            state=JointState(stamp_ns, position, nothing + 0.1, nothing + 0.2),
            target=None if mode is Mode.HOLD else Target(asked, nothing, followed),
            desired=Command(stamp_ns, position + 0.015),
            verdict=SafetyVerdict(sent, None),
            sent=sent,
        )

    def _add_pictures(self) -> None:
        for view in self.robot.views:
            for k in self.frames(view):
                stamp_ns = self.frame_stamp_ns(view, k)
                picture = np.full((*self.size, 3), self.grey(view, k), dtype=np.uint8)
                self._add(stamp_ns + 5_000_000, image_topic(view), fields.image(CameraFrame(view, stamp_ns, picture)))

    def _write(self) -> None:
        topics = topic_table(dict.fromkeys(self.robot.views, self.camera_hz), self.robot.control_rate_hz)
        silent = {camera_info_topic(view) for view in self.robot.views}
        with BagWriter(self.folder / "bag", {n: topic for n, topic in topics.items() if n not in silent}) as bag:
            for stamp_ns, name, message in sorted(self._messages, key=lambda item: item[0]):
                bag.write(name, stamp_ns, serialize(topics[name].type, message))

    def _trial(self, outcome: Outcome, valid: bool) -> Trial:
        return Trial(
            trial_id=self.folder.name,
            task="press_three_buttons",
            robot=self.robot.name,
            policy="baseline",
            seed=5,
            outcome=outcome,
            score=1.0 if outcome is Outcome.SUCCESS else 0.0,
            stages=(Stage("pink button pressed", 1.0, 1.0, 0, T0_NS + 10**9),),
            valid=valid,
            cause=None,
            duration_s=self.seconds,
            quality={"verdict": "good", "seconds": self.seconds, "findings": []},
            bag=f"trials/{self.folder.name}/bag",
        )
