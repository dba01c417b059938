"""What a run of the simulated UR5 consists of."""

from pathlib import Path
from typing import Any

from ros_wam.run_config import RunConfig
from ros_wam.share import share_dir


def ur5_run(run_dir: Path, **others: Any) -> RunConfig:
    """Return the run in `run_dir`; `others` are more of its parts."""
    root = share_dir()
    return RunConfig(root / "robots/ur5.yaml", root / "calib/ur5/sim", sim=True, run_dir=run_dir, **others)


def tidying_run(run_dir: Path) -> RunConfig:
    """Return the run with the task of the demo and its policy."""
    config = share_dir() / "config"
    task, policy = config / "tasks/move_objects_into_box.yaml", config / "policies/baseline.yaml"
    return ur5_run(run_dir, task=task, policy=policy)
