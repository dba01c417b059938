"""Array contracts as values: a spec checks an array where it enters and freezes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ros_wam.errors import SpecError


@dataclass(frozen=True)
class ArraySpec:
    """What an array must be: `shape` (None means any length), `dtype`, and finite unless said otherwise."""

    name: str
    shape: tuple[int | None, ...]
    dtype: DTypeLike = np.float64
    finite: bool = True

    def validate(self, value: Any) -> NDArray[Any]:
        """Return `value` as a read-only array; raise SpecError naming the array, the value and the bound."""
        array = self._frozen(value)
        if array.dtype != self.dtype:
            raise SpecError(f"{self.name}: dtype is {array.dtype}, must be {np.dtype(self.dtype)}")
        if array.shape != self.shape and not self._fits(array.shape):
            wanted = tuple("any" if n is None else n for n in self.shape)
            raise SpecError(f"{self.name}: shape is {array.shape}, must be {wanted}")
        if self.finite and array.dtype.kind == "f" and not np.isfinite(array).all():
            raise SpecError(f"{self.name}: holds values that are not finite: {array.tolist()}")
        return array

    def _fits(self, shape: tuple[int, ...]) -> bool:
        if len(shape) != len(self.shape):
            return False
        for wanted, length in zip(self.shape, shape, strict=True):  # a loop is three times as fast as all()
            if wanted is not None and wanted != length:
                return False
        return True

    def _frozen(self, value: Any) -> NDArray[Any]:
        if isinstance(value, np.ndarray) and value.dtype == self.dtype and not value.flags.writeable:
            return value
        # Pictures are large, and nobody writes into one: they are not copied.
        array = np.asarray(value).view() if self.dtype == np.uint8 else np.array(value, dtype=self.dtype)
        array.setflags(write=False)
        return array


def in_joint_order(
    name: str, names: Sequence[str], values: Sequence[float], order: Sequence[str]
) -> NDArray[np.float64]:
    """Return `values`, given for `names`, in the joint order `order`; a missing joint is an error, never 0.

    Extra joints are ignored. Raises SpecError for a missing joint, a repeated name, or lists of unequal length.
    """
    if len(names) != len(values) or len(set(names)) != len(names):
        raise SpecError(f"{name}: {len(names)} names ({', '.join(names)}) for {len(values)} values")
    given = dict(zip(names, values, strict=True))
    missing = [joint for joint in order if joint not in given]
    if missing:
        raise SpecError(f"{name}: no value for {', '.join(missing)}; given: {', '.join(names)}")
    return np.array([given[joint] for joint in order], dtype=np.float64)
