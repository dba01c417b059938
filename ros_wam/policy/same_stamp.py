"""Brings together what was taken at one moment and travelled apart: a picture and its depth."""

from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 8
"""So many of each wait for the other: of 30 Hz, a quarter of a second, after which a picture is too old anyway."""


class SameStamp(Generic[T]):
    """Two streams of one view; whichever of a pair comes later completes it."""

    def __init__(self) -> None:
        self._waiting: tuple[dict[int, T], dict[int, T]] = ({}, {})

    def first(self, stamp_ns: int, item: T) -> tuple[T, T] | None:
        """Return `item` with the second of its stamp, None if that has not come."""
        other = self._match(0, stamp_ns, item)
        return None if other is None else (item, other)

    def second(self, stamp_ns: int, item: T) -> tuple[T, T] | None:
        """Return the first of its stamp with `item`, None if that has not come."""
        other = self._match(1, stamp_ns, item)
        return None if other is None else (other, item)

    def _match(self, side: int, stamp_ns: int, item: T) -> T | None:
        mine, theirs = self._waiting[side], self._waiting[1 - side]
        other = theirs.pop(stamp_ns, None)
        if other is None:
            mine[stamp_ns] = item
            if len(mine) > KEPT:
                del mine[next(iter(mine))]
        return other
