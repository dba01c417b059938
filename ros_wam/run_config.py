"""What one run of the stack consists of: written by bringup, read by every process, copied beside every bag."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ros_wam.calibration import Station, load_station
from ros_wam.config import load
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.profile import Profile, load_profile


@dataclass(frozen=True)
class RunConfig:
    """Resolved paths and settings of a run.

    `run_dir` holds what lives as long as the run (sockets, frames, liveness locks); `sitting_dir` is the folder of
    results, None when no trials are run. `policy_url` and `robot_address` override the files when they are set.
    `control_prefix`: the command that the control process is started by, where its emulated robot needs one.
    `device`: what teleoperates, None where nothing does. `operator`: a person lays the scene out and scores.
    `desk_port`: where the operator's page is served, 0 where it is not.
    """

    robot: Path
    calibration: Path
    sim: bool
    run_dir: Path
    task: Path | None = None
    policy: Path | None = None
    policy_url: str | None = None
    robot_address: str | None = None
    control_prefix: tuple[str, ...] = ()
    sitting_dir: Path | None = None
    trials: int = 0
    seed: int = 0
    device: str | None = None
    operator: bool = False
    desk_host: str = "127.0.0.1"
    desk_port: int = 0

    def embodiment(self) -> Embodiment:
        """Read the robot file."""
        return load_embodiment(self.robot)

    def station(self) -> Station:
        """Read the station file with the overrides applied; `{run_dir}` is filled in for its robot and leaders."""
        station = load_station(self.calibration)
        robot = self._placed(station.robot)
        if self.robot_address is not None:
            robot["address"] = self.robot_address
        return replace(station, robot=robot, leaders=self._placed(station.leaders))

    def profile(self) -> Profile:
        """Read the policy file, with the override applied; raises ConfigError when the run names no policy."""
        if self.policy is None:
            raise ConfigError("this run names no policy; give one with --policy")
        profile = load_profile(self.policy).for_robot(self.embodiment())
        return profile if self.policy_url is None else replace(profile, url=self.policy_url)

    def _placed(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._placed(item) for key, item in value.items()}
        return value.replace("{run_dir}", str(self.run_dir)) if isinstance(value, str) else value

    @property
    def sim_socket(self) -> Path:
        """The simulator's control socket."""
        return self.run_dir / "sim.sock"

    @property
    def keys_socket(self) -> Path:
        """Where keys that are pressed in the operator's terminal arrive."""
        return self.run_dir / "keys.sock"


def load_run_config(path: Path) -> RunConfig:
    """Read the file that bringup wrote; raises ConfigError."""
    return load(path, RunConfig)
