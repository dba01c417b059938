"""A driver in a loop of its own at the robot's rate: it reads and sends, as the control process does, and nothing else.

A process of its own, started like the control process, since it holds the vendor library.
"""

import argparse
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.clock import Clock, StationClock
from ros_wam.drivers import driver_module
from ros_wam.drivers.driver import Driver
from ros_wam.embodiment import Embodiment
from ros_wam.errors import DriverError, StateStale
from ros_wam.motion.pace import Pace
from ros_wam.motion.realtime import keep_memory, take_priority
from ros_wam.process import die_with_parent
from ros_wam.run_config import load_run_config
from ros_wam.types import Command, FloatArray, JointState

SWING_RAD, SWING_HZ = 0.05, 0.25
SETTLE_S = 0.5


def swing(start: FloatArray, arm: NDArray[np.bool_], time_s: float) -> FloatArray:
    """Return where to be after `time_s`: every arm joint swings away from `start` `(n,)` and back, from rest."""
    away = SWING_RAD * 0.5 * (1.0 - math.cos(2.0 * math.pi * SWING_HZ * time_s))
    return start - np.where(arm, np.copysign(away, start), 0.0)


def run_loop(driver: Driver, embodiment: Embodiment, duration_s: float, clock: Clock) -> dict[str, Any]:
    """Swing for `duration_s`; return the figures. Raises DriverError when the robot or its link fails."""
    pace, arm = Pace(clock, embodiment.period_s), ~embodiment.is_gripper
    state = _fresh(driver, pace)
    start, began_ns = state.position, pace.now_ns()
    stamps: set[int] = set()
    late_ns, spent_ns, stale = [], [], 0
    while (now_ns := pace.now_ns()) - began_ns < duration_s * 1e9:
        pace.wait()
        now_ns = pace.begin()
        late_ns.append(now_ns - pace.owed_ns)
        try:
            stamps.add(driver.read().stamp_ns)
        except StateStale:
            stale += 1
        driver.send(Command(now_ns, swing(start, arm, (now_ns - began_ns) * 1e-9)))
        spent_ns.append(clock.now_ns() - now_ns)
    measured_s = (pace.now_ns() - began_ns) * 1e-9
    return {
        "sent_hz": len(late_ns) / measured_s,
        "states_hz": len(stamps) / measured_s,
        "stale_reads": stale,
        "missed_ticks": pace.missed,
        "late_p99_ms": float(np.percentile(late_ns, 99)) * 1e-6,
        "read_send_p99_ms": float(np.percentile(spent_ns, 99)) * 1e-6,
        "measured_s": measured_s,
    }


def _fresh(driver: Driver, pace: Pace) -> JointState:
    """Return a state once the link has settled."""
    until_ns = pace.now_ns() + round(SETTLE_S * 1e9)
    while True:
        pace.wait()
        try:
            state = driver.read()
        except StateStale:
            if pace.now_ns() > until_ns + round(SETTLE_S * 1e9):
                raise
            continue
        if pace.now_ns() > until_ns:
            pace.restart()
            return state


def main() -> None:
    """Measure, and write the figures or the error to the file `--out`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--duration", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    die_with_parent()
    config = load_run_config(args.config)
    embodiment = config.embodiment()
    clock = StationClock()
    driver = driver_module(embodiment.driver).open_driver(embodiment, config.station().robot, clock)
    try:
        keep_memory()
        driver.connect()
        take_priority()
        found = run_loop(driver, embodiment, args.duration, clock)
        found["facts"] = dict(driver.facts())
        driver.stop()
    except DriverError as error:
        found = {"error": str(error)}
    args.out.write_text(json.dumps(found))
    os._exit(0)  # unloading a vendor library takes long, or hangs


if __name__ == "__main__":
    main()
