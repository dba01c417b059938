"""The closed lists: why a chunk is refused, which limit intervened, why a robot holds, why a trial does not count."""

from enum import Enum, IntFlag


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


class Limit(IntFlag):
    """Which rules of the safety gate changed a command; a mask in `setpoint_provenance`."""

    POSITION = 1
    VELOCITY = 2
    ACCELERATION = 4
    WORKSPACE = 8
    HOLD = 16


class Cause(Enum):
    """What made the robot hold, or the infrastructure fail; `trial.json` names one of these."""

    ENABLE_LOST = "enable_lost"
    STATE_STALE = "state_stale"
    SOURCE_STALE = "source_stale"
    COMMAND_INVALID = "command_invalid"
    WORKSPACE = "workspace"
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
