"""A ROS node of the test's own in the station's domain: hears what is said, leads the robot, asks for services."""

import threading
from typing import Any

import numpy as np

from ros_wam import fields
from ros_wam.bringup import Run
from ros_wam.clock import OFFSET_VARIABLE, StationClock
from ros_wam.types import Command, FloatArray

ANSWER_S = 5.0
MOVING_RAD_S = 0.05


class Witness:
    """Spins in a thread of its own. `said` is every `safety_status` by its stamp; needs the environment of `run`."""

    def __init__(self, run: Run) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        from ros_wam.nodes.wiring import Outlets, station_topics, subscribe

        self.said: list[tuple[int, dict[str, str]]] = []
        self.position: FloatArray | None = None
        self.moving = False
        self.clock = StationClock(int(run.environment[OFFSET_VARIABLE]))
        self._names = run.config.embodiment().joint_names
        self._context = rclpy.Context()
        self._context.init(domain_id=int(run.environment["ROS_DOMAIN_ID"]))
        self._node = rclpy.create_node("witness", context=self._context)
        topics = station_topics(run.config)
        self._outlets = Outlets(self._node, topics, ("teleop_command",))
        subscribe(self._node, topics["safety_status"], self._on_safety)
        subscribe(self._node, topics["joint_states"], self._on_joints)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def ask(self, service: str) -> bool:
        """Call a `std_srvs/Trigger` service and return whether it agreed."""
        from std_srvs.srv import Trigger

        client = self._node.create_client(Trigger, service)
        answered = threading.Event()
        assert client.wait_for_service(ANSWER_S)
        answer = client.call_async(Trigger.Request())
        answer.add_done_callback(lambda _: answered.set())
        assert answered.wait(ANSWER_S)
        return bool(answer.result().success)

    def lead(self, position: FloatArray) -> int:
        """Send one command of a leader device and return its stamp."""
        now_ns = self.clock.now_ns()
        self._outlets.publish("teleop_command", fields.teleop_command(Command(now_ns, position), self._names))
        return now_ns

    def close(self) -> None:
        """Leave the domain."""
        self._closing.set()
        self._thread.join()
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.shutdown()

    def _spin(self) -> None:
        while not self._closing.is_set():
            self._executor.spin_once(timeout_sec=0.05)

    def _on_safety(self, message: Any) -> None:
        stamp_ns, (status, *_) = fields.read_diagnostics(message)
        self.said.append((stamp_ns, dict(status.values)))

    def _on_joints(self, message: Any) -> None:
        state = fields.read_joint_state(message, self._names)
        self.position, self.moving = state.position, bool(np.abs(state.velocity).max() > MOVING_RAD_S)
