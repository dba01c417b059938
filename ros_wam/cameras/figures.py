"""How a camera does, in figures that are shown live."""

from typing import Any

import numpy as np

from ros_wam.record.gaps import Steps


class CameraFigures:
    """Told of every picture when it comes; counts since the beginning, and rate and latency since the last `take`."""

    def __init__(self, rate_hz: float, now_ns: int) -> None:
        self._rate_hz = rate_hz
        self._since_ns = now_ns
        self._late_ns: list[int] = []
        self._stamp_ns: int | None = None
        self._steps = Steps()
        self._pictures = self._missed = 0

    def came(self, stamp_ns: int, now_ns: int) -> None:
        """Note a picture that was taken at `stamp_ns` and is here now. A gap between two is of pictures that missed."""
        if self._stamp_ns is not None:
            self._missed += self._steps.take((stamp_ns - self._stamp_ns) * 1e-9 * self._rate_hz) - 1
        self._stamp_ns = stamp_ns
        self._pictures += 1
        self._late_ns.append(now_ns - stamp_ns)

    def take(self, now_ns: int) -> dict[str, Any]:
        """Return the figures, None for what there is none of, and begin anew to measure rate and latency.

        `latency_ms`: from the stamp to here, median and worst; `age_ms`: of the newest picture now; `missed`: how many
        did not come of those that the rate promises.
        """
        late_ns, lasted_s = self._late_ns, (now_ns - self._since_ns) * 1e-9
        self._since_ns, self._late_ns = now_ns, []
        return {
            "rate_hz": round(len(late_ns) / lasted_s, 1) if lasted_s > 0.0 else None,
            "expected_hz": self._rate_hz,
            "latency_ms": round(float(np.median(late_ns)) * 1e-6, 1) if late_ns else None,
            "worst_latency_ms": round(max(late_ns) * 1e-6, 1) if late_ns else None,
            "age_ms": None if self._stamp_ns is None else round((now_ns - self._stamp_ns) * 1e-6, 1),
            "pictures": self._pictures,
            "missed": max(self._missed, 0),
        }
