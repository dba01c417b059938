"""Records every topic of the table, as raw bytes, into one bag per episode."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from rclpy.node import Node

from ros_wam import fields
from ros_wam.clock import StationClock
from ros_wam.errors import SpecError
from ros_wam.messages import message_class, qos
from ros_wam.nodes import spin
from ros_wam.nodes.wiring import Outlets, station_topics
from ros_wam.record.cdr import deserialize
from ros_wam.record.episode_recorder import EpisodeRecorder
from ros_wam.record.recording_session import Event, RecordingSession
from ros_wam.run_config import RunConfig

_PERIOD_S = 0.05
_DEPTH = 100  # opening a bag takes a moment, in which nothing may be lost
_LAST_WORDS_S = 0.3


class RecorderNode(Node):  # type: ignore[misc]
    """Obeys `trial_command`, answers on `trial_event`."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("recorder_node")
        self._topics = station_topics(config)
        self._station_clock = StationClock()
        self._recorder = EpisodeRecorder(self._topics)
        self._session = RecordingSession(self._recorder, config)
        self._commands: deque[bytes] = deque()
        self._outlets = Outlets(self, self._topics, ("trial_event",))
        for name, topic in self._topics.items():
            callback = partial(self._on_message, name)
            deep = replace(topic, depth=max(topic.depth, _DEPTH))
            self.create_subscription(message_class(topic.type), name, callback, qos(deep), raw=True)
        self.create_timer(_PERIOD_S, self._tick)

    def close(self) -> None:
        """Take what is still on its way, then finish an open bag."""
        deadline_ns = self._station_clock.now_ns() + round(_LAST_WORDS_S * 1e9)
        while self.executor is not None and self._recorder.recording and self._station_clock.now_ns() < deadline_ns:
            self.executor.spin_once(timeout_sec=_LAST_WORDS_S / 4)
        self._publish(self._session.close())

    def _on_message(self, topic: str, data: bytes) -> None:
        self._recorder.take(topic, self._station_clock.now_ns(), data)
        if topic == "trial_command":
            self._commands.append(data)

    def _tick(self) -> None:
        while self._commands:
            try:
                message: Any = deserialize(self._topics["trial_command"].type, self._commands.popleft())
                command = fields.read_json_object(message)
            except SpecError as error:
                self.get_logger().warning(f"trial_command: {error}")
                continue
            self._publish(self._session.command(command, self._station_clock.now_ns()))
        silent = self._without_publisher() if self._session.waiting else []
        self._publish(self._session.tick(self._station_clock.now_ns(), silent))

    def _without_publisher(self) -> list[str]:
        rated = [name for name, topic in self._topics.items() if topic.rate_hz is not None]
        return [name for name in rated if self.count_publishers(name) == 0]

    def _publish(self, events: list[Event]) -> None:
        for event in events:
            if event["event"] == "record_failed":
                self.get_logger().error(f"episode {event['episode']}: {event['detail']}")
            self._outlets.publish("trial_event", fields.json_object(event))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until a signal comes."""
    return spin.run("recorder_node", spin.parse(argv).config, RecorderNode)


if __name__ == "__main__":
    raise SystemExit(main())
