"""The quality gate: a clean recording has no finding, and each defect is found by its name, live as in a bag."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_recording import (
    BATCH,
    PERIOD_NS,
    ROBOT,
    ROBOTS,
    T0_NS,
    TOPICS,
    SyntheticRecording,
    after,
    judged_live,
    write_bag,
)

from ros_wam import fields
from ros_wam.causes import Limit
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import RecordError, SpecError
from ros_wam.quality.bag import judge_bag
from ros_wam.quality.finding import CheckName, Severity
from ros_wam.quality.gate import QualityGate
from ros_wam.quality.verdict import Quality, Verdict
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import image_topic, topic_table
from ros_wam.types import Command, Intervention, Mode, StepRecord, Target

MS = 1_000_000
Spoil = Callable[[SyntheticRecording], None]


def lose(topic: str, first_s: float, last_s: float, every: int = 1) -> Spoil:
    """The recorder does not hear every `every`th message of a topic in that time."""
    heard = [0]

    def lost(name: str, receipt_ns: int) -> bool:
        if name != topic or not after(first_s) <= receipt_ns < after(last_s):
            return False
        heard[0] += 1
        return heard[0] % every == 0

    return lambda recording: setattr(recording, "lost", lost)


def thin_camera(recording: SyntheticRecording) -> None:
    """A camera that runs at 24 Hz, steadily."""
    wrist = [frame for frame in recording.frames if frame.view == "wrist"]
    recording.frames = [frame for frame in recording.frames if frame.view != "wrist"]
    for k, frame in enumerate(wrist[: round(recording.seconds * 24.0)]):
        stamp_ns = after(0.004 + k / 24.0)
        recording.frames.append(replace(frame, stamp_ns=stamp_ns, receipt_ns=stamp_ns + 12 * MS))


def delay_view(recording: SyntheticRecording) -> None:
    """The stamps of a camera are 60 ms earlier than they would be if its latency were right."""
    for frame in recording.frames:
        frame.stamp_ns -= 60 * MS * (frame.view == "global")


def freeze(recording: SyntheticRecording) -> None:
    """A camera shows one picture from 1 s to 1.8 s, its stamps going on."""
    shown = [frame for frame in recording.frames if frame.view == "wrist" and after(1.0) <= frame.stamp_ns < after(1.8)]
    for frame in shown:
        frame.picture = shown[0].picture


def repeat_stamp(recording: SyntheticRecording) -> None:
    """A driver gives its last picture of before 4 s again and again, to the end."""
    frames = [frame for frame in recording.frames if frame.view == "wrist"]
    last = max(frame.stamp_ns for frame in frames if frame.stamp_ns < after(4.0))
    for frame in frames:
        frame.stamp_ns = min(frame.stamp_ns, last)


def step_controllers_clock(by_ms: int) -> Spoil:
    """The clock by which joint states are stamped is set at 2.5 s."""

    def spoil(recording: SyntheticRecording) -> None:
        for k in recording.ticks_between(2.5, 9.0):
            state = recording.ticks[k].state
            assert state is not None
            recording.ticks[k] = replace(recording.ticks[k], state=replace(state, stamp_ns=state.stamp_ns + by_ms * MS))

    return spoil


def step_cameras_clock(recording: SyntheticRecording) -> None:
    for frame in recording.frames:
        frame.stamp_ns += 200 * MS * (frame.stamp_ns > after(2.5))


def put_off(tick: StepRecord, by_ns: int) -> StepRecord:
    assert tick.state is not None
    state = replace(tick.state, stamp_ns=tick.state.stamp_ns + by_ns)
    sent = replace(tick.sent, stamp_ns=tick.sent.stamp_ns + by_ns)
    return replace(tick, stamp_ns=tick.stamp_ns + by_ns, state=state, sent=sent)


def slow_down(recording: SyntheticRecording) -> None:
    """From 1 s on, a tick takes a tenth longer than it should."""
    first = recording.ticks_between(1.0, 9.0)[0]
    recording.ticks = [put_off(tick, max(0, k - first) * PERIOD_NS // 10) for k, tick in enumerate(recording.ticks)]


def stall(recording: SyntheticRecording) -> None:
    """The loop stands still for 50 ms, and goes on with the next number."""
    first = recording.ticks_between(2.0, 9.0)[0]
    recording.ticks = [put_off(tick, 50 * MS * (k >= first)) for k, tick in enumerate(recording.ticks)]


def shake(recording: SyntheticRecording) -> None:
    """What is sent jumps by 0.03 rad for half a second, ten times a second."""
    for k in recording.ticks_between(2.0, 2.5):
        tick = recording.ticks[k]
        jump = 0.03 * (k // 6 % 2) * ~ROBOT.is_gripper
        recording.ticks[k] = replace(tick, sent=Command(tick.stamp_ns, tick.sent.position + jump))


def tremble(recording: SyntheticRecording) -> None:
    """All along the hand trembles by 10 mrad three times a second."""
    for k, tick in enumerate(recording.ticks):
        at_s = (tick.stamp_ns - T0_NS) * 1e-9
        growing = min(max(at_s, 0.0), 1.0)
        trembling = 0.01 * growing**3 * np.sin(6.0 * np.pi * at_s) * ~ROBOT.is_gripper
        recording.ticks[k] = replace(tick, sent=Command(tick.stamp_ns, tick.sent.position + trembling))


def stand_still(first_s: float, last_s: float) -> Spoil:
    def spoil(recording: SyntheticRecording) -> None:
        still = recording.ticks_between(first_s, last_s)
        edge = recording.ticks[still[0] if first_s > 1.0 else still[-1]]
        assert edge.state is not None
        for k in still:
            tick = recording.ticks[k]
            assert tick.state is not None
            state = replace(tick.state, position=edge.state.position)
            recording.ticks[k] = replace(
                tick, state=state, sent=Command(tick.stamp_ns, edge.sent.position), target=None
            )

    return spoil


def clip(recording: SyntheticRecording) -> None:
    recording.narrow(1.0, 1.8, Intervention(Limit.VELOCITY, "joint2", 3.0, 2.0))


def outrun(recording: SyntheticRecording) -> None:
    """The leader is 0.2 rad ahead of what is sent."""
    for k in recording.ticks_between(1.0, 2.0):
        tick = recording.ticks[k]
        assert tick.target is not None
        ahead = replace(tick.target, position=tick.target.position + 0.2)
        recording.ticks[k] = replace(tick, target=ahead)


def say(cause: str, first_s: float, last_s: float) -> Spoil:
    def spoil(recording: SyntheticRecording) -> None:
        recording.said = [
            (at_ns, recording.status(at_ns, acting=(cause,) if after(first_s) <= at_ns < after(last_s) else ()))
            for at_ns, _ in recording.said
        ]

    return spoil


def drive_briefly(recording: SyntheticRecording) -> None:
    for k in recording.ticks_between(1.5, 9.0):
        recording.ticks[k] = replace(recording.ticks[k], mode=Mode.HOLD)


WRIST = image_topic("wrist")
DEFECTS: dict[str, tuple[Spoil, CheckName, Severity]] = {
    "frames_lost_now_and_then": (lose(WRIST, 0.5, 4.5, 30), CheckName.DROPPED_FRAMES, Severity.WARN),
    "frames_lost_in_a_row": (lose(WRIST, 2.0, 2.14), CheckName.DROPPED_FRAMES, Severity.BAD),
    "the_last_frames_lost": (lose(WRIST, 4.8, 5.0), CheckName.DROPPED_FRAMES, Severity.BAD),
    "the_first_frames_lost": (lose(WRIST, 0.0, 0.17), CheckName.DROPPED_FRAMES, Severity.BAD),
    "joint_states_lost": (lose("joint_states", 2.0, 2.18), CheckName.DROPPED_FRAMES, Severity.BAD),
    "setpoints_lost": (lose("setpoints", 2.0, 2.2), CheckName.DROPPED_FRAMES, Severity.BAD),
    "some_provenance_lost": (lose("setpoint_provenance", 1.0, 4.0, 20), CheckName.DROPPED_FRAMES, Severity.WARN),
    "the_last_setpoints_lost": (lose("setpoints", 4.8, 9.0), CheckName.DROPPED_FRAMES, Severity.BAD),
    "camera_slower_than_said": (thin_camera, CheckName.LOW_RATE, Severity.BAD),
    "view_behind_another": (delay_view, CheckName.VIEW_SKEW, Severity.BAD),
    "same_picture": (freeze, CheckName.FROZEN_CAMERA, Severity.BAD),
    "same_stamp": (repeat_stamp, CheckName.FROZEN_CAMERA, Severity.BAD),
    "clock_set_forward": (step_controllers_clock(200), CheckName.CLOCK_STEP, Severity.BAD),
    "clock_set_back": (step_controllers_clock(-200), CheckName.CLOCK_STEP, Severity.BAD),
    "clock_set_back_a_little": (step_controllers_clock(-20), CheckName.CLOCK_STEP, Severity.BAD),
    "cameras_clock_set": (step_cameras_clock, CheckName.CLOCK_STEP, Severity.BAD),
    "loop_too_slow": (slow_down, CheckName.SLOW_LOOP, Severity.BAD),
    "loop_stalled": (stall, CheckName.SLOW_LOOP, Severity.WARN),
    "shaken": (shake, CheckName.JERK, Severity.BAD),
    "trembling": (tremble, CheckName.JERK, Severity.WARN),
    "commands_clipped": (clip, CheckName.CLIPPED_COMMANDS, Severity.BAD),
    "leader_not_followed": (outrun, CheckName.CLIPPED_COMMANDS, Severity.BAD),
    "leader_lost": (say("leader_lost", 2.0, 2.4), CheckName.LEADER_LOST, Severity.WARN),
    "leader_lost_for_long": (say("leader_lost", 2.0, 4.0), CheckName.LEADER_LOST, Severity.BAD),
    "robot_lagging": (say("lagging", 2.0, 3.0), CheckName.TRACKING_LAG, Severity.WARN),
    "driven_too_briefly": (drive_briefly, CheckName.TOO_SHORT, Severity.BAD),
}


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


@pytest.mark.parametrize("defect", [*DEFECTS, "none"])
def test_a_bag_is_judged_as_it_was_live_however_often_that_was_asked(defect: str, tmp_path: Path) -> None:
    recording = SyntheticRecording()
    if defect in DEFECTS:
        DEFECTS[defect][0](recording)
    messages = recording.messages()
    gate, random = QualityGate(ROBOT, TOPICS), np.random.default_rng(len(defect))
    for topic, receipt_ns, data in messages:
        gate.take(topic, receipt_ns, data)
        if random.random() < 0.02:
            gate.findings(receipt_ns + int(random.integers(0, 10**10)))
    assert judge_bag(write_bag(tmp_path / "bag", messages), embodiment=ROBOT) == gate.quality(messages[-1][1])


def test_where_and_how_much_is_told() -> None:
    recording = SyntheticRecording()
    lose(WRIST, 2.0, 2.14)(recording)
    (found,) = judged_live(recording.messages()).findings
    assert found.start_s == pytest.approx(2.0, abs=0.04)
    assert [found.end_s - found.start_s, found.value] == pytest.approx([5 / 30.0] * 2, abs=2e-3)
    assert "4 of 150 frames" in found.detail and "167 ms" in found.detail


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


def test_what_is_before_the_start_or_after_the_stop_does_not_count() -> None:
    recording = SyntheticRecording(6.0)
    recording.commands = [(after(1.0), "start"), (after(5.0), "stop")]
    lost: Callable[[str, int], bool] = lambda topic, at_ns: topic == WRIST and not after(1.0) < at_ns < after(5.0)  # noqa: E731
    recording.lost = lost
    assert judged_live(recording.messages()).findings == ()


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


def test_a_hold_may_stop_as_hard_as_it_likes() -> None:
    recording = SyntheticRecording()
    shake(recording)
    recording.narrow(1.9, 2.6, Intervention(Limit.HOLD, "joint1", 0.0, 0.0))
    assert judged_live(recording.messages()).findings == ()


def test_messages_that_come_late_and_at_once_are_no_clock_step_and_no_loss() -> None:
    recording = SyntheticRecording()
    for frame in recording.frames:
        if after(2.0) <= frame.receipt_ns < after(2.1):
            frame.receipt_ns = after(2.1) + (frame.stamp_ns - T0_NS) // 1000
    assert judged_live(recording.messages()).findings == ()


def test_a_bag_without_commands_is_judged_from_end_to_end(tmp_path: Path) -> None:
    recording = SyntheticRecording()
    recording.commands = []
    freeze(recording)
    quality = judge_bag(write_bag(tmp_path / "bag", recording.messages()), embodiment=ROBOT)
    assert quality.seconds > 5.0
    assert CheckName.FROZEN_CAMERA in {finding.check for finding in quality.findings}


def test_a_bag_whose_trial_never_began_is_bad(tmp_path: Path) -> None:
    recording = SyntheticRecording()
    recording.commands = [(T0_NS, "prepare")]
    quality = judge_bag(write_bag(tmp_path / "bag", recording.messages()), embodiment=ROBOT)
    assert [finding.check for finding in quality.findings] == [CheckName.TOO_SHORT]
    assert quality.verdict is Verdict.BAD


def test_a_bag_that_was_cut_off_is_judged_up_to_there(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    bag = BagWriter(folder, TOPICS)
    for topic, receipt_ns, data in SyntheticRecording().messages():
        if receipt_ns < after(3.0):
            bag.write(topic, receipt_ns, data)
    bag.flush()
    bag.abandon()
    quality = judge_bag(folder, embodiment=ROBOT)
    assert (quality.verdict, quality.seconds) == (Verdict.GOOD, pytest.approx(3.0, abs=0.02))


def test_the_other_half_of_a_table_is_not_waited_for_for_ever() -> None:
    recording = SyntheticRecording()
    lose("setpoints", 1.0, 4.0)(recording)
    (found,) = judged_live(recording.messages()).findings
    assert (found.check, found.severity) == (CheckName.DROPPED_FRAMES, Severity.BAD)
    assert found.value == pytest.approx(3.0, abs=0.05)


def test_a_bag_that_is_none_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no bag in"):
        judge_bag(tmp_path, embodiment=ROBOT)


def test_a_control_process_that_begins_again_is_not_slow() -> None:
    recording = SyntheticRecording()
    recording.ticks = [
        replace(tick, sequence=tick.sequence - 1000 * (k >= 100 * BATCH)) for k, tick in enumerate(recording.ticks)
    ]
    assert judged_live(recording.messages()).findings == ()


def test_setpoints_of_another_robot_are_refused(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", SyntheticRecording(0.5).messages())
    franka = load_embodiment(ROBOTS / "franka.yaml")
    with pytest.raises(SpecError, match=r"setpoints are of joint1, .*; franka has: joint1, .*joint7"):
        judge_bag(bag, embodiment=franka)


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
