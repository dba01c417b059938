"""The judge passes a record that shows what a row says, and no record that shows less."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import UR5
from faults.evidence import Evidence
from faults.fault import End, Fault, seconds
from faults.judge import judge
from synthetic_bag import T0_NS, SyntheticBag

from ros_wam.causes import Cause, Limit, RefusalReason
from ros_wam.fields import MODES
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.types import Mode

PERIOD_NS = 8_000_000
FAST = 0.0005  # rad in a period; reached within one
INJECTED_NS = 50 * PERIOD_NS
HELD = int(Limit.HOLD)
BEFORE = [(Mode.POLICY, 0, FAST)] * 50
BRAKING = [(Mode.POLICY, HELD, FAST * share) for share in (0.75, 0.5, 0.25)]
RESTING = [(Mode.POLICY, HELD, 0.0)] * 50
GOING_ON = [(Mode.POLICY, 0, FAST)] * 50
LED = [(Mode.TELEOP, 0, FAST)] * 100
LED_NOWHERE = [(Mode.TELEOP, 0, FAST * share) for share in (*np.linspace(1.0, 0.0, 50), *[0.0] * 50)]
PAUSE = Fault("pause", "", lambda world: None, End.PAUSES, seconds(0.1), told=Cause.ENABLE_LOST)
TAKEOVER = Fault("takeover", "", lambda world: None, End.TELEOP, seconds(0.1), Cause.OPERATOR_STOP)
SILENT = Fault("silent", "", lambda world: None, End.SILENT, seconds(1.0), scored=False)
REFUSED = Fault("NaN", "", lambda world: None, End.MOVES_ON, refused=RefusalReason.NON_FINITE)
COUNTS = {
    **{"cause": None, "valid": True, "outcome": "failure", "failure_class": None},
    **{"comment": "", "refusals": {}, "departures": []},
}
TOLD = {**COUNTS, "departures": [{"cause": Cause.ENABLE_LOST.value}]}
TAKEN = {**TOLD, "cause": Cause.OPERATOR_STOP.value, "valid": False, "outcome": "aborted"}


def evidence(ticks: list[tuple[Mode, int, float]], trial: dict[str, Any] | None, **read: Any) -> Evidence:
    """Return the evidence of a trial of `ticks`: of each the mode, the limits, and how far the arm was sent."""
    modes, limits, steps = zip(*ticks, strict=True)
    sent = np.zeros((len(ticks), len(UR5.joint_names)))
    sent[:, 5] = np.cumsum(steps)
    rows = {
        "stamp_ns": np.arange(len(ticks)) * PERIOD_NS,
        "sequence": np.arange(len(ticks)),
        "source": np.array([MODES.index(mode) for mode in modes]),
        "limits": np.array(limits),
        "target": sent,
        "sent": sent,
    }
    found = Evidence(Path(), INJECTED_NS, targets=read.pop("targets", ()))
    stopped_ns = int(rows["stamp_ns"][-1]) + 1
    vars(found).update({"rows": rows, "trial": trial, "robot": UR5, "statuses": [], "stopped_ns": stopped_ns, **read})
    return found


def test_a_pause_is_a_rest_after_which_the_robot_moves_on() -> None:
    assert judge(PAUSE, evidence([*BEFORE, *BRAKING, *RESTING, *GOING_ON], TOLD)) == 0.0


@pytest.mark.parametrize(
    "after",
    [[*BRAKING, *RESTING], [*BRAKING, *RESTING, *[(Mode.POLICY, 0, 0.0)] * 50]],
    ids=["held to the end", "followed to where it rests"],
)
def test_a_robot_that_brakes_and_never_moves_on_does_not_pause(after: list[tuple[Mode, int, float]]) -> None:
    with pytest.raises(AssertionError, match="did not move again"):
        judge(PAUSE, evidence([*BEFORE, *after], TOLD))


def test_what_moves_on_after_the_trial_does_not_count() -> None:
    stopped_ns = (50 + 3 + 50) * PERIOD_NS
    with pytest.raises(AssertionError, match="did not move again"):
        judge(PAUSE, evidence([*BEFORE, *BRAKING, *RESTING, *GOING_ON], TOLD, stopped_ns=stopped_ns))


def test_a_robot_that_moves_on_before_it_rests_does_not_pause() -> None:
    with pytest.raises(AssertionError, match="did not come to rest"):
        judge(PAUSE, evidence([*BEFORE, *BRAKING, *GOING_ON], TOLD))


def test_a_takeover_moves_the_robot() -> None:
    assert judge(TAKEOVER, evidence([*BEFORE, *LED], TAKEN)) == 0.0


@pytest.mark.parametrize(
    "after",
    [LED_NOWHERE, [(Mode.TELEOP, HELD, step) for _, _, step in LED], [*LED_NOWHERE, *GOING_ON]],
    ids=["braking softly", "held", "moved by the policy later"],
)
def test_a_robot_that_only_brakes_is_not_taken_over(after: list[tuple[Mode, int, float]]) -> None:
    with pytest.raises(AssertionError, match="did no more than brake"):
        judge(TAKEOVER, evidence([*BEFORE, *after], TAKEN))


@pytest.mark.parametrize(("cause", "passes"), [("lagging", True), ("not_following", True), ("driver_lost", False)])
def test_a_trial_names_one_of_the_causes_that_may_come_first(cause: str, passes: bool) -> None:
    still = replace(TAKEOVER, cause=Cause.NOT_FOLLOWING, or_cause=Cause.LAGGING)
    with contextlib.nullcontext() if passes else pytest.raises(AssertionError):
        judge(still, evidence([*BEFORE, *LED], {**TAKEN, "cause": cause}))


def test_a_pause_that_the_trial_does_not_name_fails() -> None:
    with pytest.raises(AssertionError, match=r"tells of \[\]"):
        judge(PAUSE, evidence([*BEFORE, *BRAKING, *RESTING, *GOING_ON], COUNTS))


def test_a_refusal_that_the_trial_names_passes() -> None:
    judge(REFUSED, evidence([*BEFORE, *GOING_ON], {**COUNTS, "refusals": {"non_finite": 2}}, refusals=["non_finite"]))


@pytest.mark.parametrize("refusals", [None, {}, {"wrong_shape": 1}], ids=str)
def test_a_refusal_that_only_the_bag_names_fails(refusals: dict[str, int] | None) -> None:
    with pytest.raises(AssertionError, match="tells of no refusal"):
        judge(REFUSED, evidence([*BEFORE, *GOING_ON], {**COUNTS, "refusals": refusals}, refusals=["non_finite"]))


def silent(last_ns: int) -> Evidence:
    """Return the evidence of a controller that received its last targets, equal ones, until `last_ns`."""
    targets = tuple(ReceivedTarget(at_ns, np.zeros(6)) for at_ns in (last_ns - PERIOD_NS, last_ns))
    return evidence([*BEFORE, *GOING_ON[:1]], None, targets=targets)


def test_the_last_target_tells_when_the_robot_fell_silent() -> None:
    assert judge(SILENT, silent(INJECTED_NS + PERIOD_NS)) == pytest.approx(0.008)


def test_what_was_silent_before_the_fault_fails() -> None:
    with pytest.raises(AssertionError, match=r"after -8\.0 ms"):
        judge(SILENT, silent(INJECTED_NS - PERIOD_NS))


def test_what_is_said_after_the_trial_is_not_its_last_state(tmp_path: Path) -> None:
    bag = SyntheticBag(tmp_path / "bag", seconds=1.0)
    assert Evidence(tmp_path, T0_NS).last_stamp_ns("joint_states") == bag.end_ns
