"""The faults that are injected in lockstep: deterministic, and measured to the nanosecond."""

from faults.fault import End, Fault, chunk, chunk_and_settling, one_period, seconds
from faults.lockstep_injections import (
    answers,
    contact,
    frozen,
    jumping_latency,
    late,
    late_ticks,
    nan_once,
    no_beats,
    no_wrist,
    operator_stop,
    pictures,
    reordered,
    takeover,
    wall_clock_step,
    wrist_behind,
)

from ros_wam.causes import Cause, RefusalReason
from ros_wam.embodiment import Embodiment

POLICY = (
    Fault(
        "server killed",
        "the server cuts the connection and listens no more",
        lambda world: world.server.kill(),
        End.HOLD,
        chunk(),
        Cause.POLICY_UNREACHABLE,
    ),
    Fault(
        "server stalled",
        "one answer takes 2 s of 3 s allowed",
        late(2000.0),
        End.PAUSES,
        chunk_and_settling(),
        told=Cause.SOURCE_STALE,
    ),
    Fault("server silent", "no answer comes", late(1e9), End.HOLD, chunk_and_settling(), Cause.POLICY_TIMEOUT),
    Fault("NaN once", "one number of one answer is NaN", nan_once, End.MOVES_ON, refused=RefusalReason.NON_FINITE),
    Fault(
        "NaN",
        "every answer is NaN",
        answers(lambda actions: (actions * float("nan"),)),
        End.HOLD,
        chunk_and_settling(),
        refused=RefusalReason.NON_FINITE,
    ),
    Fault(
        "wrong shape",
        "every answer lacks two joints",
        answers(lambda actions: (actions[:, :5],)),
        End.HOLD,
        chunk_and_settling(),
        refused=RefusalReason.WRONG_SHAPE,
    ),
    Fault(
        "leap",
        "every answer begins 1 rad from the robot",
        answers(lambda actions: (actions + 1.0,)),
        End.HOLD,
        chunk_and_settling(),
        refused=RefusalReason.START_DISTANCE,
    ),
    Fault(
        "reply reordered",
        "each answer comes after the one to the request before",
        reordered,
        End.HOLD,
        chunk(),
        Cause.POLICY_ANSWER_INVALID,
    ),
    Fault(
        "reply duplicated",
        "each answer comes twice",
        answers(lambda actions: (actions, actions)),
        End.HOLD,
        chunk(),
        Cause.POLICY_ANSWER_INVALID,
    ),
)
CAMERA = (
    Fault(
        "camera frozen", "every camera repeats a picture", frozen, End.HOLD, chunk_and_settling(), Cause.CAMERA_STALE
    ),
    Fault(
        "camera skewed",
        "the wrist camera is 80 ms behind",
        pictures(wrist_behind),
        End.HOLD,
        chunk_and_settling(),
        Cause.CAMERA_SKEWED,
    ),
    Fault(
        "camera gone",
        "the wrist camera sends nothing",
        pictures(no_wrist),
        End.HOLD,
        chunk_and_settling(),
        Cause.CAMERA_STALE,
    ),
    Fault(  # the robot rests for 0.1 s: too short for `source_stale`, which counts from 0.4 s on
        "camera gone for 1 s",
        "the wrist camera sends nothing for 1 s",
        pictures(no_wrist, 1.0),
        End.PAUSES,
        chunk_and_settling(),
    ),
)
TIMING = (
    Fault("latency spikes", "answers take 0 and 400 ms in turns", jumping_latency, End.MOVES_ON),
    Fault("late ticks", "no control tick comes for 96 ms", late_ticks, End.MOVES_ON, told=Cause.TICK_LATE),
    Fault(
        "clock step",
        "the wall clock goes 1 h ahead, and back: nothing in a trial goes by it",
        wall_clock_step,
        End.MOVES_ON,
    ),
)
OPERATOR = (
    Fault("enable released", "the heartbeat ends", no_beats(99.0), End.HOLD, seconds(0.1), Cause.ENABLE_LOST),
    Fault(
        "enable released for 0.5 s",
        "10 beats are lost",
        no_beats(0.5),
        End.PAUSES,
        seconds(0.1),
        told=Cause.ENABLE_LOST,
    ),
    Fault("stop", "the operator stops the trial", operator_stop, End.HOLD, seconds(0.1), Cause.OPERATOR_STOP),
    Fault(
        "takeover",
        "a leader device takes the robot",
        takeover(9.0),
        End.TELEOP,
        one_period(),
        Cause.OPERATOR_STOP,
    ),
)
CONTACT = (
    Fault(
        "contact", "the tool meets 200 N for 0.2 s", contact(0.2), End.PAUSES, seconds(0.1), told=Cause.CONTACT_FORCE
    ),
    Fault(
        "contact that goes on", "the tool meets 200 N", contact(99.0), End.FAULT, seconds(0.6), told=Cause.CONTACT_FORCE
    ),
)


def lockstep_faults(robot: Embodiment) -> dict[str, Fault]:
    """Return what can go wrong with `robot`, by name; a robot that feels no force meets no contact."""
    feels = any(arm.tool_force_n is not None for arm in robot.arms.values())
    return {fault.name: fault for fault in (*POLICY, *CAMERA, *TIMING, *OPERATOR, *(CONTACT if feels else ()))}
