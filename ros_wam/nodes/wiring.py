"""Publishers and subscriptions of a node, straight from the table of topics."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rclpy.node import Node

from ros_wam.errors import ConfigError, SpecError
from ros_wam.fields import Fields
from ros_wam.messages import build, message_class, qos
from ros_wam.run_config import RunConfig
from ros_wam.topics import Topic, topic_table


def station_topics(config: RunConfig) -> dict[str, Topic]:
    """Return the table of the run's topics; raises ConfigError for a view without a camera."""
    embodiment, cameras = config.embodiment(), config.station().cameras
    missing = [view for view in embodiment.views if view not in cameras]
    if missing:
        raise ConfigError(f"{config.calibration}: no camera for {', '.join(missing)}; there are: {', '.join(cameras)}")
    rates_hz = {view: cameras[view].rate_hz for view in embodiment.views}
    depth_views = [view for view in embodiment.views if cameras[view].depth]
    return topic_table(rates_hz, embodiment.control_rate_hz, depth_views)


class Outlets:
    """The publishers of one node, by topic name; may be used from any thread."""

    def __init__(self, node: Node, topics: Mapping[str, Topic], names: Iterable[str]) -> None:
        self._types = {name: topics[name].type for name in names}
        self._publishers = {
            name: node.create_publisher(message_class(type_name), name, qos(topics[name]))
            for name, type_name in self._types.items()
        }

    def publish(self, name: str, fields: Fields) -> None:
        """Publish `fields` on the topic `name`."""
        self._publishers[name].publish(build(self._types[name], fields))


def subscribe(node: Node, topic: Topic, callback: Callable[[Any], None], raw: bool = False) -> None:
    """Call `callback` with every message of `topic`, or with its bytes when `raw`; it only stores.

    A message that it cannot read (SpecError) is ignored, with a warning: anyone on the network may publish.
    """

    def read(message: Any) -> None:
        try:
            callback(message)
        except SpecError as error:
            node.get_logger().warning(f"{topic.name}: ignored: {error}", throttle_duration_sec=1.0)

    node.create_subscription(message_class(topic.type), topic.name, read, qos(topic), raw=raw)
