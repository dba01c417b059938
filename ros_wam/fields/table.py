"""Labelled tables as `std_msgs/*MultiArray`: each dimension's label names its entries, separated by spaces."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import SpecError
from ros_wam.fields.stamp import Fields


def table(array: NDArray[Any], row_label: str, *columns: Sequence[str]) -> Fields:
    """Return `array` `(rows, len(columns[0]), …)` as a multi-array; `columns` name the entries of each further axis.

    Raises SpecError when their counts differ.
    """
    if array.shape[1:] != tuple(map(len, columns)):
        raise SpecError(f"table: shape is {array.shape}, must be (any, {', '.join(str(len(c)) for c in columns)})")
    labels = [row_label, *(" ".join(names) for names in columns)]
    dimensions = [
        {"label": label, "size": size, "stride": math.prod(array.shape[axis:])}
        for axis, (label, size) in enumerate(zip(labels, array.shape, strict=True))
    ]
    return {"layout": {"dim": dimensions, "data_offset": 0}, "data": np.ascontiguousarray(array).ravel()}


def read_table(message: Any) -> tuple[str, list[list[str]], NDArray[Any]]:
    """Return the row label, the names along each further axis, and the array; raises SpecError when they disagree."""
    dimensions = list(message.layout.dim)
    sizes = [int(dimension.size) for dimension in dimensions]
    data = np.array(message.data)
    columns = [str(dimension.label).split(" ") for dimension in dimensions[1:]]
    if not dimensions or data.size != math.prod(sizes) or [len(names) for names in columns] != sizes[1:]:
        raise SpecError(f"table: {data.size} values and columns {columns} for sizes {sizes}")
    return str(dimensions[0].label), columns, data.reshape(sizes)
