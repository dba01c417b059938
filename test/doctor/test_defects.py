"""The ten defects: what each changes, and nothing else."""

from pathlib import Path

import pytest
from doctor_fixtures import ROOT

from ros_wam.bringup import Run
from ros_wam.calibration import load_station, load_view
from ros_wam.config import dump
from ros_wam.doctor.defects import CLOCK_OFF_S, DEFECTS
from ros_wam.doctor.limits_check import limits_check
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.processes import NodeSpec
from ros_wam.run_config import RunConfig, load_run_config
from ros_wam.share import calibration_dir
from ros_wam.sim.emulators import emulated_faults
from ros_wam.sim.injection import FROZEN_CAMERA

ROBOTS = sorted((ROOT / "robots").glob("*.yaml"))
UR5 = ROOT / "robots" / "ur5.yaml"


def stack(folder: Path, robot: Path = UR5) -> Run:
    """A run of two processes, as bringup would write it."""
    config = RunConfig(robot=robot, calibration=calibration_dir(robot, sim=True), sim=True, run_dir=folder)
    file = folder / "config.yaml"
    file.write_text(dump(config))
    nodes = [NodeSpec(name, name, ("--config", str(file))) for name in ("policy_server", "robot_node")]
    return Run(config, file, {}, tuple(nodes))


def test_there_are_ten() -> None:
    assert len(DEFECTS) == 10


def test_a_defect_of_no_file_leaves_the_robot_file_alone(tmp_path: Path) -> None:
    assert DEFECTS["frozen_camera"].spoiled(UR5, tmp_path) == UR5
    assert list(tmp_path.iterdir()) == []


def test_widened_limits_are_those_of_a_copy(tmp_path: Path) -> None:
    was = load_embodiment(UR5).joints["joint1"].velocity_rad_s
    copy = DEFECTS["limits_widened"].spoiled(UR5, tmp_path)
    assert load_embodiment(copy).joints["joint1"].velocity_rad_s > was
    assert load_embodiment(UR5).joints["joint1"].velocity_rad_s == was
    assert load_embodiment(copy).model == load_embodiment(UR5).model


def test_an_old_calibration_is_that_of_a_copy(tmp_path: Path) -> None:
    copy = DEFECTS["stale_calibration"].spoiled(UR5, tmp_path)
    day = load_view(calibration_dir(copy, sim=True), "wrist").calibrated
    assert day is not None
    assert day.year == 2020
    assert load_view(calibration_dir(UR5, sim=True), "wrist").calibrated is None


def test_a_clock_that_is_off_puts_all_stamps_into_the_past(tmp_path: Path) -> None:
    copy = DEFECTS["clock_off"].spoiled(UR5, tmp_path)
    cameras = load_station(calibration_dir(copy, sim=True)).cameras
    assert {camera.latency_s for camera in cameras.values()} == {CLOCK_OFF_S}


def test_a_dead_server_is_not_started(tmp_path: Path) -> None:
    rewire = DEFECTS["server_dead"].rewire
    assert rewire is not None
    assert [node.name for node in rewire(stack(tmp_path)).nodes] == ["robot_node"]


def test_another_robots_server_is_started(tmp_path: Path) -> None:
    rewire = DEFECTS["wrong_metadata"].rewire
    assert rewire is not None
    server, robot = rewire(stack(tmp_path)).nodes
    assert load_run_config(Path(server.args[1])).embodiment().name == "ur5e"
    assert load_run_config(Path(robot.args[1])).embodiment().name == "ur5"


def test_an_enable_that_is_unplugged_does_not_reach_the_robot(tmp_path: Path) -> None:
    rewire = DEFECTS["no_enable"].rewire
    assert rewire is not None
    server, robot = rewire(stack(tmp_path)).nodes
    assert "enable:=enable_unplugged" in robot.args
    assert "--ros-args" not in server.args


@pytest.mark.parametrize(
    ("name", "fault"), [("protective_stop", "protective_stop"), ("silent_servo", "gripper_freeze")]
)
def test_faults_are_the_emulators_own(name: str, fault: str) -> None:
    assert DEFECTS[name].fault(UR5) == fault
    assert DEFECTS["no_enable"].fault(UR5) is None


def test_a_fault_that_a_robot_cannot_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ros_wam.doctor.defects.emulated_faults", lambda embodiment: ("drop",))
    with pytest.raises(
        ConfigError, match="ur5 can be given none of the faults protective_stop, reflex, overload, over_current"
    ):
        DEFECTS["protective_stop"].fault(UR5)


@pytest.mark.parametrize("robot", ROBOTS, ids=lambda path: path.stem)
def test_every_robot_can_be_given_every_defect(robot: Path, tmp_path: Path) -> None:
    embodiment, run = load_embodiment(robot), stack(tmp_path, robot)
    faults = {name: defect.fault(robot) for name, defect in DEFECTS.items() if defect.faults}
    rewired = {name: defect.rewire(run) for name, defect in DEFECTS.items() if defect.rewire is not None}
    copies: dict[str, Path] = {}
    for name, defect in DEFECTS.items():
        if defect.spoil is not None:
            (tmp_path / name).mkdir()
            copies[name] = defect.spoiled(robot, tmp_path / name)
    assert len(faults) + len(rewired) + len(copies) == len(DEFECTS) - 1  # a full disk is nothing of the robot's
    assert set(faults.values()) <= {FROZEN_CAMERA, *emulated_faults(embodiment)}
    assert run not in rewired.values()
    aged, off = (calibration_dir(copies[name], sim=True) for name in ("stale_calibration", "clock_off"))
    assert all(load_view(aged, view).calibrated for view in embodiment.views)
    assert {camera.latency_s for camera in load_station(off).cameras.values()} == {CLOCK_OFF_S}
    assert not limits_check(load_embodiment(copies["limits_widened"]), copies["limits_widened"]).ok
