"""The control process against the emulated UR5e, with cameras, policy and recorder running: is it on time?

The lateness of each tick is read from the record. A loop that does nothing else runs beside it for comparison; of it
those ticks count that were due while the record was made.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ros_wam import share
from ros_wam.bench.bare_loop import bare_loop
from ros_wam.bench.recorded_station import recorded_station
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import TrialError
from ros_wam.fields import SetpointProvenance, read_diagnostics, read_setpoint_provenance
from ros_wam.record.bag_reader import BagReader

ROBOT = "ur5e"


def control(seconds: float, show: Callable[[str], None]) -> BenchResult:
    """Measure for `seconds`; raises ConfigError and TrialError."""
    embodiment = load_embodiment(share.find("robots", ROBOT))
    with tempfile.TemporaryDirectory() as folder, bare_loop(embodiment.control_rate_hz) as bare:
        bags = recorded_station(ROBOT, seconds, Path(folder), show, bare.start)
        bare.end()
        show("reading the bags")
        ticks = [read_ticks(bag) for bag in bags]
        realtime = read_realtime(bags[-1])
    beside = while_recorded(bare.ticks_ns, ticks)
    figures = control_figures(ticks, beside, embodiment.period_s)
    rows = (
        lateness_row("control process", np.concatenate([each.late_ns for each in ticks])),
        lateness_row("bare loop", np.concatenate(beside)[:, 1]),
    )
    return BenchResult("control", {**figures, "fifo": float(realtime.startswith("SCHED_FIFO"))}, rows)


def read_ticks(bag_dir: Path) -> SetpointProvenance:
    """Return every recorded tick of a bag; raises TrialError when there is none."""
    with BagReader(bag_dir) as bag:
        batches = [read_setpoint_provenance(message.message) for message in bag.messages(["setpoint_provenance"])]
    if not batches:
        raise TrialError(f"the bag {bag_dir} holds no control tick")
    columns = (np.concatenate([vars(batch)[name] for batch in batches]) for name in vars(batches[0]))
    return SetpointProvenance(*columns)


def read_realtime(bag_dir: Path) -> str:
    """Return what the control process said that the operating system granted it."""
    with BagReader(bag_dir) as bag:
        for message in bag.messages(["safety_status"]):
            for status in read_diagnostics(message.message)[1]:
                if status.values.get("realtime"):
                    return str(status.values["realtime"])
    return ""


def while_recorded(ticks_ns: NDArray[np.int64], bags: Sequence[SetpointProvenance]) -> list[NDArray[np.int64]]:
    """Return for each bag those of `ticks_ns` `(N, 2)` that were due from its first tick to its last.

    Bags with fewer than two are left out; raises TrialError when all are.
    """
    due_ns = ticks_ns[:, 0]
    during = [ticks_ns[(due_ns >= ran.stamp_ns[0]) & (due_ns <= ran.stamp_ns[-1])] for ran in bags]
    found = [ticks for ticks in during if len(ticks) > 1]
    if not found:
        raise TrialError(f"none of the bare loop's {len(due_ns)} ticks was due while a bag was recorded")
    return found


def control_figures(
    bags: Sequence[SetpointProvenance], beside: Sequence[NDArray[np.int64]], period_s: float
) -> dict[str, float]:
    """Return the figures of recorded ticks and of a bare loop's: `beside` has `(N, 2)` for a bag, when due, how late.

    The rate is by the numbers of the ticks; bursts are ticks within half a period.
    """
    ticks = sum(int(ran.sequence[-1] - ran.sequence[0]) for ran in bags)
    spent_s = sum(int(ran.stamp_ns[-1] - ran.stamp_ns[0]) * 1e-9 for ran in bags)
    late_ns = np.concatenate([ran.late_ns for ran in bags])
    bare_s = sum(int(ticks_ns[-1, 0] - ticks_ns[0, 0]) * 1e-9 for ticks_ns in beside)
    return {
        "achieved_hz": ticks / spent_s,
        "bare_achieved_hz": sum(len(ticks_ns) - 1 for ticks_ns in beside) / bare_s,
        "p99_lateness_ms": float(np.percentile(late_ns, 99)) * 1e-6,
        "bare_p99_lateness_ms": float(np.percentile(np.concatenate(beside)[:, 1], 99)) * 1e-6,
        "catch_up_bursts": float(sum(_bursts(ran, period_s) for ran in bags)),
        "measured_s": spent_s,
    }


def _bursts(ran: SetpointProvenance, period_s: float) -> int:
    near = np.diff(ran.stamp_ns) < 0.5e9 * period_s
    return int((near & (np.diff(ran.sequence) == 1)).sum())


def lateness_row(loop: str, late_ns: NDArray[np.int64]) -> dict[str, Cell]:
    """Return how late a loop's ticks began."""
    shares = {"p50_ms": 50.0, "p99_ms": 99.0, "p99_9_ms": 99.9, "max_ms": 100.0}
    late = {name: round(float(np.percentile(late_ns, share)) * 1e-6, 3) for name, share in shares.items()}
    return {"loop": loop, "ticks": float(len(late_ns)), **late, "source": "measured"}
