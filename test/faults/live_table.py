"""The faults that are injected in real time. Those after which a sitting ends come last: each costs a new start."""

from dataclasses import replace

from faults.fault import End, Fault, after_last_beat, after_last_command, chunk, periods, seconds
from faults.live_injections import (
    StationFault,
    full_disk,
    hang,
    kill,
    kill_robot_node,
    kill_wrist_camera,
    lost_leader,
    no_enable,
    segfault,
)

from ros_wam.causes import Cause

STOPPED, LOST = Cause.PROTECTIVE_STOP, Cause.DRIVER_LOST
DIED, CONTROL_DIED = Cause.PROCESS_DIED, Cause.CONTROL_PROCESS_DIED


def own_stop(name: str, fault: str, injected: str) -> Fault:
    """The robot stops by itself, and is the operator's to recover."""
    return Fault(name, injected, StationFault(fault), End.FAULT, seconds(0.1), STOPPED)


OPERATOR = (
    Fault(
        "enable publisher hangs",
        "SIGSTOP of trial_node for 0.4 s",
        no_enable,
        End.PAUSES,
        after_last_beat(0.1),
        told=Cause.ENABLE_LOST,
    ),
    Fault(
        "leader lost",
        "a leader device takes over and falls silent",
        lost_leader,
        End.HOLD,
        after_last_command(0.1),
        Cause.LEADER_LOST,
    ),
)
FROZEN = Fault("controller frozen", "it sends no more states", StationFault("freeze"), End.HOLD, periods(5), LOST)
STANDING = Fault(
    "servo stands still",
    "commands are taken, a joint stays",
    StationFault("silent_servo"),
    End.FAULT,
    seconds(5.0),
    Cause.NOT_FOLLOWING,
    or_cause=Cause.LAGGING,  # for a second, where the chunks that come are not far ahead of the arm
)
HELD_UP = replace(STANDING, cause=Cause.LAGGING, or_cause=None)
"""The baseline plans anew from where the arm is, so that it is not sent far ahead of itself by the slower robots."""
SILENT = Fault(
    "servo silent", "one motor of an arm does not answer", StationFault("silent_servo"), End.HOLD, periods(6), LOST
)
SLOW = Fault(
    "controller slow",
    "it sends 10 states a second",
    StationFault("slow"),
    End.PAUSES,
    seconds(0.2),
    told=Cause.STATE_STALE,
)
GRIPPER = Fault(
    "gripper silent",
    "the gripper does not answer",
    StationFault("gripper_freeze"),
    End.HOLD,
    seconds(0.5),
    Cause.STATE_STALE,
)
"""It is asked over a connection of its own, whose answers may be 0.3 s old."""
GRIPPER_SERVO = replace(SILENT, name="gripper silent", inject=StationFault("gripper_freeze"))
CONTROLLER = {
    "ur5": (
        FROZEN,
        SLOW,
        STANDING,
        GRIPPER,
        own_stop("protective stop", "protective_stop", "the controller stops"),
        own_stop("program stopped", "program_stop", "someone stops its program at the teach pendant"),
    ),
    "franka": (  # its controller follows what it takes, or stops by a reflex
        FROZEN,
        GRIPPER,
        own_stop("reflex", "reflex", "the controller stops by a reflex"),
        own_stop("user stop", "user_stop", "someone presses the user stop"),
        own_stop("commands late", "communication_constraints", "the controller misses 20 commands in a row"),
    ),
    "arx5": (
        FROZEN,
        replace(HELD_UP, inject=StationFault("stuck_motor")),
        SILENT,
        replace(SILENT, name="motor off", injected="one switches itself off", inject=StationFault("motor_off")),
        replace(GRIPPER_SERVO, injected="the gripper's motor does not answer"),
        Fault("frames lost", "of four frames one arrives", StationFault("drop"), End.MOVES_ON),
    ),
    "aloha": (
        FROZEN,
        replace(HELD_UP, inject=StationFault("stuck_servo")),
        SILENT,
        replace(GRIPPER_SERVO, injected="the servo of one gripper does not answer"),
        replace(FROZEN, name="answers late", injected="those of one arm come 60 ms late", inject=StationFault("slow")),
        replace(
            FROZEN, name="answers damaged", injected="no CRC of one arm's is right", inject=StationFault("bad_crc")
        ),
        own_stop("overload", "overload", "a servo of an arm takes its torque off"),
    ),
}
"""What each robot's controller can do while the vendor library lives on."""
RECORD = (
    Fault(
        "camera stuck",
        "every camera sends one picture, stamped anew",
        StationFault("frozen_camera"),
        End.HOLD,
        seconds(3.0),
        Cause.CAMERA_STALE,
    ),
    Fault("disk full", "the recorder may write no more", full_disk, End.HOLD, seconds(2.0), Cause.RECORD_FAILED),
    Fault("recorder killed", "kill -9 recorder_node", kill("recorder_node"), End.HOLD, chunk(), DIED),
)
PROCESS = (
    Fault("camera killed", "kill -9 camera_node", kill_wrist_camera, End.HOLD, chunk(), DIED),
    Fault("policy node killed", "kill -9 policy_node", kill("policy_node"), End.HOLD, chunk(), DIED),
    Fault(
        "policy server killed",
        "kill -9 policy_server",
        kill("policy_server"),
        End.HOLD,
        chunk(),
        Cause.POLICY_UNREACHABLE,
    ),
)
CLOSED = Fault("connection closed", "FIN on every connection", StationFault("drop"), End.FAULT, seconds(0.1), LOST)
REFUSED = Fault("connection refused", "FIN, and no port is open", StationFault("refuse"), End.FAULT, seconds(0.1), LOST)
GONE = Fault(
    "simulator killed",
    "kill -9 sim_node: the controller is gone",
    kill("sim_node"),
    End.FAULT,
    seconds(0.1),
    Cause.SIMULATION_FAILED,
)
LINK = {  # ur_rtde may crash when its link is cut, also when the robot rests already: the next trial finds it dead
    "ur5": (*(replace(fault, or_cause=CONTROL_DIED) for fault in (CLOSED, REFUSED)), GONE),
    "franka": tuple(replace(fault, within=seconds(0.6)) for fault in (CLOSED, REFUSED, GONE)),  # told by silence alone
    "arx5": (
        Fault("over-current", "a motor tells of too much", StationFault("over_current"), End.FAULT, seconds(0.2), LOST),
        GONE,
    ),
    "aloha": (replace(CLOSED, injected="the adapter of an arm is unplugged"), GONE),
}
"""What ends the link to each robot, and with it the use of the vendor library."""
FATAL = (
    Fault("trial node killed", "kill -9 trial_node", kill("trial_node"), End.HOLD, after_last_beat(0.1), scored=False),
    Fault("driver segfault", "SIGSEGV of the control process", segfault, End.FAULT, seconds(0.1), CONTROL_DIED),
    Fault("driver hang", "SIGSTOP of the control process", hang, End.FAULT, seconds(0.2), CONTROL_DIED),
    Fault("robot node killed", "kill -9 robot_node", kill_robot_node, End.SILENT, seconds(1.0), CONTROL_DIED),
)


def live_faults(robot: str) -> dict[str, Fault]:
    """Return what can go wrong with `robot`, by name; those after which a sitting ends come last."""
    lasting = (*OPERATOR, *CONTROLLER[robot], *RECORD, *PROCESS)
    return {
        fault.name: fault for fault in (*lasting, *(replace(fault, fatal=True) for fault in (*LINK[robot], *FATAL)))
    }
