"""Control ticks as the messages of the control topics, each at its own rate."""

from ros_wam.embodiment import Embodiment
from ros_wam.fields.joints import joint_command, joint_state
from ros_wam.fields.setpoints import setpoint_provenance, setpoints
from ros_wam.fields.stamp import Fields
from ros_wam.topics import RECORDED_STATE_RATE_HZ, SETPOINT_BATCH_S
from ros_wam.types import StepRecord

_BATCH_NS = round(SETPOINT_BATCH_S * 1e9)


class ControlTopics:
    """Collects ticks in order. `joint_states` and `joint_commands` come at 125 Hz at most, the tables every 20 ms."""

    def __init__(self, embodiment: Embodiment) -> None:
        self._names = embodiment.joint_names
        self._every = max(1, round(embodiment.control_rate_hz / RECORDED_STATE_RATE_HZ))
        self._batch: list[StepRecord] = []
        self._flush_ns = 0

    def add(self, record: StepRecord) -> list[tuple[str, Fields]]:
        """Take one tick; return the messages that are due, by topic."""
        messages: list[tuple[str, Fields]] = []
        if record.sequence % self._every == 0:
            if record.state is not None:
                messages.append(("joint_states", joint_state(record.state, self._names)))
            messages.append(("joint_commands", joint_command(record.sent, self._names)))
        if self._batch and record.stamp_ns >= self._flush_ns:
            messages += self.flush()
        if not self._batch:
            due_ns = self._flush_ns + _BATCH_NS
            self._flush_ns = due_ns if due_ns > record.stamp_ns else record.stamp_ns + _BATCH_NS
        self._batch.append(record)
        return messages

    def flush(self) -> list[tuple[str, Fields]]:
        """Return the tables of the ticks since the last ones."""
        batch, self._batch = self._batch, []
        if not batch:
            return []
        return [
            ("setpoints", setpoints(batch, self._names)),
            ("setpoint_provenance", setpoint_provenance(batch, self._names)),
        ]
