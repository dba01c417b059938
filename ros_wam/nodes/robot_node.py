"""The ROS edge of the control process: commands in, what was done out. It supervises, and moves nothing itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from ros_wam import fields
from ros_wam.causes import Cause
from ros_wam.clock import StationClock
from ros_wam.drivers import driver_module
from ros_wam.fields import Diagnostic, Level
from ros_wam.fields.control_topics import control_messages
from ros_wam.motion.link import unpack_record
from ros_wam.motion.supervisor import COMMAND, ControlSupervisor
from ros_wam.nodes import spin
from ros_wam.nodes.wiring import Outlets, station_topics, subscribe
from ros_wam.run_config import RunConfig
from ros_wam.types import Mode, StepRecord

VERBS = ("hold", "home", "recover", "policy", "teleop")
OUT = ("joint_states", "joint_commands", "setpoints", "setpoint_provenance", "safety_status", "robot_mode")


class RobotNode(Node):
    """One robot. What the control process tells is published from the thread that watches it."""

    def __init__(self, config: RunConfig, config_file: str) -> None:
        super().__init__("robot_node")
        embodiment, station = config.embodiment(), config.station()
        self._embodiment, self._names = embodiment, embodiment.joint_names
        self._station_clock = StationClock()
        self._mode = self._cause = self._detail = ""
        topics = station_topics(config)
        self._outlets = Outlets(self, topics, OUT)
        driver = driver_module(embodiment.driver)
        log_file = (config.sitting_dir or config.run_dir) / "control_process.log"
        self._control = ControlSupervisor(
            Path(config_file),
            log_file,
            embodiment.driver,
            lambda: driver.last_resort_stop(station.robot),
            self._hear,
            self._station_clock,
            (*config.control_prefix, *COMMAND),
        )
        subscribe(self, topics["action_chunk"], self._on_chunk)
        subscribe(self, topics["teleop_command"], self._on_teleop)
        subscribe(self, topics["enable"], lambda message: self._control.enable(fields.read_enable(message)))
        for verb in VERBS:
            self.create_service(Trigger, f"~/{verb}", self._asker(verb))
        self._control.start()

    def close(self) -> None:
        """Let the control process bring the robot to rest and end."""
        self._control.close()

    def _on_chunk(self, message: Any) -> None:
        self._control.follow(fields.read_action_chunk(message, self._names))

    def _on_teleop(self, message: Any) -> None:
        self._control.teleoperate(fields.read_teleop_command(message, self._names))

    def _asker(self, verb: str) -> Any:
        def ask(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            response.success, response.message = self._control.ask(verb)
            return response

        return ask

    def _hear(self, kind: str, content: Any) -> None:
        if kind == "records":
            self._publish_records([unpack_record(record) for record in content])
        elif kind == "status":
            self._publish_status(content)
        else:
            self.get_logger().warning(str(content))

    def _publish_records(self, records: Sequence[StepRecord]) -> None:
        for topic, message in control_messages(records, self._embodiment):
            self._outlets.publish(topic, message)

    def _publish_status(self, values: dict[str, Any]) -> None:
        mode, cause, detail = values["mode"], values["cause"], values["detail"]
        level = Level.ERROR if mode == Mode.FAULT.value else Level.WARN if cause else Level.OK
        status = Diagnostic(self.get_name(), level, detail or cause or mode, values)
        self._outlets.publish("safety_status", fields.diagnostics(self._station_clock.now_ns(), status))
        if mode != self._mode:
            self._mode = mode
            self._outlets.publish("robot_mode", fields.robot_mode(Mode(mode)))
        died = cause == Cause.CONTROL_PROCESS_DIED.value and detail != self._detail
        if mode == Mode.FAULT.value and (cause != self._cause or died):
            if cause == Cause.NOT_READY.value:
                self.get_logger().info(detail)
            else:
                self.get_logger().error(f"FAULT ({cause}): {detail}")
        self._cause, self._detail = cause, detail


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until a signal comes."""
    args = spin.parse(argv)
    return spin.run("robot_node", args.config, lambda config: RobotNode(config, args.config))


if __name__ == "__main__":
    raise SystemExit(main())
