"""Copies every file that shaped an episode beside its bag."""

import shutil
from dataclasses import replace
from pathlib import Path

from ros_wam.config import dump
from ros_wam.embodiment import is_driver_file
from ros_wam.errors import RecordError
from ros_wam.run_config import RunConfig


def copy_configuration(config: RunConfig, folder: Path) -> None:
    """Copy the run's files into `folder`, and `config.yaml`, which names the copies, so that it can be loaded there.

    Raises RecordError when a file cannot be copied.
    """
    embodiment = config.embodiment()
    model, driver = embodiment.model, Path(embodiment.driver)
    copied = replace(
        config,
        robot=Path("robots", config.robot.name),
        calibration=Path("calib"),
        policy=Path("policies", config.policy.name) if config.policy else None,
        task=Path("tasks", config.task.name) if config.task else None,
    )
    copies = [
        (config.robot, copied.robot),
        (model, Path("robots", model.name)),
        (driver if is_driver_file(embodiment.driver) else None, Path("robots", driver.name)),
        (config.policy, copied.policy),
        (config.task, copied.task),
        *((file, Path("calib", file.name)) for file in sorted(config.calibration.glob("*.yaml"))),
    ]
    try:
        for source, copy in copies:
            if source is not None and copy is not None:
                (folder / copy).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / copy)
        (folder / "config.yaml").write_text(dump(copied), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"cannot copy the configuration into {folder}: {error}") from error
