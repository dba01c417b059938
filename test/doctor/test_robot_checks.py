"""The doctor's rows of the robot."""

import json
from dataclasses import replace
from typing import Any

import pytest
from doctor_fixtures import FACTS, HEALTHY, ROOT, failed, found

from ros_wam.doctor.check import Check
from ros_wam.doctor.measured import Fault, Measured
from ros_wam.doctor.robot_checks import facts, robot_checks
from ros_wam.embodiment import load_embodiment

UR5 = load_embodiment(ROOT / "robots" / "ur5.yaml")


def rows(measured: Measured, **changes: Any) -> list[Check]:
    return robot_checks(replace(measured, **changes), UR5, {"address": "127.0.42.1"})


def said(**changes: str) -> dict[str, str]:
    return {**HEALTHY.status, **changes}


def test_a_healthy_robot() -> None:
    assert failed(rows(HEALTHY)) == []


def test_a_robot_that_cannot_be_reached() -> None:
    status = {"mode": "FAULT", "cause": "driver_lost", "detail": "nothing answers at 127.0.42.1:30004"}
    checks = rows(HEALTHY, status=status)
    assert "robot reached" in failed(checks)
    assert found(checks, "robot reached") == "127.0.42.1: nothing answers at 127.0.42.1:30004"
    assert facts(replace(HEALTHY, status=status)) == {}


def test_a_silent_control_process() -> None:
    checks = rows(HEALTHY, status={}, modes=(), enabled=0.0, state_age_ms=None)
    assert set(failed(checks)) >= {"robot reached", "state age", "e-stop and safety mode", "mode", "servos", "enable"}
    assert "says nothing" in found(checks, "robot reached")


@pytest.mark.parametrize(("age_ms", "ok"), [(32.0, True), (32.1, False), (None, False)])
def test_the_state_is_as_old_as_the_ladder_allows(age_ms: float | None, ok: bool) -> None:
    assert ("state age" not in failed(rows(HEALTHY, state_age_ms=age_ms))) is ok


@pytest.mark.parametrize(("rate_hz", "ok"), [(63.0, True), (62.0, False), (0.0, False)])
def test_the_state_comes_at_half_its_rate_at_least(rate_hz: float, ok: bool) -> None:
    assert ("state rate" not in failed(rows(HEALTHY, state=replace(HEALTHY.state, rate_hz=rate_hz)))) is ok


@pytest.mark.parametrize(
    ("safety_mode", "ok"),
    [("normal", True), ("none", True), ("protective stop", False), ("emergency stop", False), ("not told", False)],
)
def test_the_safety_mode(safety_mode: str, ok: bool) -> None:
    checks = rows(HEALTHY, status=said(driver=json.dumps({**FACTS, "safety_mode": safety_mode})))
    assert ("e-stop and safety mode" not in failed(checks)) is ok
    assert found(checks, "e-stop and safety mode") == safety_mode


def test_a_robot_that_left_hold() -> None:
    checks = rows(HEALTHY, modes=("HOLD", "FAULT"), status=said(cause="protective_stop", detail="stopped"))
    assert failed(checks) == ["mode"]
    assert found(checks, "mode") == "HOLD, FAULT: protective_stop: stopped"


def test_a_servo_that_is_silent_is_named() -> None:
    checks = rows(HEALTHY, faults={"state_stale": Fault(0.5, "servo 4 of left is silent"), "tick_late": Fault(1.0, "")})
    assert failed(checks) == ["servos"]
    assert found(checks, "servos") == "state_stale: servo 4 of left is silent"


@pytest.mark.parametrize(
    "changes",
    [
        {"status": {"mode": "FAULT", "cause": "not_ready", "detail": "no answer from 127.0.42.1"}},
        {"state": replace(HEALTHY.state, rate_hz=0.0)},
    ],
    ids=["never connected", "no states"],
)
def test_servos_that_nobody_asked_are_not_said_to_answer(changes: dict[str, Any]) -> None:
    checks = rows(HEALTHY, **changes)
    assert "servos" in failed(checks)
    assert found(checks, "servos") == "not known: no servo was asked"


@pytest.mark.parametrize(("share", "ok"), [(0.1, True), (0.11, False)])
def test_an_answer_that_is_late_now_and_then_is_no_silence(share: float, ok: bool) -> None:
    checks = rows(HEALTHY, faults={"state_stale": Fault(share, "no new state for 44 ms")})
    assert failed(checks) == ([] if ok else ["servos"])


@pytest.mark.parametrize(("share", "ok"), [(0.5, True), (0.49, False), (0.0, False)])
def test_the_enable_heartbeat_has_to_arrive(share: float, ok: bool) -> None:
    assert ("enable" not in failed(rows(HEALTHY, enabled=share))) is ok


@pytest.mark.parametrize(
    ("delay_ms", "ok"), [(100.0, True), (100.1, False), (-10.0, True), (-10.1, False), (None, False)]
)
def test_states_come_while_they_are_fresh(delay_ms: float | None, ok: bool) -> None:
    checks = rows(HEALTHY, state=replace(HEALTHY.state, delay_ms=delay_ms))
    assert failed(checks) == ([] if ok else ["state delay"])


def test_robots_without_an_address_name_what_they_have() -> None:
    checks = robot_checks(HEALTHY, UR5, {"interface": "can0", "model": "L5"})
    assert found(checks, "robot reached") == "can0: connected"
    checks = robot_checks(HEALTHY, UR5, {"ports": {"left": "/dev/left", "right": "/dev/right"}})
    assert found(checks, "robot reached") == "/dev/left, /dev/right: connected"
