"""What goes wrong with a recording: each defect spoils a synthetic one, and has the name by which it is found."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from synthetic_recording import PERIOD_NS, ROBOT, T0_NS, SyntheticRecording, after

from ros_wam.causes import Limit
from ros_wam.quality.finding import CheckName, Severity
from ros_wam.topics import image_topic
from ros_wam.types import Command, Intervention, Mode, StepRecord

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
