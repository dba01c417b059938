"""Normalised numbers to physical ones and back, for servers that leave this to their client: `normalized`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.errors import ConfigError, SpecError
from ros_wam.policy import key_path
from ros_wam.policy.columns import UNUSED, labels
from ros_wam.types import FloatArray


@dataclass(frozen=True)
class Normalized:
    """What -1 and 1 of each column stand for: `low` and `high`; what is beyond -1 and 1 is cut first.

    Instead of the numbers themselves, a `file` of the policy's checkpoint may be named: JSON, where the map at the key
    path `at` (`<dataset> > action` as a rule) holds lists under `low_key` and `high_key`, and may hold a list `mask` of
    booleans: columns that are false there are physical already, and not cut. `parts`: the maps of these names in that
    map hold them instead, side by side; `unused.<n>` stands for so many columns that are left as they are. `scale`:
    what the numbers of a column are to be multiplied by, where the file has them in other units, such as those of a
    controller of a simulator.
    """

    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    file: Path | None = None
    at: str = ""
    low_key: str = "min"
    high_key: str = "max"
    scale: tuple[float, ...] = ()
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.low or self.high) == (self.file is not None):
            raise ConfigError("normalized: must have either low and high, or the file that holds them")
        if self.file is None:
            _check(self.low, self.high, "normalized")

    def bounds(self, columns: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return low, high and where they count, each `(columns,)`.

        Raises ConfigError where the file cannot be read, or there is another number of columns.
        """
        low, high, counts = self._numbers()
        where = "normalized" + (f": {self.file}" if self.file is not None else "")
        scale = np.array(self.scale or [1.0] * len(low))
        for name, values in (("low", low), ("high", high), ("mask", counts), ("scale", scale)):
            if len(values) != columns:
                raise ConfigError(f"{where}: {name} has {len(values)} columns, must have {columns} as the actions have")
        return low * scale, high * scale, counts.astype(np.float64)

    def _numbers(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        if self.file is None:
            return np.array(self.low), np.array(self.high), np.ones(len(self.low))
        statistics = self._statistics()
        found = [self._part(statistics, name) for name in self.parts or ("",)]
        low, high, counts = (np.concatenate(values) for values in zip(*found, strict=True))
        return low, high, counts

    def _part(self, statistics: Mapping[str, Any], name: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return low, high and where they count of one of `parts`, of the only one where it has no name."""
        unused = labels(name).count(UNUSED)
        if unused:
            return np.zeros(unused), np.zeros(unused), np.zeros(unused)
        where = f"normalized: {self.file}: {' > '.join(filter(None, (self.at, name)))}"
        of_part = statistics.get(name) if name else statistics
        if not isinstance(of_part, Mapping):
            raise ConfigError(f"{where} is no map; there is: {', '.join(statistics)}")
        for key in (self.low_key, self.high_key):
            if not isinstance(of_part.get(key), list):
                raise ConfigError(f"{where} has no list {key!r}; there is: {', '.join(of_part)}")
        low, high = of_part[self.low_key], of_part[self.high_key]
        _check(low, high, where)
        mask = of_part.get("mask", [True] * len(low))
        if not isinstance(mask, list) or not all(isinstance(counts, bool) for counts in mask):
            raise ConfigError(f"{where}: mask is {mask!r}, must be a list of booleans")
        return np.array(low, dtype=float), np.array(high, dtype=float), np.array(mask, dtype=float)

    def _statistics(self) -> Mapping[str, Any]:
        assert self.file is not None
        where = f"normalized: {self.file}"
        try:
            found = key_path.find(json.loads(self.file.read_text(encoding="utf-8")), self.at)
        except OSError as error:
            raise ConfigError(f"{where}: {error.strerror}; it comes with the policy's checkpoint") from error
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{where} is no JSON: {error}") from error
        except SpecError as error:
            raise ConfigError(f"{where} has {error}; `at` must be one of them with its part for actions") from error
        if not isinstance(found, Mapping):
            raise ConfigError(f"{where}: {self.at} is a {type(found).__name__}, must be a map")
        return found


def physical(rows: FloatArray, bounds: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
    """Return `rows` `(T, D)` with what they stand for."""
    low, high, counts = bounds
    share = 0.5 * (np.clip(rows, -1.0, 1.0) + 1.0)
    return np.where(counts > 0.0, low + share * (high - low), rows)


def normalized(rows: FloatArray, bounds: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
    """Return `rows` `(T, D)` between -1 and 1, of what they stand for; columns that never change stay as they are."""
    low, high, counts = bounds
    changes = (counts > 0.0) & (high != low)
    share = (rows - low) / np.where(changes, high - low, 1.0)
    return np.where(changes, np.clip(2.0 * share - 1.0, -1.0, 1.0), rows)


def _check(low: Any, high: Any, where: str) -> None:
    for name, values in (("low", low), ("high", high)):
        if not all(isinstance(value, (int, float)) and np.isfinite(value) for value in values):
            raise ConfigError(f"{where}: {name} is {list(values)}, must be finite numbers")
    if len(low) != len(high):
        raise ConfigError(f"{where}: low has {len(low)} columns, high {len(high)}")
    if any(bottom > top for bottom, top in zip(low, high, strict=True)):
        raise ConfigError(f"{where}: low is {list(low)}, must be at most high, {list(high)}, in every column")
