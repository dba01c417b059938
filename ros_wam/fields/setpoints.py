"""Control ticks as two tables with the same rows: what every joint was asked and did, and where that came from.

The rows of both are labelled with the sequence numbers of the ticks.
"""

import functools
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.causes import Limit
from ros_wam.errors import SpecError
from ros_wam.fields.stamp import Fields
from ros_wam.fields.table import read_table, table
from ros_wam.types import FloatArray, Mode, Provenance, StepRecord

SETPOINT_COLUMNS = ("measured", "target", "desired", "sent")
PROVENANCE_COLUMNS = (
    "sequence",
    "stamp_ns",
    "observation_stamp_ns",
    "inference_id",
    "chunk_id",
    "index",
    "source",
    "limits",
    "joints",
    "reanchored",
    "late_ns",
    "position_joints",
    "velocity_joints",
    "acceleration_joints",
)
_NUMBER = re.compile("[0-9]{1,18}")
MODES = (Mode.HOLD, Mode.POLICY, Mode.TELEOP, Mode.HOMING, Mode.FAULT)
"""The number in the column `source` is an index into this."""


@dataclass(frozen=True, eq=False)
class Setpoints:
    """`(rows, n)` positions [rad, grippers 0–1], columns in the order of `joint_names`; NaN where there was none.

    `sequence` `(rows,)` numbers the ticks.
    """

    joint_names: tuple[str, ...]
    sequence: NDArray[np.int64]
    measured: FloatArray
    target: FloatArray
    desired: FloatArray
    sent: FloatArray


@dataclass(frozen=True, eq=False)
class SetpointProvenance:
    """`(rows,)` integers each; -1 where nothing was followed. `limits` is a Limit mask, `joints` one by index.

    `joints` holds those that any limit changed, `*_joints` those that this one did.
    """

    sequence: NDArray[np.int64]
    stamp_ns: NDArray[np.int64]
    observation_stamp_ns: NDArray[np.int64]
    inference_id: NDArray[np.int64]
    chunk_id: NDArray[np.int64]
    index: NDArray[np.int64]
    source: NDArray[np.int64]
    limits: NDArray[np.int64]
    joints: NDArray[np.int64]
    reanchored: NDArray[np.int64]
    late_ns: NDArray[np.int64]
    position_joints: NDArray[np.int64]
    velocity_joints: NDArray[np.int64]
    acceleration_joints: NDArray[np.int64]

    def changes(self, row: int, joint_names: Sequence[str]) -> dict[Limit, tuple[str, ...]]:
        """Return which limits changed which joints of a row; WORKSPACE concerns an arm and names none.

        A HOLD is the only limit of its tick that changes joints.
        """
        masks = {
            Limit.POSITION: self.position_joints[row],
            Limit.VELOCITY: self.velocity_joints[row],
            Limit.ACCELERATION: self.acceleration_joints[row],
            Limit.WORKSPACE: 0,
            Limit.HOLD: self.joints[row],
        }
        return {
            limit: tuple(name for k, name in enumerate(joint_names) if mask >> k & 1)
            for limit, mask in masks.items()
            if self.limits[row] & limit
        }


def setpoints(records: Sequence[StepRecord], joint_names: Sequence[str]) -> Fields:
    """`setpoints`: `(rows, 4, n)`, the second axis being SETPOINT_COLUMNS."""
    nothing = np.full(len(joint_names), np.nan)
    rows = [
        [
            nothing if record.state is None else record.state.position,
            nothing if record.target is None else record.target.position,
            record.desired.position,
            record.sent.position,
        ]
        for record in records
    ]
    array = np.array(rows, dtype=np.float64).reshape(len(rows), len(SETPOINT_COLUMNS), len(joint_names))
    return table(array, _row_label(records), SETPOINT_COLUMNS, joint_names)


def _row_label(records: Sequence[StepRecord]) -> str:
    return " ".join(str(record.sequence) for record in records)


def read_setpoints(message: Any) -> Setpoints:
    """Return the ticks of one message; raises SpecError when its columns are others, or its rows not numbered."""
    label, columns, array = read_table(message)
    if len(columns) != 2 or columns[0] != list(SETPOINT_COLUMNS):
        raise SpecError(f"setpoints: columns are {columns}, must be {' '.join(SETPOINT_COLUMNS)} per joint")
    return Setpoints(
        tuple(columns[1]), _sequence(label, len(array)), *(array[:, k] for k in range(len(SETPOINT_COLUMNS)))
    )


def _sequence(label: str, rows: int) -> NDArray[np.int64]:
    numbers = label.split()
    if len(numbers) != rows or not all(map(_NUMBER.fullmatch, numbers)):
        raise SpecError(f"setpoints: {rows} rows are numbered {label[:80]!r}")
    return np.array(numbers, dtype=np.int64)


def setpoint_provenance(records: Sequence[StepRecord], joint_names: Sequence[str]) -> Fields:
    """`setpoint_provenance`: `(rows, 14)`, the columns being PROVENANCE_COLUMNS."""
    bits = {name: 1 << k for k, name in enumerate(joint_names)}
    rows = [_provenance_row(record, bits) for record in records]
    array = np.array(rows, dtype=np.int64).reshape(len(rows), len(PROVENANCE_COLUMNS))
    return table(array, _row_label(records), PROVENANCE_COLUMNS)


def _provenance_row(record: StepRecord, bits: dict[str, int]) -> list[int]:
    source = Provenance() if record.target is None else record.target.provenance
    changed = dict.fromkeys(Limit, 0)
    limits = Limit(0)
    for intervention in record.verdict.interventions:
        limits |= intervention.limit
        changed[intervention.limit] |= bits.get(intervention.joint, 0)  # a limit of the whole arm names no joint
    return [
        record.sequence,
        record.stamp_ns,
        source.observation_stamp_ns,
        source.inference_id,
        source.chunk_id,
        source.index,
        MODES.index(record.mode),
        int(limits),
        functools.reduce(operator.or_, changed.values()),
        int(source.reanchored),
        record.late_ns,
        changed[Limit.POSITION],
        changed[Limit.VELOCITY],
        changed[Limit.ACCELERATION],
    ]


def read_setpoint_provenance(message: Any) -> SetpointProvenance:
    """Return the ticks of one message; raises SpecError when its columns are others."""
    _, columns, array = read_table(message)
    if columns != [list(PROVENANCE_COLUMNS)]:
        raise SpecError(f"setpoint provenance: columns are {columns}, must be {' '.join(PROVENANCE_COLUMNS)}")
    return SetpointProvenance(*(array[:, k].astype(np.int64) for k in range(len(PROVENANCE_COLUMNS))))
