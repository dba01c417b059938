"""An emulated leader of a robot's simulated station, in a process of its own and in real time, moved by a test."""

import sys
from pathlib import Path

from emulator_process import ROOT, EmulatorProcess, serve

from ros_wam.calibration import Station
from ros_wam.embodiment import Embodiment
from ros_wam.run_config import RunConfig
from ros_wam.sim.emulators.leader import LeaderEmulator, make_leader

LEADERS = {"aloha": "aloha", "ur5": "gello", "franka": "gello", "arx5": "gello"}
"""By robot: the leader that its simulated station names."""


def of_robot(robot: str, run_dir: Path) -> tuple[Embodiment, Station]:
    """Return the robot and its simulated station, whose ports are in `run_dir`."""
    config = RunConfig(ROOT / f"robots/{robot}.yaml", ROOT / f"calib/{robot}/sim", True, run_dir)
    return config.embodiment(), config.station()


def make(robot: str, run_dir: Path) -> LeaderEmulator:
    """Return the emulator, not yet listening."""
    embodiment, station = of_robot(robot, run_dir)
    leader = make_leader(LEADERS[robot], station, embodiment, run_dir)
    assert leader is not None
    return leader


class EmulatedLeader(EmulatorProcess):
    """The test's side."""

    def __init__(self, robot: str, folder: Path) -> None:
        super().__init__(__file__, robot, folder)


def _serve(robot: str, folder: Path) -> None:
    leader = make(robot, folder)
    serve(
        leader,
        lambda duration_s: None,
        {
            "inject": leader.inject,
            "clear": lambda _: leader.clear(),
            "lead": lambda what: leader.lead(what[0], what[1], what[2]),
            "register": lambda at: leader.servos[at[0]][at[1]].table[at[2]],
            "set": lambda at: leader.servos[at[0]][at[1]].table.__setitem__(at[2], at[3]),
        },
        catches_up_ns=1_000_000,
    )


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
