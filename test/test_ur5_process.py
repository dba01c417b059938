"""The control process with the real ur_rtde: it begins, and ends by itself within the time it is given."""

import threading
from pathlib import Path
from typing import Any

import pytest
from emulated_ur import EmulatedUr
from loopback import own_address

from ros_wam.clock import StationClock
from ros_wam.config import dump
from ros_wam.motion.supervisor import ControlSupervisor
from ros_wam.run_config import RunConfig

pytest.importorskip("rtde_control")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("robot", "generation"), [("ur5", "cb3"), ("ur5e", "e_series")])
def test_a_run_that_is_over_stops_the_robot_and_is_no_fault(tmp_path: Path, robot: str, generation: str) -> None:
    controller = EmulatedUr(own_address(), generation)
    calibration, address = ROOT / "calib" / robot / "sim", controller.address
    config = RunConfig(
        ROOT / "robots" / f"{robot}.yaml", calibration, sim=True, run_dir=tmp_path, robot_address=address
    )
    (tmp_path / "run.yaml").write_text(dump(config))
    holding, last_resorts, modes = threading.Event(), list[None](), list[str]()

    def tell(kind: str, content: Any) -> None:
        if kind == "status":
            modes.append(content["mode"])
            if modes[-1] == "HOLD":
                holding.set()

    supervisor = ControlSupervisor(
        tmp_path / "run.yaml", tmp_path / "log", "ur5", lambda: last_resorts.append(None), tell, StationClock()
    )
    supervisor.start()
    try:
        assert holding.wait(20.0)
    finally:
        supervisor.close()
        running = controller.ask("running")
        controller.close()
    assert not last_resorts
    assert modes[-1] == "HOLD"
    assert not running
