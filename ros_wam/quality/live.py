"""The quality gate beside a recorder: what is wrong with the recording that is being made."""

from collections.abc import Mapping
from typing import Any

from ros_wam import fields
from ros_wam.embodiment import Embodiment
from ros_wam.errors import RecordError, SpecError
from ros_wam.quality.bounds import Bounds
from ros_wam.quality.gate import QualityGate
from ros_wam.record.cdr import deserialize
from ros_wam.topics import Topic


class LiveQuality:
    """A gate for each episode, from the `prepare` of `trial_command` on; what it found stays until the next."""

    def __init__(self, embodiment: Embodiment, topics: Mapping[str, Topic], bounds: Bounds | None = None) -> None:
        """`topics` are those that it will be told of."""
        self._embodiment, self._topics, self._bounds = embodiment, topics, bounds
        self._gate = self._new_gate()

    def _new_gate(self) -> QualityGate:
        return QualityGate(self._embodiment, self._topics, self._bounds)

    def on_message(self, topic: str, now_ns: int, data: bytes) -> None:
        """Note a message (CDR) as it comes; what cannot be read is ignored, for anyone may publish."""
        try:
            if topic == "trial_command":
                message = deserialize(self._topics[topic].type, data)
                if fields.read_json_object(message).get("verb") == "prepare":
                    self._gate = self._new_gate()
            self._gate.take(topic, now_ns, data)
        except (RecordError, SpecError):
            return

    def findings(self, now_ns: int) -> list[dict[str, Any]]:
        """Return what is wrong by now, in JSON types, as progress shows it; empty where no episode has begun."""
        return [finding.to_json() for finding in self._gate.findings(now_ns)]
