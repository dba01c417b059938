"""Serves the operator's page: shows what the topics tell, and passes on what is asked for."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rclpy.node import Node

from ros_wam import fields
from ros_wam.clock import StationClock
from ros_wam.desk.asking import Asking
from ros_wam.desk.desk import Desk
from ros_wam.desk.reference import References
from ros_wam.desk.serve import DeskServer
from ros_wam.desk.state import DeskState
from ros_wam.desk_access import TOKEN_VARIABLE, required_token
from ros_wam.nodes import spin
from ros_wam.nodes.wiring import Outlets, station_topics, subscribe
from ros_wam.policy.profile import Freshness
from ros_wam.run_config import RunConfig
from ros_wam.topics import image_topic

MOVING = "wrist"
"""In the name of a view that moves with the robot: a scene is not laid out by it first."""


class DeskNode(Node):  # type: ignore[misc]
    """Serves from when it is made until it is closed."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("desk_node")
        token = required_token(config.desk_host, os.environ.get(TOKEN_VARIABLE))
        self._station_clock = StationClock()
        topics, embodiment = station_topics(config), config.embodiment()
        views = sorted(embodiment.views, key=lambda view: MOVING in view)
        freshness = Freshness() if config.policy is None else config.profile().freshness
        self._state = DeskState({view: topics[image_topic(view)].rate_hz or 1.0 for view in views}, freshness)
        self._outlets = Outlets(self, topics, ("operator_command",))
        self._asking = Asking(lambda command: self._outlets.publish("operator_command", fields.json_object(command)))
        for view in views:  # a desk that is slow misses pictures, and holds up nobody
            newest = replace(topics[image_topic(view)], reliable=False, depth=1)
            subscribe(self, newest, self._on_picture(view))
        subscribe(self, topics["trial_event"], self._on_event)
        subscribe(self, topics["safety_status"], self._on_safety)
        kept = config.sitting_dir is not None and config.task is not None
        references = (
            References(config.sitting_dir, config.task) if kept and config.sitting_dir and config.task else None
        )
        desk = Desk(self._state, references, self._asking.ask, self._station_clock)
        self._server = DeskServer(desk, config.desk_host, config.desk_port, token)
        print(f"desk at {config.desk_host} port {self._server.port}", flush=True)

    def close(self) -> None:
        """Serve no more."""
        self._server.close()

    def _on_picture(self, view: str) -> Callable[[Any], None]:
        def keep(message: Any) -> None:
            self._state.picture(view, fields.read_stamp(message.header.stamp), bytes(message.data))

        return keep

    def _on_event(self, message: Any) -> None:
        event = fields.read_json_object(message)
        if event.get("event") == "progress":
            self._state.progress(event, self._station_clock.now_ns())
        self._asking.hear(event)

    def _on_safety(self, message: Any) -> None:
        for status in fields.read_diagnostics(message)[1]:
            values = {name: str(value) for name, value in status.values.items()}
            self._state.safety(values, self._station_clock.now_ns())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until a signal comes."""
    return spin.run("desk_node", spin.parse(argv).config, DeskNode)


if __name__ == "__main__":
    raise SystemExit(main())
