"""The quality gate: every check on one recording, fed with its messages while it is made or from its closed bag."""

from collections.abc import Mapping, Sequence
from typing import Any

from ros_wam import fields
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Check, Heard, MessageCheck, Span, TickCheck
from ros_wam.quality.clipped_commands import ClippedCommands
from ros_wam.quality.clock_step import ClockStep
from ros_wam.quality.ending import TooShort, UnmarkedSuccess
from ros_wam.quality.finding import Finding, Severity
from ros_wam.quality.frozen_camera import FrozenCamera
from ros_wam.quality.idle import Idle
from ros_wam.quality.jerk import Jerk
from ros_wam.quality.low_rate import LowRate
from ros_wam.quality.said_cause import CAUSES, SaidCause
from ros_wam.quality.slow_loop import SlowLoop
from ros_wam.quality.stream_gaps import DroppedFrames, DroppedTicks
from ros_wam.quality.ticks import TickJoiner, Ticks
from ros_wam.quality.verdict import Quality
from ros_wam.quality.view_skew import ViewSkew
from ros_wam.record.cdr import deserialize, source_stamp_ns
from ros_wam.topics import Topic, image_topic

_STATES = ("joint_states", "joint_commands")
_PICTURES = "sensor_msgs/msg/CompressedImage"


class QualityGate:
    """From `start` to `stop`, or from and to the trial's commands of these names if it is told of them.

    Feed it every message in the order of its receipt; those of topics that it does not know are ignored.
    """

    def __init__(
        self,
        embodiment: Embodiment,
        topics: Mapping[str, Topic],
        bounds: Bounds | None = None,
        marked: bool | None = None,
    ) -> None:
        """`topics` are those that are recorded. `marked`: whether success or failure has been said, None if that does
        not matter.
        """
        self._embodiment, self._topics, self._bounds = embodiment, topics, bounds or Bounds()
        self._end_checks: Sequence[Check] = () if marked is None else (UnmarkedSuccess(marked),)
        self._joiner = TickJoiner()
        self._message_checks: Sequence[MessageCheck] = ()
        self._tick_checks: Sequence[TickCheck] = ()
        self._by_topic: dict[str, list[MessageCheck]] = {}
        self._start_ns: int | None = None
        self._stop_ns: int | None = None

    @property
    def running(self) -> bool:
        """Whether it judges what comes now."""
        return self._start_ns is not None and self._stop_ns is None

    def start(self, now_ns: int) -> None:
        """Judge from now on; a second start is none."""
        if self._start_ns is None:
            self._start_ns = now_ns
            self._message_checks, self._tick_checks = self._make_message_checks(now_ns), self._make_tick_checks(now_ns)
            for check in self._message_checks:
                for topic in check.topics:
                    self._by_topic.setdefault(topic, []).append(check)

    def stop(self, now_ns: int) -> None:
        """What comes from now on does not count, but for ticks of before; a second stop is none."""
        if self.running:
            self._stop_ns = now_ns

    def take(self, topic: str, receipt_ns: int, data: bytes) -> None:
        """Note a message (CDR); raises SpecError or RecordError when it cannot be read."""
        known = self._topics.get(topic)
        if known is None:
            return
        if topic == "trial_command":
            self._obey(fields.read_json_object(deserialize(known.type, data)).get("verb"), receipt_ns)
        elif topic in ("setpoints", "setpoint_provenance"):
            if self._start_ns is not None:
                self._take_table(topic, deserialize(known.type, data))
        elif self.running and topic in self._by_topic:
            heard = Heard(topic, receipt_ns, source_stamp_ns(known.type, data), known.type, data)
            for check in self._by_topic[topic]:
                check.take(heard)

    def _obey(self, verb: Any, now_ns: int) -> None:
        if verb == "start":
            self.start(now_ns)
        elif verb == "stop":
            self.stop(now_ns)

    def _take_table(self, topic: str, message: Any) -> None:
        if topic == "setpoints":
            ticks = self._joiner.add_setpoints(self._checked(fields.read_setpoints(message)))
        else:
            ticks = self._joiner.add_provenance(fields.read_setpoint_provenance(message))
        if ticks is not None:
            self._take_ticks(ticks)

    def _checked(self, setpoints: fields.Setpoints) -> fields.Setpoints:
        names = self._embodiment.joint_names
        if setpoints.joint_names != names:
            said = ", ".join(setpoints.joint_names)
            raise SpecError(f"setpoints are of {said}; {self._embodiment.name} has: {', '.join(names)}")
        return setpoints

    def _take_ticks(self, ticks: Ticks) -> None:
        assert self._start_ns is not None
        last_ns = int(ticks.stamp_ns[-1]) if self._stop_ns is None else self._stop_ns
        inside = ticks.between(self._start_ns, last_ns)
        if len(inside.sequence):
            for check in self._tick_checks:
                check.take(inside)

    def findings(self, now_ns: int) -> tuple[Finding, ...]:
        """Return what is wrong by now, or was by the end, the worst first; asking changes nothing."""
        if self._start_ns is None:
            return ()
        ended = self._stop_ns is not None
        span = Span(self._start_ns, now_ns if self._stop_ns is None else self._stop_ns, ended)
        checks: tuple[Check, ...] = (*self._message_checks, *self._tick_checks, *self._end_checks)
        found = [finding for check in checks for finding in check.findings(span)]
        return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.BAD))

    def quality(self, now_ns: int) -> Quality:
        """Return what `findings` come to."""
        end_ns = now_ns if self._stop_ns is None else self._stop_ns
        start_ns = end_ns if self._start_ns is None else self._start_ns
        return Quality(round((end_ns - start_ns) * 1e-9, 3), self.findings(now_ns))

    def _make_message_checks(self, start_ns: int) -> Sequence[MessageCheck]:
        bounds = self._bounds
        pictures = [name for name, topic in self._topics.items() if topic.type == _PICTURES]
        paced = {
            name: topic.rate_hz
            for name, topic in self._topics.items()
            if topic.rate_hz is not None and (name in pictures or name in _STATES)
        }
        views = {view: paced[image_topic(view)] for view in self._embodiment.views if image_topic(view) in paced}
        return [
            *(DroppedFrames(name, rate_hz, bounds, start_ns) for name, rate_hz in paced.items()),
            *(LowRate(name, rate_hz, bounds, start_ns) for name, rate_hz in paced.items()),
            *(ClockStep(name, bounds) for name in (*pictures, *_STATES)),
            *(FrozenCamera(name, bounds, start_ns, name in paced) for name in pictures),
            *([ViewSkew(views, bounds)] if len(views) > 1 else []),
            *(SaidCause(cause, bounds) for cause in CAUSES),
        ]

    def _make_tick_checks(self, start_ns: int) -> Sequence[TickCheck]:
        bounds, robot = self._bounds, self._embodiment
        return [
            DroppedTicks(bounds, start_ns),
            SlowLoop(robot.control_rate_hz, bounds),
            Jerk(robot, bounds),
            ClippedCommands(robot, bounds),
            Idle(robot, bounds),
            TooShort(robot.control_rate_hz, bounds),
        ]
