"""A run's folder with the control process of a robot that misbehaves on demand, and everything its supervisor tells."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fake_driver
import yaml
from motion_fixtures import ROBOTS

from ros_wam.clock import StationClock
from ros_wam.config import dump
from ros_wam.errors import RosWamError
from ros_wam.motion.link import unpack_record
from ros_wam.motion.supervisor import ControlSupervisor
from ros_wam.run_config import RunConfig
from ros_wam.types import StepRecord

CHILD = (sys.executable, str(Path(__file__).parent / "control_child.py"))
PATIENCE_S = 15.0


class ControlStation:
    """A run's folder with the fake robot in it, and everything the supervisor told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        robot_file = yaml.safe_load((ROBOTS / "ur5.yaml").read_text())
        robot_file.update(driver="fake", model=str(ROBOTS / "ur5.xml"))
        (folder / "robot.yaml").write_text(yaml.safe_dump(robot_file))
        safety = {"speed_override": 1.0, "joint_margin_rad": 0.1, "workspace_margin_m": 0.01}
        station = {"robot": {"folder": str(folder)}, "cameras": {}, "safety": safety, "fixtures": {}}
        (folder / "station.yaml").write_text(yaml.safe_dump(station))
        config = RunConfig(folder / "robot.yaml", folder, sim=False, run_dir=folder)
        (folder / "run.yaml").write_text(dump(config))
        self.clock = StationClock()
        self.records: list[StepRecord] = []
        self.status: dict[str, Any] = {}
        self.refusals: list[str] = []
        self._told = threading.Condition()
        self.stop_error: RosWamError | None = None
        self.supervisor = ControlSupervisor(
            folder / "run.yaml", folder / "control.log", "fake", self._last_resort_stop, self._tell, self.clock, CHILD
        )

    def ask_for(self, name: str) -> None:
        (self.folder / name).touch()

    def until(self, done: Callable[[], bool]) -> None:
        with self._told:
            assert self._told.wait_for(done, PATIENCE_S), self.status

    def until_mode(self, mode: str) -> None:
        self.until(lambda: self.status.get("mode") == mode)

    def until_buried(self) -> None:
        """Wait until the control process is told to be dead, and what came of stopping the robot without it."""
        self.until(lambda: "its last words" in self.status.get("detail", ""))

    def until_running(self) -> None:
        self.until_mode("HOLD")

    def beat(self, stop: threading.Event) -> None:
        while not stop.wait(0.03):
            self.supervisor.enable(True)

    def _last_resort_stop(self) -> str:
        if self.stop_error is not None:
            raise self.stop_error
        return fake_driver.last_resort_stop({"folder": str(self.folder)})

    def _tell(self, kind: str, content: Any) -> None:
        with self._told:
            if kind == "records":
                self.records += map(unpack_record, content)
            elif kind == "status":
                self.status = content
            else:
                self.refusals.append(content)
            self._told.notify_all()
