"""The messages of a demonstration as a recorder would hear them, nothing wrong with it: for tests to spoil."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam import fields
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.fields.control_topics import control_messages
from ros_wam.quality.gate import QualityGate
from ros_wam.quality.verdict import Quality
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import image_topic, topic_table
from ros_wam.types import (
    CameraFrame,
    Command,
    Intervention,
    JointState,
    Mode,
    Provenance,
    SafetyVerdict,
    StepRecord,
    Target,
)

ROBOTS = Path(__file__).parents[1] / "robots"
ROBOT: Embodiment = load_embodiment(ROBOTS / "ur5.yaml")
TOPICS = topic_table(dict.fromkeys(ROBOT.views, 30.0), ROBOT.control_rate_hz)
T0_NS = 1_790_000_000_000_000_000
PERIOD_NS = 8_000_000
BATCH = 3
"""Ticks per message."""

Message = tuple[str, int, bytes]


def after(seconds: float) -> int:
    """Return a time after the start [ns]."""
    return T0_NS + round(seconds * 1e9)


@dataclass
class Frame:
    """One picture: when it was taken and when it comes."""

    view: str
    stamp_ns: int
    receipt_ns: int
    picture: np.ndarray


class SyntheticRecording:
    """`seconds` of teleoperation, in which every arm joint swings; change `ticks`, `frames` and `said` before use."""

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds
        self.end_ns = after(seconds)
        self._random = np.random.default_rng(0)
        self.ticks = [self._tick(k) for k in range(round(-0.2 / 0.008), round((seconds + 0.2) / 0.008))]
        self.frames = [
            self._frame(view, after(offset_s + k / 30.0))
            for view, offset_s in zip(ROBOT.views, (0.004, 0.009), strict=True)
            for k in range(round(seconds * 30.0))
        ]
        self.said = [(after(0.1 * k), self.status(after(0.1 * k))) for k in range(1, round(10 * seconds))]
        self.commands = [(T0_NS, "start"), (self.end_ns, "stop")]
        self.lost: Callable[[str, int], bool] = lambda topic, receipt_ns: False
        """Of these the recorder hears nothing."""

    def _tick(self, k: int) -> StepRecord:
        stamp_ns, running = T0_NS + k * PERIOD_NS, 0 <= k * PERIOD_NS <= self.end_ns - T0_NS
        at_s = min(max(k * 0.008 - 0.4, 0.0), self.seconds - 0.8)
        swing = 0.2 * (1.0 - np.cos(2.0 * np.pi * at_s / (self.seconds - 0.8))) * ~ROBOT.is_gripper
        sent = ROBOT.home_position + swing
        measured = sent + self._random.normal(0.0, 1e-4, len(sent)) * ~ROBOT.is_gripper
        nothing = np.zeros(len(sent))
        return StepRecord(
            sequence=k + 1000,
            stamp_ns=stamp_ns,
            mode=Mode.TELEOP if running else Mode.HOLD,
            state=JointState(stamp_ns, measured, nothing, nothing),
            target=Target(sent, nothing, Provenance(stamp_ns, 1, 1, 0)) if running else None,
            desired=Command(stamp_ns, sent),
            verdict=SafetyVerdict(Command(stamp_ns, sent), None, ()),
            sent=Command(stamp_ns, sent),
        )

    def _frame(self, view: str, stamp_ns: int) -> Frame:
        picture = self._random.integers(0, 255, (16, 16, 3), dtype=np.uint8)
        return Frame(view, stamp_ns, stamp_ns + 12_000_000 + int(self._random.integers(0, 2_000_000)), picture)

    def status(self, stamp_ns: int, mode: str = "TELEOP", acting: Sequence[str] = ()) -> fields.Fields:
        """A `safety_status` by which the causes `acting` act."""
        active = [{"cause": cause, "action": "HOLD", "since_ns": stamp_ns} for cause in acting]
        values: dict[str, Any] = {"mode": mode, "cause": acting[0] if acting else None, "active": active}
        return fields.diagnostics(stamp_ns, fields.Diagnostic("control", fields.Level.OK, "said", values))

    def narrow(self, first_s: float, last_s: float, *interventions: Intervention) -> None:
        """Have the safety gate change these ticks."""
        for k in self.ticks_between(first_s, last_s):
            tick = self.ticks[k]
            self.ticks[k] = replace(tick, verdict=replace(tick.verdict, interventions=interventions))

    def ticks_between(self, first_s: float, last_s: float) -> list[int]:
        """The places in `ticks` of those of a time."""
        return [k for k, tick in enumerate(self.ticks) if after(first_s) <= tick.stamp_ns < after(last_s)]

    def messages(self) -> list[Message]:
        """Everything in the order in which it comes."""
        heard: list[tuple[int, str, fields.Fields]] = []
        for k in range(0, len(self.ticks), BATCH):
            batch = self.ticks[k : k + BATCH]
            heard += [(batch[-1].stamp_ns + 3_000_000, *message) for message in control_messages(batch, ROBOT)]
        for frame in self.frames:
            picture = fields.image(CameraFrame(frame.view, frame.stamp_ns, frame.picture))
            timed = fields.with_times(picture, fields.PictureTimes(frame.receipt_ns, frame.receipt_ns))
            heard.append((frame.receipt_ns, image_topic(frame.view), timed))
        heard += [(at_ns + 1_000_000, "safety_status", said) for at_ns, said in self.said]
        heard += [(at_ns, "trial_command", fields.json_object({"verb": verb})) for at_ns, verb in self.commands]
        kept = [item for item in heard if not self.lost(item[1], item[0])]
        kept.sort(key=lambda item: item[0])
        return [(topic, at_ns, serialize(TOPICS[topic].type, message)) for at_ns, topic, message in kept]


def judged_live(messages: Sequence[Message], marked: bool | None = None) -> Quality:
    """What a gate says that hears them."""
    gate = QualityGate(ROBOT, TOPICS, marked=marked)
    for topic, receipt_ns, data in messages:
        gate.take(topic, receipt_ns, data)
    return gate.quality(messages[-1][1])


def write_bag(folder: Path, messages: Sequence[Message]) -> Path:
    """Write them as a recorder would, and return the bag."""
    with BagWriter(folder, TOPICS) as bag:
        for topic, receipt_ns, data in messages:
            bag.write(topic, receipt_ns, data)
    return folder
