"""The supervisor without ROS: what it starts is this package, wherever it is started."""

from pathlib import Path

import pytest

from ros_wam.bringup import bringup
from ros_wam.clock import StationClock
from ros_wam.errors import SimError
from ros_wam.request import Request
from ros_wam.sim.link import SimLink
from ros_wam.supervisor import Supervisor

pytestmark = pytest.mark.slow


def test_processes_are_of_the_same_package_as_their_launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ros_wam").mkdir()
    (tmp_path / "ros_wam" / "__init__.py").write_text("raise ImportError('another package of this name')\n")
    monkeypatch.chdir(tmp_path)
    run = bringup(Request(robot="ur5", task="move_objects_into_box", sim=True), parts=("sim",))
    clock, faults = StationClock(), list[str]()
    deadline_ns = clock.now_ns() + 20_000_000_000
    with Supervisor(run, tmp_path / "logs") as supervisor:
        while not faults:
            assert supervisor.ended() is None, supervisor.last_words("sim_node")
            assert clock.now_ns() < deadline_ns
            try:
                faults = SimLink(run.config.sim_socket).faults()
            except SimError:
                clock.sleep_until_ns(clock.now_ns() + 50_000_000)
    assert "protective_stop" in faults
