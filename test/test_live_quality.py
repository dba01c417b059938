"""What is shown while a recording is made."""

from synthetic_recording import ROBOT, TOPICS, SyntheticRecording, after, judged_live

from ros_wam import fields
from ros_wam.quality.live import LiveQuality
from ros_wam.record.cdr import serialize


def frozen() -> SyntheticRecording:
    recording = SyntheticRecording()
    for frame in recording.frames:
        frame.picture = recording.frames[0].picture
    return recording


def prepare(live: LiveQuality) -> None:
    said = serialize(TOPICS["trial_command"].type, fields.json_object({"verb": "prepare"}))
    live.on_message("trial_command", 0, said)


def test_findings_are_shown_as_they_come_and_until_the_next_recording() -> None:
    live, messages = LiveQuality(ROBOT, TOPICS), frozen().messages()
    assert live.findings(after(0.0)) == []
    prepare(live)
    for message in messages:
        live.on_message(*message)
        if message[1] < after(0.4):
            assert live.findings(message[1]) == []
    assert {found["check"] for found in live.findings(after(9.0))} == {"frozen_camera"}
    assert live.findings(after(9.0)) == [found.to_json() for found in judged_live(messages).findings]
    prepare(live)
    assert live.findings(after(9.0)) == []


def test_what_cannot_be_read_is_ignored() -> None:
    live, messages = LiveQuality(ROBOT, TOPICS), SyntheticRecording().messages()
    for topic, receipt_ns, data in messages:
        live.on_message(topic, receipt_ns, data)
        if topic in ("setpoints", "safety_status", "trial_command"):
            live.on_message(topic, receipt_ns, b"\0\1\0\0nonsense")
    live.on_message("no_such_topic", 0, b"")
    assert live.findings(after(5.0)) == []
