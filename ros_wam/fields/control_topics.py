"""A batch of control ticks as the messages of the control topics."""

from collections.abc import Sequence

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.fields.joints import joint_command, joint_state
from ros_wam.fields.setpoints import setpoint_provenance, setpoints
from ros_wam.fields.stamp import Fields
from ros_wam.topics import recorded_stride
from ros_wam.types import StepRecord


def control_messages(records: Sequence[StepRecord], embodiment: Embodiment) -> list[tuple[str, Fields]]:
    """Return the messages of consecutive ticks, by topic: joints at some 125 Hz, and every tick in the tables.

    What was not measured gives no `joint_states`, what was not sent no `joint_commands`.
    """
    names = embodiment.joint_names
    stride = recorded_stride(embodiment.control_rate_hz)
    messages: list[tuple[str, Fields]] = []
    for record in records:
        if record.sequence % stride:
            continue
        if record.state is not None:
            messages.append(("joint_states", joint_state(record.state, names)))
        if np.isfinite(record.sent.position).all():
            messages.append(("joint_commands", joint_command(record.sent, names)))
    messages.append(("setpoints", setpoints(records, names)))
    messages.append(("setpoint_provenance", setpoint_provenance(records, names)))
    return messages
