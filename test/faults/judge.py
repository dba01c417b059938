"""Holds the record of a fault against its row of the table."""

from faults.evidence import REST_RAD, Evidence
from faults.fault import End, Fault

from ros_wam.types import Mode

ROUNDING = 1e-6


def judge(fault: Fault, evidence: Evidence) -> float | None:
    """Assert everything that the row says; return the measured time to the end state [s], None where there is none."""
    _check_trial(fault, evidence)
    assert evidence.moved_before, "the robot did not move before the fault"
    assert evidence.limit_ratio <= 1.0 + ROUNDING, "a sent command exceeds a limit"
    assert fault.refused is None or fault.refused.value in evidence.refusals
    if fault.within is None:
        held_ns = evidence.held_ns(evidence.injected_ns)
        assert held_ns is None or held_ns >= evidence.stopped_ns, "the robot held"
        return None
    since_ns, bound_ns = fault.within.since_ns(evidence), fault.within.bound_ns(evidence)
    reached_ns = _reached_ns(fault.end, evidence, since_ns)
    assert reached_ns is not None, f"{fault.end.value} was not reached"
    assert 0 <= reached_ns - since_ns <= bound_ns, f"after {(reached_ns - since_ns) * 1e-6:.1f} ms"
    _check_motion(fault.end, evidence, reached_ns)
    return (reached_ns - since_ns) * 1e-9


def _check_motion(end: End, evidence: Evidence, reached_ns: int) -> None:
    if end is End.PAUSES:
        rested_ns = evidence.rested_ns(reached_ns)
        assert rested_ns is not None, "the robot did not come to rest"
        assert (evidence.led_rad(Mode.POLICY, rested_ns) > REST_RAD).any(), "the robot did not move again"
    elif end is End.TELEOP:
        led_rad = evidence.led_rad(Mode.TELEOP, reached_ns)
        assert (led_rad > evidence.braking_rad(reached_ns)).any(), "the robot did no more than brake"
    elif reached_ns <= evidence.rows["stamp_ns"][-1]:
        assert evidence.ends_at_rest()


def _check_trial(fault: Fault, evidence: Evidence) -> None:
    trial = evidence.trial
    if not fault.scored:
        assert trial is None
        return
    assert trial is not None, "the trial was not scored"
    assert trial["cause"] in (fault.causes or (None,)), trial["comment"]
    assert trial["valid"] == (not fault.causes), trial["comment"]
    told = [departure["cause"] for departure in trial["departures"] or ()]
    assert fault.told is None or fault.told.value in told, f"the trial tells of {told}"
    assert fault.refused is None or fault.refused.value in (trial["refusals"] or {}), "the trial tells of no refusal"
    may_end = {"aborted"} if fault.cause is not None else {"failure"} if fault.failure else {"failure", "success"}
    assert trial["outcome"] in may_end
    assert trial["failure_class"] == fault.failure


def _reached_ns(end: End, evidence: Evidence, since_ns: int) -> int | None:
    if end is End.FAULT:
        return evidence.faulted_ns(since_ns)
    if end is End.SILENT:
        return evidence.stopped_moving_ns
    if end is End.TELEOP:
        return evidence.mode_ns(Mode.TELEOP, since_ns)
    return evidence.held_ns(since_ns)
