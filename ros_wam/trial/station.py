"""What a trial needs of a robot, its scene, its policy and its recorder, wherever they are."""

from pathlib import Path
from typing import Protocol

from ros_wam.causes import Cause
from ros_wam.trial.plan import PlannedTrial
from ros_wam.types import Stage


class Station(Protocol):
    """Verbs begin something and return at once, never raise and never block; questions say whether it has come about.

    What goes wrong shows in `fault`, or in an answer that stays negative until the runner's time for it is over.
    """

    def reset(self, seed: int) -> None:
        """Ask for the scene that `seed` says: of the operator, or of the simulator, which waits for the robot."""
        ...

    def reset_done(self) -> bool:
        """Return whether the robot may move home: the operator has laid the scene out, or the simulator will."""
        ...

    def home(self) -> None:
        """Begin to move the robot home, after recovering it from a stop."""
        ...

    def at_home(self) -> bool:
        """Return whether the robot is at home, at rest, and the scene laid out."""
        ...

    def not_ready(self) -> str | None:
        """Return what is missing before a trial can run, None when nothing is."""
        ...

    def prepare(self, trial: PlannedTrial, bag_dir: Path) -> None:
        """Begin to record `trial` into `bag_dir`."""
        ...

    def recording(self) -> bool:
        """Return whether the recorder has confirmed that it records the trial."""
        ...

    def start(self) -> None:
        """Give the robot to the policy, or to the device where a demonstration is to be made."""
        ...

    def take_over(self) -> None:
        """Give the robot to the device, in the next control period; the policy infers no more."""
        ...

    def hand_back(self) -> None:
        """Give the robot back to the policy, which begins with what it sees then."""
        ...

    def stop(self) -> None:
        """Hold the robot, stop what moves it and end the recording."""
        ...

    def stopped(self) -> bool:
        """Return whether the robot holds and the bag is closed."""
        ...

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        """Return the newest stages and whether the task is achieved."""
        ...

    def fault(self) -> tuple[Cause, str] | None:
        """Return what ends a trial now, and the evidence; None when nothing does.

        It is a fault of the infrastructure, or one of `outcome.POLICYS_OWN` that stopped the robot.
        """
        ...

    def enable(self) -> None:
        """Say once more that the robot may move; it holds when this stops coming."""
        ...
