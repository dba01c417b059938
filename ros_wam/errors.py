"""Every error this package raises on purpose.

RosWamError
├── ConfigError            a file or an option is wrong; nothing has been started
├── SpecError              an array or a joint list does not have its declared shape, type, names or values
├── CameraError            a camera cannot be opened or read
├── LeaderError            a device that teleoperates cannot be opened or read, or is lost
├── ObservationError       no observation can be built: a view or state is missing, too old, or views are skewed
├── PolicyError            the policy server
│   ├── PolicyUnreachable      no connection
│   ├── PolicyTimeout          no answer within the time allowed
│   ├── PolicyAnswerInvalid    the answer cannot be decoded, or the server answered with an error
│   └── PolicyMismatch         the handshake disagrees with the profile
├── PoseUnreachable        no joint positions within the limits bring the tool to a pose
├── ModeRefused            the robot cannot change to the mode that was asked for
├── ChunkRefused           admission refused an action chunk; `reason` is a RefusalReason, `detail` the evidence
├── DriverError            the robot or its vendor library
│   ├── DriverUnreachable      no connection
│   ├── StateStale             the measured state does not advance
│   ├── CommandInvalid         a command was refused before it reached the vendor library
│   └── RobotStopped           the controller is in a protective or emergency stop, or runs no program
├── DriverSpent            the vendor library cannot be used again in this process, only in a new one
├── RecordError            a bag cannot be written, read or recovered
├── ExportError            episodes cannot be exported
├── SimError               the simulated station
└── TrialError             a trial or a sitting cannot go on
"""

from ros_wam.causes import Cause, RefusalReason


class RosWamError(Exception):
    """Root of the tree: catch this to catch everything the package raises on purpose."""


class ConfigError(RosWamError):
    """A file or an option is wrong."""


class SpecError(RosWamError):
    """An array or a joint list does not fit its declaration."""


class CameraError(RosWamError):
    """A camera cannot be opened or read."""


class LeaderError(RosWamError):
    """A device that teleoperates cannot be opened or read, or is lost."""


class ObservationError(RosWamError):
    """No observation can be built; `cause` says what is missing."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(f"no observation ({cause.value}): {detail}")
        self.cause = cause


class PolicyError(RosWamError):
    """The policy server failed; `cause` is what a trial records."""

    cause = Cause.POLICY_UNREACHABLE


class PolicyUnreachable(PolicyError):
    """No connection to the policy server."""


class PolicyTimeout(PolicyError):
    """The policy server did not answer in time."""

    cause = Cause.POLICY_TIMEOUT


class PolicyAnswerInvalid(PolicyError):
    """The answer cannot be decoded, or is an error."""

    cause = Cause.POLICY_ANSWER_INVALID


class PolicyMismatch(PolicyError):
    """The server's metadata disagrees with the profile."""

    cause = Cause.POLICY_MISMATCH


class PoseUnreachable(RosWamError):
    """No joint positions within the limits bring the tool to a pose."""


class ModeRefused(RosWamError):
    """The robot cannot change to the mode that was asked for."""


class ChunkRefused(RosWamError):
    """An action chunk was refused before execution."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(f"chunk refused ({reason.value}): {detail}")
        self.reason, self.detail = reason, detail


class DriverError(RosWamError):
    """The robot or its vendor library failed; `cause` is what the control loop makes of it."""

    cause = Cause.DRIVER_LOST


class DriverUnreachable(DriverError):
    """No connection to the robot."""


class StateStale(DriverError):
    """The measured state does not advance."""

    cause = Cause.STATE_STALE


class CommandInvalid(DriverError):
    """A command was refused before it reached the vendor library."""

    cause = Cause.COMMAND_INVALID


class RobotStopped(DriverError):
    """The controller is stopped and must be recovered."""

    cause = Cause.PROTECTIVE_STOP


class DriverSpent(RosWamError):
    """The vendor library cannot be used again in this process; nothing but ending it helps."""


class RecordError(RosWamError):
    """A bag cannot be written, read or recovered."""


class ExportError(RosWamError):
    """Episodes cannot be exported."""


class SimError(RosWamError):
    """The simulated station failed."""


class TrialError(RosWamError):
    """A trial or a sitting cannot go on."""
