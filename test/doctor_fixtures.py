"""A station as the doctor measures it when nothing is wrong with it."""

import json
from pathlib import Path

from ros_wam.doctor.check import Check
from ros_wam.doctor.measured import Asked, Measured, Stream

ROOT = Path(__file__).parents[1]
FACTS = {"library": "ur_rtde 1.6.5", "firmware": "URSoftware 3.15.8.106339 (Mar 25 2022)", "safety_mode": "normal"}
HEALTHY = Measured(
    views={"wrist": Stream(29.9, 4.0, spoke=True), "global": Stream(30.0, 9.0, spoke=True)},
    skew_ms=33.4,
    state=Stream(124.8, 3.0),
    state_age_ms=4.0,
    status={"mode": "HOLD", "cause": "", "detail": "", "driver": json.dumps(FACTS), "realtime": "SCHED_FIFO 60"},
    modes=("HOLD",),
    faults={},
    enabled=1.0,
    bytes_per_s=1e6,
    policy=Asked((10.0,) * 10, (30, 7), greeted=True, declares=("embodiment",)),
)


def failed(checks: list[Check]) -> list[str]:
    """Return the names of the checks that do not hold."""
    return [check.name for check in checks if not check.ok]


def found(checks: list[Check], name: str) -> str:
    """Return what the check `name` found."""
    (value,) = [check.value for check in checks if check.name == name]
    return value
