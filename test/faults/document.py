"""Writes `docs/faults.md` from the table of faults and what the suite measured, which is in the file `argv[1]`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from faults.fault import Fault
from faults.live_table import live_faults
from faults.lockstep_table import lockstep_faults
from faults.robots import ROBOTS

INTRODUCTION = """# What happens when something goes wrong

One trial per fault: it is made to happen while the robot moves, and the trial's record says what came of it. The suite
in [`test/faults`](../test/faults) asserts every row: the end state within the time declared, the cause in `trial.json`,
a bag that can be read (recovered where its recorder died), every sent command inside the limits of position, velocity
and acceleration, and every file of the trials finished before as it was. `make faults` runs it and writes this page.

*Declared* is from the fault to the first control tick in the end state, or from what the row names; *measured* is read
from the stamps of the record. HOLD is a bounded deceleration to rest, FAULT a stop by the controller's own means;
`failsafe.md` has the ladder behind both.
"""
LOCKSTEP_TEXT = """
## Under a virtual clock

Policy, camera, timing, contact and operator faults in lockstep, over the production wire: the same on every machine.
A robot that feels no force meets no contact.
"""
LIVE_TEXT = """
## In real time

Every process, the unmodified vendor library, and the emulated robot. Where permitted, the run goes before what
else keeps the machine busy (autogroup −10); a trial that late pictures spoilt, or in which the robot did not move when
the fault came, is run once more.
"""
HEAD = ("fault", "injected", "end state", "declared", "cause", "measured")


def declared(fault: Fault) -> tuple[str, ...]:
    """Return the cells of a fault's row that do not depend on a run."""
    within = fault.within
    since = "" if within is None or within.since_text == "the fault" else f" of {within.since_text}"
    bound = "–" if within is None else f"{within.text}{since}"
    return fault.name, fault.injected, fault.end.value, bound, _named(fault)


def page(results: Mapping[str, Any]) -> str:
    """Return the page of `results`: `machine`, and `measured_s` by `robot/fault`."""
    machine, measured_s = results["machine"], results["measured_s"]
    where = f"{machine['cores']} cores of {machine['processor']} at a load of {machine['load']}, {machine['system']}"
    return "".join(
        [
            INTRODUCTION,
            LOCKSTEP_TEXT,
            *(_section(name, lockstep_faults(robot), measured_s) for name, robot in ROBOTS.items()),
            LIVE_TEXT,
            f"Measured on {where}.\n",
            *(_section(name, live_faults(name), measured_s) for name in ROBOTS),
        ]
    )


def _section(robot: str, faults: Mapping[str, Fault], measured_s: Mapping[str, float | None]) -> str:
    """Return one robot's table; `measured_s` is by `robot/fault`."""
    title = f"\n### {robot}, at {ROBOTS[robot].control_rate_hz:g} Hz\n"
    return title + _table(faults, {name: measured_s.get(f"{robot}/{name}") for name in faults})


def _named(fault: Fault) -> str:
    """Return under which names trial.json tells of a fault."""
    if not fault.scored:
        return "not scored; `--resume` runs it again"
    if fault.causes:
        return " or ".join(f"`{cause}`" for cause in fault.causes)
    if fault.failure is not None:
        return f"`{fault.failure}`: the policy has failed"
    counts = "none: the trial counts" if fault.told is None else f"`{fault.told.value}`; the trial counts"
    return counts if fault.refused is None else f"{counts}; answers refused: `{fault.refused.value}`"


def _table(faults: Mapping[str, Fault], measured_s: Mapping[str, float | None]) -> str:
    rows = [HEAD, ("---",) * len(HEAD)]
    rows += [(*declared(fault), _milliseconds(measured_s.get(name))) for name, fault in faults.items()]
    return "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _milliseconds(measured_s: float | None) -> str:
    return "–" if measured_s is None else f"{measured_s * 1e3:.0f} ms"


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "faults.md").write_text(page(json.loads(Path(sys.argv[1]).read_text())))
