"""What the robot's status tells of a leader, and when that counts as a loss."""

import pytest
from recording_defects import say
from synthetic_recording import SyntheticRecording, after, judged_live

from ros_wam.quality.finding import CheckName, Severity


def test_a_person_who_lets_go_has_not_lost_the_leader() -> None:
    recording = SyntheticRecording()
    recording.said = [
        (at_ns, recording.status(at_ns, acting=("enable_lost", "leader_lost") if at_ns < after(3.0) else ()))
        for at_ns, _ in recording.said
    ]
    assert judged_live(recording.messages()).findings == ()


def acting_in_turn(*turns: tuple[float, tuple[str, ...]]) -> SyntheticRecording:
    """What acts from each of these times on [s]; nothing before."""
    recording = SyntheticRecording()
    recording.said = [
        (at_ns, recording.status(at_ns, acting=next((c for s, c in reversed(turns) if at_ns >= after(s)), ())))
        for at_ns, _ in recording.said
    ]
    return recording


def test_a_leader_that_is_lost_takes_enable_away_and_counts_until_it_leads_again() -> None:
    lost = acting_in_turn((2.0, ("leader_lost",)), (2.2, ("enable_lost", "leader_lost")), (4.0, ()))
    (found,) = judged_live(lost.messages()).findings
    assert (found.check, found.severity) == (CheckName.LEADER_LOST, Severity.BAD)
    assert found.value == pytest.approx(2.0, abs=0.11)


def test_a_person_who_lets_go_in_the_midst_has_not_lost_the_leader() -> None:
    rested = acting_in_turn((2.0, ("enable_lost",)), (2.2, ("enable_lost", "leader_lost")), (4.0, ()))
    assert judged_live(rested.messages()).findings == ()


def test_a_leader_that_has_not_come_yet_is_not_lost() -> None:
    recording = SyntheticRecording()
    say("leader_lost", 0.0, 1.0)(recording)
    assert judged_live(recording.messages()).findings == ()
