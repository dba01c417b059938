"""The device that teleoperates, in a thread of its own: commands, enable, buttons and status out."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from rclpy.node import Node

from ros_wam import fields
from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError
from ros_wam.motion.pace import Pace
from ros_wam.nodes import spin
from ros_wam.nodes.wiring import Outlets, station_topics, subscribe
from ros_wam.run_config import RunConfig
from ros_wam.teleop import make_device
from ros_wam.teleop.device import Button
from ros_wam.teleop.key_socket import KeySocket
from ros_wam.teleop.leading import Leading
from ros_wam.teleop.operator_keys import OperatorKeys
from ros_wam.teleop.pedal import Pedal, pedal_settings
from ros_wam.teleop.session import TeleopSession, TeleopStep
from ros_wam.teleop.status import teleop_status
from ros_wam.types import JointState, Mode

PERIOD_S = 0.01
STATUS_NS = 100_000_000
OF_SESSION = (Button.FASTER, Button.SLOWER)
OUT = ("teleop_command", "teleop_status", "enable", "operator_command")


class TeleopNode(Node):  # type: ignore[misc]
    """The one that publishes `enable`: what the device's hold-to-run says in TELEOP, `enable_request` elsewhere."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("teleop_node")
        if config.device is None:
            raise ConfigError("teleop_node needs a device; the run names none")
        embodiment, station = config.embodiment(), config.station()
        self._names, self._device = embodiment.joint_names, config.device
        self._clock = StationClock()
        self._state: JointState | None = None
        self._mode: Mode | None = None
        self._status_ns, self._told = 0, ""
        pedal = pedal_settings(station.pedal)
        device = make_device(config.device, station, embodiment, config.run_dir, self._clock)
        session = TeleopSession(embodiment, station)
        with ExitStack() as undo:
            terminal = KeySocket(config.keys_socket)
            self._keys = OperatorKeys(terminal, None if pedal is None else Pedal(pedal), self._clock)
            undo.callback(self._keys.close)
            self._leading = Leading(device, session, self._keys)
            topics = station_topics(config)
            self._outlets = Outlets(self, topics, OUT)
            subscribe(self, topics["joint_states"], self._on_joint_state)
            subscribe(self, topics["robot_mode"], self._on_mode)
            subscribe(self, topics["enable_request"], self._on_enable_request)
            undo.pop_all()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="device")
        self._thread.start()

    @property
    def finished(self) -> bool:
        """True when the device's thread has died; the process then ends and is started again."""
        return not self._thread.is_alive()

    @property
    def exit_status(self) -> int:
        """1 when the device's thread has died."""
        return int(self.finished)

    def close(self) -> None:
        """Stop leading, and let the robot hold."""
        self._stop.set()
        self._thread.join()
        self._outlets.publish("enable", fields.enable(False))

    def _run(self) -> None:
        pace = Pace(self._clock, PERIOD_S)
        try:
            while not self._stop.is_set():
                pace.begin()
                mode = self._mode
                step = self._leading.step(self._state, mode, self._clock.now_ns)
                self._publish(step, mode)
                pace.wait()
        finally:
            self._leading.close()
            self._keys.close()

    def _publish(self, step: TeleopStep, mode: Mode | None) -> None:
        now_ns = self._clock.now_ns()
        if step.command is not None:
            self._outlets.publish("teleop_command", fields.teleop_command(step.command, self._names))
        beat = self._leading.beat(step, mode, now_ns)
        if beat is not None:
            self._outlets.publish("enable", fields.enable(beat))
        for button in step.pressed:
            if button not in OF_SESSION:
                self._outlets.publish("operator_command", fields.json_object({"verb": button.value}))
        if now_ns - self._status_ns >= STATUS_NS:
            self._status_ns = now_ns
            said = teleop_status(step, self._device, self._leading.selected, self._leading.lost, self._keys.lost)
            self._outlets.publish("teleop_status", fields.diagnostics(now_ns, said))
        self._log(self._leading.lost)

    def _log(self, lost: str) -> None:
        if lost and lost != self._told:
            self.get_logger().error(f"{self._device}: {lost}")
        elif self._told and not lost:
            self.get_logger().info(f"{self._device} is read")
        self._told = lost

    def _on_joint_state(self, message: Any) -> None:
        self._state = fields.read_joint_state(message, self._names)

    def _on_mode(self, message: Any) -> None:
        self._mode = fields.read_robot_mode(message)

    def _on_enable_request(self, message: Any) -> None:
        if self._mode is not Mode.TELEOP:
            self._outlets.publish("enable", fields.enable(fields.read_enable(message)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until a signal comes."""
    return spin.run("teleop_node", spin.parse(argv).config, TeleopNode)


if __name__ == "__main__":
    raise SystemExit(main())
