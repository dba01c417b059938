"""What happened beside the motion, as bands under the joints: modes, causes and what they did, refusals, force."""

import numpy as np

from ros_wam.fields import MODES
from ros_wam.trial.departures import Spell, spells
from ros_wam.trial.report_sheet import BAND, SMALL_LANE, Sheet
from ros_wam.trial.trace import Trace
from ros_wam.types import FloatArray


def draw_bands(sheet: Sheet, trace: Trace) -> None:
    """Draw them below what is there; what did not happen takes no room."""
    _modes(sheet, trace)
    found: dict[str, list[Spell]] = {}
    for spell in spells(trace):
        found.setdefault(spell.cause.value, []).append(spell)
    for cause, of_cause in found.items():
        top = sheet.lane(BAND, cause.replace("_", " "))
        for spell in of_cause:
            _spell(sheet, spell, trace.start_ns, top)
    if trace.limited.any():
        sheet.blocks("limit", trace.times_s, trace.limited, sheet.lane(BAND, "gate"), BAND)
    _refusals(sheet, trace)
    _force(sheet, trace)


def _modes(sheet: Sheet, trace: Trace) -> None:
    """Show the modes where there was another than the policy's."""
    driven = {int(source) for source in np.unique(trace.origin.source)}
    if {MODES[source].value for source in driven} <= {"POLICY"}:
        return
    top = sheet.lane(BAND, "mode")
    for source in sorted(driven):
        name = MODES[source].value
        sheet.blocks(f"mode {name.lower()}", trace.times_s, trace.origin.source == source, top, BAND)


def _spell(sheet: Sheet, spell: Spell, start_ns: int, top: float) -> None:
    begin_s, end_s = (spell.begin_ns - start_ns) * 1e-9, (spell.end_ns - start_ns) * 1e-9
    says = f"{begin_s:.2f} s: {spell.cause.value}, {spell.action.name.lower()} for {end_s - begin_s:.2f} s"
    says += f": {spell.detail}" if spell.detail else ""
    sheet.block(f"act {spell.action.name.lower()}", (begin_s, end_s), top, BAND, says)


def _refusals(sheet: Sheet, trace: Trace) -> None:
    refused = [inference for inference in trace.inferences if inference.refused]
    if not refused:
        return
    top = sheet.lane(BAND, "refused")
    for inference in refused:
        at_s = (inference.stamp_ns - trace.start_ns) * 1e-9
        sheet.block(
            "refused", (at_s - 0.0012 * sheet.seconds, at_s + 0.0012 * sheet.seconds), top, BAND, inference.detail
        )


def _force(sheet: Sheet, trace: Trace) -> None:
    """Draw the largest force at any tool, where the robot reports one."""
    felt = [(said.stamp_ns, max(said.tool_force_n)) for said in trace.statuses if said.tool_force_n]
    if len(felt) < 2:
        return
    times_s: FloatArray = np.array([(at_ns - trace.start_ns) * 1e-9 for at_ns, _ in felt])
    force_n: FloatArray = np.array([size_n for _, size_n in felt])
    high = max(1.0, float(force_n.max()))
    top = sheet.lane(SMALL_LANE, "tool force", high=f"{high:.0f} N")
    number = sheet.readable(top, digits=1)
    sheet.line("error", number, times_s, force_n, (0.0, high), (top + 2, top + SMALL_LANE - 1))
