"""Is the robot there, is what it says fresh, is it free to move, and does the operator's enable signal reach it?"""

import json
from collections.abc import Mapping
from typing import Any

from ros_wam.causes import Cause
from ros_wam.claim import endpoints
from ros_wam.doctor.camera_checks import FRESHNESS
from ros_wam.doctor.check import Check
from ros_wam.doctor.measured import Measured
from ros_wam.doctor.versions import NOT_TOLD
from ros_wam.embodiment import Embodiment
from ros_wam.ladder import LADDER
from ros_wam.topics import recorded_stride
from ros_wam.trial.liveness import ENOUGH
from ros_wam.types import Mode

FREE = ("normal", "none")
"""Safety modes in which a robot may be moved; `none` is told of one that has no such thing."""
SERVO_CAUSES = (Cause.STATE_STALE, Cause.NOT_FOLLOWING, Cause.DRIVER_LOST, Cause.CONTROL_PROCESS_DIED)
"""What a servo, a gripper or a bus that does not answer looks like to the control process."""
SILENT_SHARE = 0.1
"""Of the time; less than this a busy machine may keep an answer waiting."""


def facts(measured: Measured) -> dict[str, str]:
    """Return what the driver tells of the robot; nothing if it never was connected."""
    told = json.loads(measured.status.get("driver") or "{}")
    return {str(key): str(value) for key, value in told.items()}


def robot_checks(measured: Measured, embodiment: Embodiment, settings: Mapping[str, Any]) -> list[Check]:
    """Return the rows of the robot; `settings` is the station file's `robot` mapping."""
    return [
        _reached(measured, settings),
        _age(measured, embodiment),
        _rate(measured, embodiment),
        _delay(measured),
        _safety(measured),
        _mode(measured),
        _servos(measured),
        _enable(measured),
    ]


def _reached(measured: Measured, settings: Mapping[str, Any]) -> Check:
    where = ", ".join(endpoints(settings))
    connected = bool(facts(measured))
    detail = measured.status.get("detail") or "the control process says nothing"
    return Check("robot reached", connected, f"{where}: {'connected' if connected else detail}", "connected")


def _age(measured: Measured, embodiment: Embodiment) -> Check:
    limit_ms = LADDER[Cause.STATE_STALE].delay_ns(embodiment.period_s) * 1e-6
    age_ms = measured.state_age_ms
    value = "no state" if age_ms is None else f"{age_ms:.1f} ms"
    return Check("state age", age_ms is not None and age_ms <= limit_ms, value, f"{limit_ms:.0f} ms or less")


def _rate(measured: Measured, embodiment: Embodiment) -> Check:
    expected_hz = embodiment.control_rate_hz / recorded_stride(embodiment.control_rate_hz)
    rate_hz, least_hz = measured.state.rate_hz, ENOUGH * expected_hz
    limit = f"{least_hz:.0f} Hz or more of {expected_hz:.0f}"
    return Check("state rate", rate_hz >= least_hz, f"{rate_hz:.1f} Hz", limit)


def _delay(measured: Measured) -> Check:
    """No clock of the robot's is seen here: states are stamped by this host, or by an offset that a driver learnt."""
    least_ms, most_ms = -1e3 * FRESHNESS.skew_margin_s, 1e3 * FRESHNESS.max_age_s
    delay_ms = measured.state.delay_ms
    value = "nothing came" if delay_ms is None else f"{delay_ms:.1f} ms"
    holds = delay_ms is not None and least_ms <= delay_ms <= most_ms
    return Check("state delay", holds, value, f"{least_ms:.0f} to {most_ms:.0f} ms from stamp to receipt")


def _safety(measured: Measured) -> Check:
    safety_mode = facts(measured).get("safety_mode", NOT_TOLD)
    return Check("e-stop and safety mode", safety_mode in FREE, safety_mode, " or ".join(FREE))


def _mode(measured: Measured) -> Check:
    cause, detail = measured.status.get("cause"), measured.status.get("detail")
    value = ", ".join(measured.modes) or "not told"
    limit = f"{Mode.HOLD.value} throughout"
    return Check("mode", measured.modes == (Mode.HOLD.value,), f"{value}: {cause}: {detail}" if cause else value, limit)


def _servos(measured: Measured) -> Check:
    met = {cause.value: fault for cause in SERVO_CAUSES if (fault := measured.faults.get(cause.value)) is not None}
    asked = bool(facts(measured)) and measured.state.rate_hz > 0.0
    holds = asked and sum(fault.share for fault in met.values()) <= SILENT_SHARE
    told = "; ".join(f"{cause}: {fault.detail}" for cause, fault in met.items()) or "not known: no servo was asked"
    return Check("servos", holds, "all answer" if holds else told, "all answer")


def _enable(measured: Measured) -> Check:
    limit = f"{100 * ENOUGH:.0f} % or more"
    value = f"enabled {100 * measured.enabled:.0f} % of the time"
    return Check("enable", measured.enabled >= ENOUGH, value, limit)
