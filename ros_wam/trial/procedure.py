"""How the trials of a sitting are run: what counts, who lays the scene out and scores, and who moves the robot."""

from dataclasses import dataclass
from enum import Enum

from ros_wam.task import Task


class Kind(Enum):
    """What a sitting collects: trials of a policy, or demonstrations, whose robot is moved by teleoperation."""

    TRIALS = "trials"
    DEMONSTRATIONS = "demonstrations"


@dataclass(frozen=True)
class Procedure:
    """`operated`: a person lays the scene out, says when to start, and scores by `task`; else the station's scene does.

    `device`: there is one, that a trial's robot can be taken over with. `by_hand`: it is a person who demonstrates.
    """

    task: Task | None = None
    kind: Kind = Kind.TRIALS
    operated: bool = False
    device: bool = False
    by_hand: bool = False

    @property
    def demonstrations(self) -> bool:
        """Whether the robot is moved by teleoperation from start to stop."""
        return self.kind is Kind.DEMONSTRATIONS

    @property
    def takes_over(self) -> bool:
        """Whether a person may take the robot over from the policy."""
        return self.device and not self.demonstrations

    @property
    def limited(self) -> bool:
        """Whether a trial ends with its time; a person who demonstrates takes as long as it takes."""
        return not (self.demonstrations and (self.operated or self.by_hand))
