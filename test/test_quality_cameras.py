"""Pictures that are lost, late, slow or all alike, and what of that is no defect."""

import pytest
from recording_defects import MS, WRIST, lose
from synthetic_recording import ROBOT, T0_NS, TOPICS, SyntheticRecording, after, judged_live

from ros_wam.quality.finding import CheckName, Severity
from ros_wam.quality.gate import QualityGate
from ros_wam.quality.verdict import Quality
from ros_wam.topics import topic_table


def test_pictures_that_were_lost_while_one_waited_are_missing_and_no_clock_was_set() -> None:
    """A camera's process stands still for 200 ms with a picture in hand, and goes on with the newest."""
    recording = SyntheticRecording()
    held, *lost = (f for f in recording.frames if f.view == "wrist" and after(2.0) <= f.receipt_ns < after(2.2))
    held.receipt_ns = after(2.2)
    recording.frames = [frame for frame in recording.frames if all(frame is not each for each in lost)]
    (found,) = judged_live(recording.messages()).findings
    assert (found.check, found.severity) == (CheckName.DROPPED_FRAMES, Severity.BAD)
    assert f"{len(lost)} of 150 frames" in found.detail


def test_a_camera_that_is_meant_to_be_slow_may_be() -> None:
    recording = SyntheticRecording()
    recording.frames = [frame for k, frame in enumerate(recording.frames) if k % 150 % 5 == 0]  # 6 Hz
    topics = topic_table(dict.fromkeys(ROBOT.views, 6.0), ROBOT.control_rate_hz)

    def judged() -> Quality:
        gate = QualityGate(ROBOT, topics)
        for message in recording.messages():
            gate.take(*message)
        return gate.quality(recording.end_ns)

    assert judged().findings == ()
    lose(WRIST, 2.0, 2.4)(recording)
    found = {finding.check: finding for finding in judged().findings}[CheckName.DROPPED_FRAMES]
    assert (found.severity, found.bound) == (Severity.BAD, 2.5 / 6.0)


def test_a_busy_machine_makes_pictures_late_and_sets_no_clock() -> None:
    recording = SyntheticRecording()
    for frame in recording.frames:  # one waits for the other
        late_ns = 60 * MS * (frame.stamp_ns >= after(2.0))
        frame.receipt_ns = max(
            frame.receipt_ns, min(frame.receipt_ns + late_ns, after(3.2) + frame.stamp_ns // 1000 % MS)
        )
    assert judged_live(recording.messages()).findings == ()


def test_a_clock_that_is_set_back_by_less_than_a_period_is_found_by_what_lasts() -> None:
    recording = SyntheticRecording(7.0)
    recording.frames = [frame for k, frame in enumerate(recording.frames) if k % 210 % 3 == 0]  # 10 Hz
    for frame in recording.frames:
        frame.stamp_ns -= 70 * MS * (frame.stamp_ns > after(2.5))
    gate = QualityGate(ROBOT, topic_table(dict.fromkeys(ROBOT.views, 10.0), ROBOT.control_rate_hz))
    for message in recording.messages():
        gate.take(*message)
    found = gate.findings(recording.end_ns)
    assert {finding.check for finding in found} == {CheckName.CLOCK_STEP}
    assert found[0].value == pytest.approx(0.07, abs=0.005)
    assert found[0].start_s == pytest.approx(2.8, abs=0.4)


def test_a_camera_that_gives_nothing_more_is_frozen() -> None:
    recording = SyntheticRecording()
    lose(WRIST, 2.0, 9.0)(recording)
    found = {finding.check: finding for finding in judged_live(recording.messages()).findings}
    assert found.keys() == {CheckName.FROZEN_CAMERA, CheckName.DROPPED_FRAMES}
    assert found[CheckName.FROZEN_CAMERA].value == pytest.approx(3.0, abs=0.05)
    assert "89 of 149 frames" in found[CheckName.DROPPED_FRAMES].detail


def test_a_hole_shows_while_it_lasts() -> None:
    messages = [message for message in SyntheticRecording().messages() if message[1] < after(2.0)]
    gate = QualityGate(ROBOT, TOPICS)
    for topic, receipt_ns, data in messages:
        gate.take(topic, receipt_ns, data)
    assert gate.findings(after(2.02)) == ()
    assert {found.check for found in gate.findings(after(2.4))} == {CheckName.DROPPED_FRAMES}
    assert CheckName.FROZEN_CAMERA in {found.check for found in gate.findings(after(2.6))}


def test_a_camera_that_is_slow_for_a_while_has_a_low_rate() -> None:
    recording = SyntheticRecording(7.0)
    lose(WRIST, 2.0, 4.0, 4)(recording)
    (found,) = (each for each in judged_live(recording.messages()).findings if each.check is CheckName.LOW_RATE)
    assert (found.start_s, found.end_s) == (2.0, 4.0)
    assert "22.5 Hz for 2 s at worst" in found.detail


def test_messages_that_come_late_and_at_once_are_no_clock_step_and_no_loss() -> None:
    recording = SyntheticRecording()
    for frame in recording.frames:
        if after(2.0) <= frame.receipt_ns < after(2.1):
            frame.receipt_ns = after(2.1) + (frame.stamp_ns - T0_NS) // 1000
    assert judged_live(recording.messages()).findings == ()
