"""One thing that `robot_node` can be asked for."""

from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

RETRY_NS = 500_000_000


class RobotVerb:
    """Asks one of `robot_node`'s services, without waiting, again and again until it agrees."""

    def __init__(self, node: Node, verb: str) -> None:
        self.agreed_ns: int | None = None
        self.refusal = ""
        self._client = node.create_client(Trigger, f"robot_node/{verb}")
        self.asking = False
        self._asked_ns = 0
        self._future: Any = None

    def ask(self) -> None:
        """Begin to ask."""
        self.asking, self.agreed_ns, self.refusal, self._asked_ns, self._future = True, None, "", 0, None

    def give_up(self) -> None:
        """Ask no more; what it agreed to stays noted."""
        self.asking, self._future, self.refusal = False, None, ""

    def tick(self, now_ns: int) -> None:
        """Read the answer, or ask (again)."""
        if not self.asking:
            return
        if self._future is not None and self._future.done():
            answer, self._future = self._future.result(), None
            if answer.success:
                self.asking, self.agreed_ns, self.refusal = False, now_ns, ""
                return
            self.refusal = answer.message
        if now_ns - self._asked_ns >= RETRY_NS and self._client.service_is_ready():
            self._asked_ns, self._future = now_ns, self._client.call_async(Trigger.Request())
