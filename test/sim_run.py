"""What a run of a simulated robot consists of, and the robots with the task that each is tried on."""

from pathlib import Path
from typing import Any

from ros_wam.run_config import RunConfig
from ros_wam.share import share_dir

TASKS = {
    "ur5": "move_objects_into_box",
    "franka": "press_three_buttons",
    "arx5": "turn_on_light_switch",
    "aloha": "stack_bowls",
}


def sim_run(robot: str, run_dir: Path, **others: Any) -> RunConfig:
    """Return the run of `robot` in `run_dir`; `others` are more of its parts."""
    root = share_dir()
    return RunConfig(root / f"robots/{robot}.yaml", root / f"calib/{robot}/sim", sim=True, run_dir=run_dir, **others)


def ur5_run(run_dir: Path, **others: Any) -> RunConfig:
    """Return the run of the UR5."""
    return sim_run("ur5", run_dir, **others)


def baseline_run(robot: str, run_dir: Path) -> RunConfig:
    """Return the run with the robot's task and the policy that ships."""
    config = share_dir() / "config"
    task, policy = config / f"tasks/{TASKS[robot]}.yaml", config / "policies/baseline.yaml"
    return sim_run(robot, run_dir, task=task, policy=policy)


def tidying_run(run_dir: Path) -> RunConfig:
    """Return the run with the task of the demo and its policy."""
    return baseline_run("ur5", run_dir)
