"""What other methods reach in the chunk-switch benchmark, as it was published with the benchmark's definition.

It was measured then, neither by this program nor by those projects. `LeRobot async`, `ACT ensembling` and `JTC-like`
are re-implementations, the others ran the projects' code. Discrete commands are held, which inflates their peak
acceleration at 500 Hz; it is known at 200 ms alone.
"""

from collections.abc import Mapping

from ros_wam.bench.result import Cell

_LATENCIES_MS = (100, 200, 400)
_TABLE: tuple[tuple[str, tuple[float, ...], tuple[float, ...], float, tuple[float, ...], tuple[float, ...]], ...] = (
    # method, idle [%], step [mrad], peak acceleration at 200 ms [rad/s²], RMS jerk [rad/s³], RMS error [mrad]
    ("openpi broker", (16.5, 28.0, 44.0), (120, 140, 176), 35_020, (524, 653, 939), (34, 57, 106)),
    ("LeRobot async", (0, 0, 0), (73, 72, 72), 18_115, (414, 376, 385), (17, 18, 21)),
    ("LeRobot ActionQueue", (0, 0, 0), (103, 105, 108), 26_175, (479, 489, 493), (22, 22, 22)),
    ("ActionQueue, interpolated", (0, 0, 0), (103, 105, 108), 8_740, (358, 370, 370), (22, 22, 22)),
    ("ActionQueue + Ruckig", (0, 0, 0), (21, 21, 20), 8, (35, 35, 35), (31, 31, 32)),
    ("ACT ensembling", (0, 0, 0), (13, 13, 15), 3_163, (114, 119, 134), (5, 5, 6)),
    ("UMI", (0, 0, 0), (48, 49, 54), 608, (97, 98, 102), (22, 22, 23)),
    ("JTC-like", (0, 0, 0), (98, 100, 103), 487, (380, 384, 394), (21, 22, 22)),
)

CHUNK_SWITCH: tuple[Mapping[str, Cell], ...] = tuple(
    {
        "method": method,
        "source": "published",
        "latency_ms": latency_ms,
        "idle_pct": idle[k],
        "step_mrad": step[k],
        "acceleration_rad_s2": acceleration if latency_ms == 200 else None,
        "rms_jerk_rad_s3": jerk[k],
        "rms_error_mrad": error[k],
    }
    for method, idle, step, acceleration, jerk, error in _TABLE
    for k, latency_ms in enumerate(_LATENCIES_MS)
)
"""One row for each method and latency."""
