"""Publishers and subscriptions of a node, straight from the table of topics."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rclpy.node import Node

from ros_wam.fields import Fields
from ros_wam.messages import build, message_class, qos
from ros_wam.topics import Topic


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
    """Call `callback` with every message of `topic`, or with its bytes when `raw`; it only stores."""
    node.create_subscription(message_class(topic.type), topic.name, callback, qos(topic), raw=raw)
