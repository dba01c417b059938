"""Listens to a station, sends the enable heartbeat and asks the policy, for `ros-wam doctor`; it moves nothing.

One JSON object per line on standard output: `{"phase", "progress"}` as it goes on, and `{"measured": …}` at the end.
"""

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from rclpy.node import Node

from ros_wam import fields
from ros_wam.calibration import load_view
from ros_wam.clock import StationClock
from ros_wam.doctor.asking import ask
from ros_wam.doctor.examination import Examination, Phase
from ros_wam.doctor.listening import ROBOT, Listening
from ros_wam.doctor.measured import Asked, Measured
from ros_wam.errors import CameraError
from ros_wam.fields import Level
from ros_wam.messages import message_class, qos
from ros_wam.nodes import spin
from ros_wam.nodes.wiring import Outlets, station_topics
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.record.cdr import deserialize, source_stamp_ns
from ros_wam.run_config import RunConfig
from ros_wam.task import load_task
from ros_wam.topics import depth_topic, image_topic
from ros_wam.types import CameraFrame, Observation

PERIOD_S = 0.05  # 20 Hz, as `enable` is due
_KEPT = ("sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/JointState")
"""What an observation is made of."""


class DoctorNode(Node):  # type: ignore[misc]
    """Finished when it has told what it measured."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("doctor_node")
        self._config, self._embodiment = config, config.embodiment()
        self._station_clock = StationClock()
        self._listening = Listening(self._embodiment.views)
        self._examination = Examination(self._listening, self._station_clock.now_ns())
        self._newest: dict[str, bytes] = {}
        self._measured: Measured | None = None
        self._asked: Asked | None = None
        self._thread: threading.Thread | None = None
        self._told = ""
        self.finished = False
        self._topics = station_topics(config)
        self._outlets = Outlets(self, self._topics, ("enable",))
        self._streams = {**{image_topic(view): view for view in self._embodiment.views}, "joint_states": ROBOT}
        self._readers: dict[str, Callable[[Any], None]] = {
            "safety_status": self._on_safety,
            "system_status": self._on_system,
        }
        for name, topic in self._topics.items():
            callback = partial(self._on_message, name, topic.type)
            self.create_subscription(message_class(topic.type), name, callback, qos(topic), raw=True)
        self._timer = self.create_timer(PERIOD_S, self._tick)

    def close(self) -> None:
        """Withdraw the enable signal; waits for a call of the policy in flight."""
        self._timer.cancel()
        self._enable(False)
        if self._thread is not None:
            self._thread.join()

    def _tick(self) -> None:
        before, now_ns = self._examination.phase, self._station_clock.now_ns()
        phase = self._examination.tick(now_ns)
        if self._examination.enabling:
            self._enable(True)
        if phase is not before:
            self._enter(phase, now_ns)
        said = self._examination.detail()
        if phase is not Phase.DONE and said != self._told:
            self._told = said
            _tell({"phase": phase.name, "progress": said})

    def _enter(self, phase: Phase, now_ns: int) -> None:
        if phase is Phase.MEASURING:
            self._thread = threading.Thread(target=self._ask, name="policy")
            self._thread.start()
        elif phase is Phase.ASKING:
            self._enable(False)
            self._measured = self._listening.figures(now_ns)
        elif phase is Phase.DONE and self._measured is not None:
            _tell({"measured": asdict(replace(self._measured, policy=self._asked))})
            self.finished = True

    def _enable(self, held: bool) -> None:
        self._outlets.publish("enable", fields.enable(held))

    def _ask(self) -> None:
        try:
            if self._config.policy is not None:
                self._asked = ask(self._make_client, self._observe, self._station_clock)
        finally:
            self._examination.asked = True

    def _make_client(self) -> PolicyClient:
        return make_client(self._config.profile(), self._embodiment, self._station_clock)

    def _observe(self) -> Observation | None:
        """Return the newest of everything, whatever its age: others check that. None where something is missing."""
        profile, newest = self._config.profile(), dict(self._newest)
        needed = {*map(image_topic, profile.views), *map(depth_topic, profile.request.depth_views), "joint_states"}
        if not needed <= newest.keys():
            return None
        try:
            frames = {view: self._frame(view, newest) for view in profile.views}
        except CameraError:
            return None
        state = fields.read_joint_state(
            self._read("joint_states", newest["joint_states"]), self._embodiment.joint_names
        )
        prompt = "" if self._config.task is None else load_task(self._config.task).prompt
        return Observation(min(frame.stamp_ns for frame in frames.values()), frames, state, prompt)

    def _frame(self, view: str, newest: Mapping[str, bytes]) -> CameraFrame:
        """Return the newest picture, with the newest depth where the policy needs it: not of one moment, but real."""
        topic = image_topic(view)
        frame = fields.read_image(self._read(topic, newest[topic]))
        if view not in self._config.profile().request.depth_views:
            return frame
        matrix = load_view(self._config.calibration, view).camera_matrix
        depth = fields.read_depth(self._read(depth_topic(view), newest[depth_topic(view)]), matrix)
        return replace(frame, depth=depth)

    def _read(self, topic: str, data: bytes) -> Any:
        return deserialize(self._topics[topic].type, data)

    def _on_message(self, name: str, type_name: str, data: bytes) -> None:
        now_ns = self._station_clock.now_ns()
        self._listening.weighed(len(data))
        if type_name in _KEPT:
            self._newest[name] = data
        if name in self._streams:
            self._listening.came(self._streams[name], source_stamp_ns(type_name, data) or 0, now_ns)
        elif name in self._readers:
            self._readers[name](self._read(name, data))

    def _on_safety(self, message: Any) -> None:
        for status in fields.read_diagnostics(message)[1]:
            self._listening.control_said({name: str(value) for name, value in status.values.items()})

    def _on_system(self, message: Any) -> None:
        for status in fields.read_diagnostics(message)[1]:
            view = status.name.removeprefix("camera_node_")
            facts = {name: str(value) for name, value in status.values.items()}
            self._listening.camera_said(view, status.message if status.level >= Level.ERROR else "", facts)


def _tell(line: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Examine the station once."""
    return spin.run("doctor_node", spin.parse(argv).config, DoctorNode)


if __name__ == "__main__":
    raise SystemExit(main())
