"""The policy loop in a thread of its own: newest pictures and joint states in, admitted chunks and status out."""

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rclpy.node import Node

from ros_wam import fields
from ros_wam.calibration import load_view
from ros_wam.clock import StationClock
from ros_wam.errors import CameraError, SpecError
from ros_wam.followed import read_followed
from ros_wam.nodes import spin
from ros_wam.nodes.wiring import Outlets, station_topics, subscribe
from ros_wam.policy.admission import build_admission
from ros_wam.policy.client import make_client
from ros_wam.policy.deep_pictures import DeepPictures, Whole
from ros_wam.policy.depth_input import check_depth
from ros_wam.policy.frame_history import FrameHistory
from ros_wam.policy.hops import HopLog, PictureHops
from ros_wam.policy.loop import PolicyLoop
from ros_wam.policy.messages import followed_message, policy_messages
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.runner import PolicyRunner, PolicyStatus
from ros_wam.policy.speed import read_speed
from ros_wam.run_config import RunConfig
from ros_wam.topics import Topic, depth_topic, image_topic
from ros_wam.types import Mode


class PolicyNode(Node):  # type: ignore[misc]
    """Runs the policy from the `start` to the `stop` of `trial_command`, while the robot is in POLICY."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("policy_node")
        self._embodiment, self._profile = config.embodiment(), config.profile()
        cameras = [config.station().cameras[view] for view in self._profile.views]
        slowest_hz = min(camera.rate_hz for camera in cameras)
        clock = StationClock()
        self._station_clock = clock
        self._observations = ObservationBuilder(
            self._embodiment,
            self._profile.views,
            1.0 / slowest_hz,
            self._profile.freshness,
            FrameHistory(self._profile.lookback, self._profile.dt_s),
        )
        client = make_client(self._profile, self._embodiment, clock)
        station = config.station()
        admission = build_admission(self._embodiment, station.fixtures)
        loop = PolicyLoop(
            self._profile,
            self._embodiment,
            client,
            self._observations,
            admission,
            clock,
            station.safety.speed_override,
        )
        self._speed = loop.speed
        self._runner = PolicyRunner(loop, client, clock, self._on_status)
        self._pictures: dict[str, tuple[Whole, int]] = {}
        self._hops = HopLog()
        self._stop = threading.Event()
        topics = station_topics(config)
        self._outlets = Outlets(self, topics, ("action_chunk", "action_chunk_raw", "policy_status"))
        subscribe(self, topics["joint_states"], self._on_joint_state)
        subscribe(self, topics["trial_command"], self._on_command)
        subscribe(self, topics["robot_mode"], self._on_mode)
        subscribe(self, topics["safety_status"], self._on_safety)
        self._subscribe_views(config, topics)
        self._thread = threading.Thread(target=self._run, name="policy")
        self._thread.start()

    def _subscribe_views(self, config: RunConfig, topics: Mapping[str, Topic]) -> None:
        deep = self._profile.request.depth_views
        check_depth(self._profile.name, deep, config.station())
        self._deep = DeepPictures({view: load_view(config.calibration, view).camera_matrix for view in deep})
        for view in self._profile.views:
            subscribe(self, topics[image_topic(view)], partial(self._on_picture, view))
        for view in deep:
            subscribe(self, topics[depth_topic(view)], partial(self._on_depth, view))

    @property
    def finished(self) -> bool:
        """True when the policy's thread has died; the process then ends and is started again."""
        return not self._thread.is_alive()

    @property
    def exit_status(self) -> int:
        """1 when the policy's thread has died."""
        return int(self.finished)

    def close(self) -> None:
        """Stop inferring and disconnect; waits for a call in flight."""
        self._stop.set()
        self._runner.wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                now_ns = self._station_clock.now_ns()
                if self._runner.wants_frames(now_ns):
                    self._take_pictures()
                self._runner.wake.wait(self._runner.step(self._station_clock.now_ns()))
                self._runner.wake.clear()
        finally:
            self._runner.close()

    def _take_pictures(self) -> None:
        for view in tuple(self._pictures):
            waiting = self._pictures.pop(view, None)
            if waiting is not None:
                self._take(view, *waiting)

    def _take(self, view: str, whole: Whole, received_ns: int) -> None:
        taken_ns = self._station_clock.now_ns()
        try:
            frame = self._deep.frame(view, whole)
        except CameraError as error:  # without this picture the view soon counts as stale
            self.get_logger().warning(f"{view}: {error}", throttle_duration_sec=1.0)
            return
        hops = PictureHops(fields.read_times(whole.picture), received_ns, taken_ns, self._station_clock.now_ns())
        self._hops.picture(view, frame.stamp_ns, hops)
        self._observations.add_frame(frame)

    def _on_picture(self, view: str, message: Any) -> None:
        self._on_whole(view, self._deep.picture(view, message))

    def _on_depth(self, view: str, message: Any) -> None:
        self._on_whole(view, self._deep.depth(view, message))

    def _on_whole(self, view: str, whole: Whole | None) -> None:
        if whole is None:
            return  # its other half has yet to come
        now_ns = self._station_clock.now_ns()
        if self._runner.keeps_frames(now_ns):  # at once: the policy's thread may be waiting for an answer
            self._pictures.pop(view, None)
            self._take(view, whole, now_ns)
        else:
            self._pictures[view] = whole, now_ns
        self._wake_if_blind()

    def _on_joint_state(self, message: Any) -> None:
        self._observations.add_joint_state(fields.read_joint_state(message, self._embodiment.joint_names))
        self._wake_if_blind()

    def _wake_if_blind(self) -> None:
        if self._runner.blind:  # else it is asleep until the next inference is due
            self._runner.wake.set()

    def _on_command(self, message: Any) -> None:
        command = fields.read_json_object(message)
        verb, prompt = command.get("verb"), command.get("prompt")
        if verb == "start":
            if not isinstance(prompt, str):
                raise SpecError(f"prompt of start is {prompt!r}, must be text")
            self._runner.start(prompt)
        elif verb == "stop":
            self._runner.stop()

    def _on_mode(self, message: Any) -> None:
        self._runner.lend(fields.read_robot_mode(message) is not Mode.POLICY)

    def _on_safety(self, message: Any) -> None:
        for status in fields.read_diagnostics(message)[1]:
            if "speed" in status.values:  # no control loop, no speed
                self._speed.tell(read_speed(status.values["speed"]), self._station_clock.now_ns())
            told = read_followed(status.values.get("followed", ""))
            hops = None if told is None else self._hops.followed(told)
            if hops is not None:
                self._outlets.publish("policy_status", followed_message(hops, self._station_clock.now_ns()))

    def _on_status(self, status: PolicyStatus) -> None:
        hops = {} if status.step is None else self._hops.inference(status.step)
        now_ns = self._station_clock.now_ns()
        for topic, message in policy_messages(status, self._profile, self._embodiment, now_ns, hops):
            if topic == "action_chunk" and status.step is not None:
                self._hops.published(status.step.inference_id, self._station_clock.now_ns())
            self._outlets.publish(topic, message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until a signal comes."""
    return spin.run("policy_node", spin.parse(argv).config, PolicyNode)


if __name__ == "__main__":
    raise SystemExit(main())
