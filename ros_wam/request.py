"""What a user asks for."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """What a user asks for; the names are those of the launch arguments and command-line options.

    `device` teleoperates the robot: one of the station's `leaders`, or of those that need no entry there. With a policy
    it takes over; without one, the trials are demonstrations. `operator`: a person lays the scene out and scores; so
    it is at a real station in any case. `desk_port`: where the operator's page is served, 0 for a port that is free.
    """

    robot: str
    policy: str | None = None
    task: str | None = None
    sim: bool = False
    trials: int = 1
    seed: int = 0
    record_dir: Path = Path("runs")
    resume: Path | None = None
    inference_latency_ms: float = 0.0
    device: str | None = None
    operator: bool = False
    desk_host: str = "127.0.0.1"
    desk_port: int = 0
