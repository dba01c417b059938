"""What training code wants to know of a column to normalise it, named as LeRobot does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
_LEVELS = 256

Statistics = Mapping[str, NDArray[Any]]


def statistics(values: NDArray[Any]) -> Statistics:
    """Return per column of `(N, n)`: min, max, mean, std and quantiles `(n,)`, and `count` `(1,)`."""
    floats = values.astype(np.float64)
    quantiles = np.quantile(floats, list(QUANTILES.values()), axis=0)
    return {
        "min": floats.min(axis=0) if values.dtype == np.bool_ else values.min(axis=0),
        "max": floats.max(axis=0) if values.dtype == np.bool_ else values.max(axis=0),
        "mean": floats.mean(axis=0),
        "std": floats.std(axis=0),
        "count": np.array([len(values)]),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }


class PictureHistogram:
    """How often each level of each colour is seen; what it tells is exact, however many pictures are added."""

    def __init__(self, levels: NDArray[np.int64] | None = None, pictures: int = 0) -> None:
        """`levels` `(3, 256)`: begin with these counts, of so many pictures."""
        self.levels = np.zeros((3, _LEVELS), dtype=np.int64) if levels is None else levels
        self.pictures = pictures

    def add(self, image: NDArray[np.uint8]) -> None:
        """Count the pixels of an HxWx3 picture."""
        for colour in range(3):
            self.levels[colour] += np.bincount(image[..., colour].ravel(), minlength=_LEVELS)
        self.pictures += 1

    def merged(self, other: "PictureHistogram") -> "PictureHistogram":
        """Return both together."""
        return PictureHistogram(self.levels + other.levels, self.pictures + other.pictures)

    def statistics(self) -> Statistics:
        """Return like `statistics`, `(3, 1, 1)` of colours 0–1; `count` is that of the pictures."""
        level = np.arange(_LEVELS) / (_LEVELS - 1)
        share = self.levels / self.levels.sum(axis=1, keepdims=True)
        seen = self.levels > 0
        mean = share @ level
        spread = np.sqrt(np.maximum((share * (level - mean[:, None]) ** 2).sum(axis=1), 0.0))
        below = np.cumsum(share, axis=1)
        found = {
            "min": level[seen.argmax(axis=1)],
            "max": level[_LEVELS - 1 - seen[:, ::-1].argmax(axis=1)],
            "mean": mean,
            "std": spread,
            **{
                name: level[np.minimum((below < share_below - 1e-12).sum(axis=1), _LEVELS - 1)]
                for name, share_below in QUANTILES.items()
            },
        }
        shaped: dict[str, NDArray[Any]] = {name: value.reshape(3, 1, 1) for name, value in found.items()}
        return {**shaped, "count": np.array([self.pictures])}
