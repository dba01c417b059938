"""What departed from plan in a trial: under which name, when, for how long, and what it did to the robot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ros_wam.causes import Action, Cause
from ros_wam.ladder import LADDER, Active
from ros_wam.trial.trace import Said, Trace
from ros_wam.types import Mode


@dataclass(frozen=True)
class Departure:
    """A cause and its action: when it began first, how often, and for how long altogether."""

    cause: Cause
    action: Action
    stamp_ns: int
    duration_s: float
    count: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return it as trial.json keeps it."""
        return {**vars(self), "cause": self.cause.value, "action": self.action.name.lower()}


def departure_from_json(data: Mapping[str, Any]) -> Departure:
    """Undo `to_json`; raises KeyError, TypeError or ValueError for what is none."""
    return Departure(**{**data, "cause": Cause(data["cause"]), "action": Action[data["action"].upper()]})


@dataclass(frozen=True)
class Spell:
    """One stretch of time in which a cause acted."""

    cause: Cause
    action: Action
    begin_ns: int
    end_ns: int
    detail: str = ""


def departures(trace: Trace) -> tuple[Departure, ...]:
    """Return what departed from plan in the trial, in the order of its first time."""
    found: dict[tuple[Cause, Action], Departure] = {}
    for spell in spells(trace):
        lasted_s = (spell.end_ns - spell.begin_ns) * 1e-9
        known = found.get((spell.cause, spell.action), Departure(spell.cause, spell.action, spell.begin_ns, 0.0, 0))
        longer = replace(known, duration_s=round(known.duration_s + lasted_s, 6), count=known.count + 1)
        found[spell.cause, spell.action] = longer
    return tuple(found.values())


def spells(trace: Trace) -> tuple[Spell, ...]:
    """Return every stretch in which something acted on the robot from start to end, in the order of time.

    That nothing is there to follow counts only once there was something since policy or leader got the robot: before it
    the policy is thinking, and the leader is not aligned. That a person lets go of hold-to-run counts never.
    """
    begun: dict[tuple[Cause, Action], Spell] = {}
    found: list[Spell] = []
    let_go: set[tuple[Cause, Action]] = set()
    for said in (said for said in trace.statuses if said.stamp_ns <= trace.end_ns):
        acting = {(active.cause, active.action): active for active in said.active}
        let_go &= acting.keys()
        over = [key for key in begun if key not in acting]
        found += [replace(begun.pop(key), end_ns=said.stamp_ns) for key in over]
        for key, active in acting.items():
            if key in begun or key in let_go:
                continue
            if _is_let_go(active.cause, said):
                let_go.add(key)
                continue
            detail = said.detail if said.cause is active.cause else ""
            begun[key] = Spell(*key, _begin_ns(active, said), trace.end_ns, detail)
    failed = (Spell(cause, LADDER[cause].action, at_ns, trace.end_ns) for at_ns, cause in trace.failures)
    return tuple(sorted(_inside((*found, *begun.values(), *failed), trace), key=lambda spell: spell.begin_ns))


def _is_let_go(cause: Cause, said: Said) -> bool:
    """Whether it is since the leader's hold-to-run is released; a leader that is lost is lost while that is held."""
    released = any(active.cause is Cause.ENABLE_LOST for active in said.active)
    return said.mode is Mode.TELEOP and released and cause in (Cause.ENABLE_LOST, Cause.LEADER_LOST)


def _begin_ns(active: Active, said: Said) -> int:
    """Return since when the cause acts so: what it has grown into began with the status that says it first."""
    return min(active.since_ns, said.stamp_ns) if active.action is LADDER[active.cause].action else said.stamp_ns


def _inside(found: Iterable[Spell], trace: Trace) -> list[Spell]:
    inside = []
    for spell in found:
        expected = spell.cause in (Cause.SOURCE_STALE, Cause.LEADER_LOST) and _awaits_first(spell, trace)
        if not expected and trace.start_ns < spell.end_ns and spell.begin_ns < trace.end_ns:
            begin_ns, end_ns = max(spell.begin_ns, trace.start_ns), min(spell.end_ns, trace.end_ns)
            inside.append(replace(spell, begin_ns=begin_ns, end_ns=end_ns))
    return inside


def _awaits_first(spell: Spell, trace: Trace) -> bool:
    """Whether the source that is missing, policy or leader, had nothing followed yet since it got the robot."""
    led = trace.in_mode(Mode.TELEOP)
    own = led if spell.cause is Cause.LEADER_LOST else ~led
    before = (trace.stamp_ns >= trace.start_ns) & (trace.stamp_ns < spell.begin_ns)
    followed, others = np.flatnonzero(before & own & ~trace.idle), np.flatnonzero(before & ~own)
    return not len(followed) or (len(others) > 0 and bool(others[-1] > followed[-1]))
