"""The closed lists: why a chunk is refused, which limit intervened, why a robot holds, why a trial does not count."""

from enum import Enum, IntEnum, IntFlag


class RefusalReason(Enum):
    """Why admission refused an action chunk."""

    NON_FINITE = "non_finite"
    WRONG_SHAPE = "wrong_shape"
    EXPIRED = "expired"
    START_DISTANCE = "start_distance"
    VELOCITY = "velocity"
    ACCELERATION = "acceleration"
    WORKSPACE = "workspace"
    COLLISION = "collision"
    UNREACHABLE = "unreachable"
    WRONG_MODE = "wrong_mode"


class Limit(IntFlag):
    """Which rules of the safety gate changed a command; a mask in `setpoint_provenance`."""

    POSITION = 1
    VELOCITY = 2
    ACCELERATION = 4
    WORKSPACE = 8
    HOLD = 16


class Cause(Enum):
    """What departed from plan; `trial.json` names one of these. What each does to the robot: `ladder.py`."""

    TICK_LATE = "tick_late"
    LAGGING = "lagging"
    NEAR_LIMIT = "near_limit"
    SOURCE_STALE = "source_stale"
    LEADER_LOST = "leader_lost"
    ENABLE_LOST = "enable_lost"
    WORKSPACE = "workspace"
    CONTACT_FORCE = "contact_force"
    STATE_STALE = "state_stale"
    COMMAND_INVALID = "command_invalid"
    NOT_FOLLOWING = "not_following"
    NO_WAY_HOME = "no_way_home"
    PROTECTIVE_STOP = "protective_stop"
    DRIVER_LOST = "driver_lost"
    CONTROL_PROCESS_DIED = "control_process_died"
    CAMERA_STALE = "camera_stale"
    CAMERA_SKEWED = "camera_skewed"
    POLICY_UNREACHABLE = "policy_unreachable"
    POLICY_TIMEOUT = "policy_timeout"
    POLICY_ANSWER_INVALID = "policy_answer_invalid"
    POLICY_MISMATCH = "policy_mismatch"
    RECORD_FAILED = "record_failed"
    SIMULATION_FAILED = "simulation_failed"
    PROCESS_DIED = "process_died"
    NOT_READY = "not_ready"
    OPERATOR_STOP = "operator_stop"


class Action(IntEnum):
    """What a cause does to the robot, most severe last."""

    WARN = 0
    """It is recorded and shown."""
    SLOW = 1
    """The chunk is followed along the same path at a part of its speed; a leader device is not slowed."""
    HOLD = 2
    """The gate closes: a bounded deceleration to rest, and rest until the cause is gone."""
    STOP = 3
    """The vendor's stop, and FAULT until someone recovers the robot."""
