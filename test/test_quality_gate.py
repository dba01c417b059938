"""The quality gate: a clean recording has no finding, and each defect is found by its name."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from recording_defects import DEFECTS, WRIST, Spoil, clip, lose, shake, stand_still
from synthetic_recording import BATCH, ROBOT, TOPICS, SyntheticRecording, after, judged_live

from ros_wam import fields
from ros_wam.causes import Limit
from ros_wam.quality.finding import CheckName, Severity
from ros_wam.quality.gate import QualityGate
from ros_wam.quality.verdict import Verdict
from ros_wam.record.cdr import serialize
from ros_wam.types import Intervention, Target


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_found_by_its_name_and_no_other_is(defect: str) -> None:
    spoil, check, severity = DEFECTS[defect]
    recording = SyntheticRecording()
    spoil(recording)
    found = judged_live(recording.messages()).findings
    assert {finding.check for finding in found} == {check}, [finding.detail for finding in found]
    assert max(found, key=lambda finding: finding.severity is Severity.BAD).severity is severity


@pytest.mark.parametrize(
    ("spoil", "check"),
    [(stand_still(0.0, 3.6), CheckName.IDLE_HEAD), (stand_still(3.0, 9.0), CheckName.IDLE_TAIL)],
    ids=["head", "tail"],
)
def test_a_robot_that_stands_still_is_idle(spoil: Spoil, check: CheckName) -> None:
    recording = SyntheticRecording(7.0)
    spoil(recording)
    (found,) = (
        finding for finding in judged_live(recording.messages()).findings if finding.check is not CheckName.JERK
    )
    assert (found.check, found.severity) == (check, Severity.WARN)
    assert found.value == pytest.approx(3.6 if check is CheckName.IDLE_HEAD else 4.0, abs=0.3)
    assert found.end_s - found.start_s == pytest.approx(found.value, abs=2e-3)


def test_a_clean_recording_has_no_finding() -> None:
    quality = judged_live(SyntheticRecording().messages(), marked=True)
    assert (quality.findings, quality.verdict, quality.seconds) == ((), Verdict.GOOD, 5.0)


def test_a_clean_recording_has_no_finding_at_any_time_while_it_is_made() -> None:
    gate = QualityGate(ROBOT, TOPICS)
    for k, (topic, receipt_ns, data) in enumerate(SyntheticRecording().messages()):
        gate.take(topic, receipt_ns, data)
        if k % 7 == 0:
            assert gate.findings(receipt_ns) == ()


def test_a_demonstration_that_nobody_marked_is_told_of_once_it_is_over() -> None:
    messages = SyntheticRecording().messages()
    (found,) = judged_live(messages, marked=False).findings
    assert (found.check, found.severity) == (CheckName.UNMARKED_SUCCESS, Severity.WARN)
    assert judged_live([message for message in messages if message[1] < after(4.9)], marked=False).findings == ()
    refused = serialize(TOPICS["operator_command"].type, fields.json_object({"verb": "success"}))
    messages.insert(len(messages) // 2, ("operator_command", after(2.5), refused))
    messages.insert(len(messages) // 2, ("operator_command", after(2.5), b"nonsense, by anyone"))
    assert judged_live(messages, marked=False).findings == (found,)


def test_resting_makes_clipping_no_rarer() -> None:
    """0.8 s of 5 s are clipped; then the robot holds for 8 s, and nothing is asked of it."""
    recording = SyntheticRecording(13.0)
    clip(recording)
    for k in recording.ticks_between(5.0, 13.0):
        recording.ticks[k] = replace(recording.ticks[k], target=None)
    found = {finding.check: finding for finding in judged_live(recording.messages()).findings}
    assert found[CheckName.CLIPPED_COMMANDS].severity is Severity.BAD
    assert found[CheckName.CLIPPED_COMMANDS].value == pytest.approx(0.16, abs=0.005)


def test_a_few_commands_may_be_clipped() -> None:
    recording = SyntheticRecording()
    recording.narrow(1.0, 1.04, Intervention(Limit.VELOCITY, "joint2", 3.0, 2.0))
    assert judged_live(recording.messages()).findings == ()


def test_where_and_how_much_is_told() -> None:
    recording = SyntheticRecording()
    lose(WRIST, 2.0, 2.14)(recording)
    (found,) = judged_live(recording.messages()).findings
    assert found.start_s == pytest.approx(2.0, abs=0.04)
    assert [found.end_s - found.start_s, found.value] == pytest.approx([5 / 30.0] * 2, abs=2e-3)
    assert "4 of 150 frames" in found.detail and "167 ms" in found.detail


def test_what_is_before_the_start_or_after_the_stop_does_not_count() -> None:
    recording = SyntheticRecording(6.0)
    recording.commands = [(after(1.0), "start"), (after(5.0), "stop")]
    lost: Callable[[str, int], bool] = lambda topic, at_ns: topic == WRIST and not after(1.0) < at_ns < after(5.0)  # noqa: E731
    recording.lost = lost
    assert judged_live(recording.messages()).findings == ()


def test_a_hold_may_stop_as_hard_as_it_likes() -> None:
    recording = SyntheticRecording()
    shake(recording)
    recording.narrow(1.9, 2.6, Intervention(Limit.HOLD, "joint1", 0.0, 0.0))
    assert judged_live(recording.messages()).findings == ()


def test_the_other_half_of_a_table_is_not_waited_for_for_ever() -> None:
    recording = SyntheticRecording()
    lose("setpoints", 1.0, 4.0)(recording)
    (found,) = judged_live(recording.messages()).findings
    assert (found.check, found.severity) == (CheckName.DROPPED_FRAMES, Severity.BAD)
    assert found.value == pytest.approx(3.0, abs=0.05)


def test_a_control_process_that_begins_again_is_not_slow() -> None:
    recording = SyntheticRecording()
    recording.ticks = [
        replace(tick, sequence=tick.sequence - 1000 * (k >= 100 * BATCH)) for k, tick in enumerate(recording.ticks)
    ]
    assert judged_live(recording.messages()).findings == ()


def test_batches_may_come_in_any_order_of_the_two_tables() -> None:
    messages = SyntheticRecording().messages()
    tables = [k for k, message in enumerate(messages) if message[0] == "setpoint_provenance"]
    for k in tables:
        messages[k - 1], messages[k] = messages[k], messages[k - 1]
    assert messages[tables[0]][0] == "setpoints"
    assert BATCH > 1
    assert judged_live(messages).findings == ()


def test_targets_that_are_missing_are_nothing_to_be_far_from() -> None:
    recording = SyntheticRecording()
    for k in recording.ticks_between(1.0, 2.0):
        recording.ticks[k] = replace(recording.ticks[k], target=None)
    assert judged_live(recording.messages()).findings == ()
    assert isinstance(recording.ticks[300].target, Target)
