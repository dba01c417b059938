"""The real ur_rtde commands the tool of emulated controllers, CB3 and e-Series; and two robots on one host."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driver_process import DriverProcess
from driver_rig import DriverRig
from emulated_ur import HOME, EmulatedUr
from loopback import own_address

from ros_wam.clock import StationClock
from ros_wam.embodiment import load_embodiment
from ros_wam.sim.emulators.ur import CB3, E_SERIES, UrModel
from ros_wam.sim.emulators.ur_kinematics import UrKinematics, pose_of, transform_of

pytest.importorskip("rtde_control")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ROBOTS = Path(__file__).resolve().parents[1] / "robots"


class Cell:
    """A controller and the two ends of ur_rtde, in a process of their own: the library may crash it."""

    def __init__(self, generation: str, model: UrModel) -> None:
        from rtde_control import RTDEControlInterface
        from rtde_receive import RTDEReceiveInterface

        self.controller = EmulatedUr(own_address(), generation)
        self.kinematics = UrKinematics(model.dh)
        BaseManager.register("control", RTDEControlInterface)
        BaseManager.register("state", RTDEReceiveInterface)
        self.library = BaseManager(ctx=get_context("spawn"))
        self.library.start()
        self.control: Any = self.library.control(self.controller.address)  # type: ignore[attr-defined]
        self.state: Any = self.library.state(self.controller.address)  # type: ignore[attr-defined]

    def flange(self, joints: list[float] | np.ndarray) -> np.ndarray:
        return pose_of(self.kinematics.forward(np.array(joints)))

    def settle(self) -> np.ndarray:
        """Wait until the tool rests, and return its pose."""
        clock, pose = StationClock(), np.full(6, np.inf)
        while np.abs(pose - (newest := np.array(self.state.getActualTCPPose()))).max() > 1e-6:
            pose = newest
            clock.sleep_until_ns(clock.now_ns() + 50_000_000)
        return pose


GENERATIONS = [
    pytest.param(("cb3", CB3), id="ur5", marks=pytest.mark.thorough),
    pytest.param(("e_series", E_SERIES), id="ur5e"),
]


@pytest.fixture(params=GENERATIONS)
def cell(request: pytest.FixtureRequest) -> Iterator[Cell]:
    opened = Cell(*request.param)
    yield opened
    opened.library.shutdown()
    opened.controller.close()


def same_pose(actual: Any, expected: Any) -> None:
    """To 1 mm, and 0.1 deg."""
    a, b = transform_of(np.array(actual)), transform_of(np.array(expected))
    assert np.linalg.norm(a[:3, 3] - b[:3, 3]) < 1e-3
    assert np.linalg.norm(pose_of(np.block([[a[:3, :3] @ b[:3, :3].T, np.zeros((3, 1))], [np.eye(4)[3]]]))[3:]) < 1.7e-3


def test_kinematics_of_the_controller(cell: Cell) -> None:
    same_pose(cell.state.getActualTCPPose(), cell.flange(cell.state.getActualQ()))
    same_pose(cell.state.getTargetTCPPose(), cell.flange(cell.state.getTargetQ()))
    joints, offset = np.array(HOME) + 0.2, [0.0, 0.0, 0.145, 0.0, 0.0, 0.0]
    same_pose(cell.control.getForwardKinematics(), cell.flange(cell.state.getActualQ()))
    with_tool = pose_of(cell.kinematics.forward(joints) @ transform_of(np.array(offset)))
    same_pose(cell.control.getForwardKinematics(joints.tolist(), offset), with_tool)
    pose = cell.flange(joints).tolist()
    np.testing.assert_allclose(cell.control.getInverseKinematics(pose), joints, atol=1e-4)
    np.testing.assert_allclose(cell.control.getInverseKinematics(pose, joints.tolist()), joints, atol=1e-4)
    assert cell.control.getInverseKinematicsHasSolution(pose)
    assert not cell.control.getInverseKinematicsHasSolution([3.0, 0.0, 0.0, 0.0, 0.0, 0.0])


def test_a_tool_offset_counts(cell: Cell) -> None:
    offset = [0.0, 0.0, 0.1, 0.0, 0.0, 0.0]
    assert cell.control.setTcp(offset)
    np.testing.assert_allclose(cell.control.getTCPOffset(), offset, atol=1e-9)
    tip = cell.settle()
    same_pose(tip, pose_of(cell.kinematics.forward(np.array(cell.state.getActualQ())) @ transform_of(np.array(offset))))
    assert cell.control.setTcp([0.0] * 6)
    same_pose(cell.settle(), cell.flange(cell.state.getActualQ()))


@pytest.mark.parametrize("verb", ["moveL", "moveL_FK", "moveJ_IK"])
def test_planned_motions_end_at_their_goal(cell: Cell, verb: str) -> None:
    start = cell.settle()
    goal = start + np.array([0.0, 0.03, -0.04, 0.0, 0.0, 0.0])
    joints = cell.kinematics.inverse(transform_of(goal), np.array(cell.state.getActualQ()))
    assert joints is not None
    assert getattr(cell.control, verb)((joints if verb == "moveL_FK" else goal).tolist(), 0.5, 1.2)
    same_pose(cell.settle(), goal)
    assert cell.control.moveL(start.tolist(), 0.5, 1.2)
    same_pose(cell.settle(), start)


def test_servol_follows_and_stops(cell: Cell) -> None:
    start, clock, period_s = cell.settle(), StationClock(), 0.008
    goal = start
    for share in np.linspace(0.0, 1.0, 60):
        goal = start + share * np.array([0.0, 0.0, 0.04, 0.0, 0.0, 0.0])
        assert cell.control.servoL(goal.tolist(), 0.0, 0.0, period_s, 0.03, 300.0)
        clock.sleep_until_ns(clock.now_ns() + round(period_s * 1e9))
    same_pose(cell.settle(), goal)
    assert cell.control.servoStop()
    assert cell.control.moveL(start.tolist(), 0.5, 1.2)


def test_speedl_moves_until_it_is_stopped(cell: Cell) -> None:
    start, clock = cell.settle(), StationClock()
    deadline_ns = clock.now_ns() + 10_000_000_000
    while cell.state.getActualTCPPose()[2] < start[2] + 0.01:
        assert clock.now_ns() < deadline_ns
        assert cell.control.speedL([0.0, 0.0, 0.05, 0.0, 0.0, 0.0], 0.5)
        clock.sleep_until_ns(clock.now_ns() + 8_000_000)
    assert cell.control.speedStop()
    rest = cell.settle()
    same_pose([*start[:2], rest[2], *start[3:]], rest)
    assert cell.control.moveL(start.tolist(), 0.5, 1.2)


# ---- two robots on one host: one loopback address each ----


WAYS_RAD = {"ur5": 0.15, "ur5e": -0.2}


@pytest.fixture
def rigs() -> Iterator[list[DriverRig]]:
    controllers = {"ur5": EmulatedUr(own_address(), "cb3"), "ur5e": EmulatedUr(own_address(), "e_series")}
    drivers = {k: DriverProcess(ROBOTS / f"{k}.yaml", {"address": at.address}) for k, at in controllers.items()}
    yield [DriverRig.of(driver, load_embodiment(ROBOTS / f"{k}.yaml"), controllers[k]) for k, driver in drivers.items()]
    for driver in drivers.values():
        driver.end()
    for controller in controllers.values():
        controller.close()


def follow(rig: DriverRig) -> np.ndarray:
    """Go the robot's own way; returns what its controller was sent."""
    rig.driver.connect()
    start = rig.read().position
    end = start + WAYS_RAD[rig.embodiment.name] * rig.arm
    rig.go(start, end, periods=120)
    rig.run_until(lambda state: bool(np.abs(state.position - end).max() < 3e-3), end)
    targets = rig.received()
    rig.driver.close()
    return targets


def test_a_ur5_and_a_ur5e_on_one_host_follow_their_own_commands(rigs: list[DriverRig]) -> None:
    with ThreadPoolExecutor() as threads:
        for rig, targets in zip(rigs, threads.map(follow, rigs), strict=True):
            way = WAYS_RAD[rig.embodiment.name]
            assert len(targets) >= 120
            np.testing.assert_allclose(targets[-1], np.array(HOME) + way, atol=1e-3)
            assert ((targets - HOME) * np.sign(way) > -1e-3).all()
