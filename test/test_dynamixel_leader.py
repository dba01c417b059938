"""Dynamixel leaders with the real dynamixel_sdk against emulated servo buses, in real time."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from device_conformance import DeviceRig, LeaderConformance
from emulated_leader import LEADERS, EmulatedLeader, of_robot
from waiting import wait_until

from ros_wam.clock import StationClock
from ros_wam.errors import LeaderError
from ros_wam.teleop import make_device
from ros_wam.teleop.dynamixel_leader import DynamixelLeader

pytest.importorskip("dynamixel_sdk")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

TICK_RAD = 2.0 * np.pi / 4096


@dataclass
class Led(DeviceRig):
    """A leader and the process that emulates it."""

    emulated: EmulatedLeader | None = None

    def ask(self, verb: str, argument: object = None) -> object:
        assert self.emulated is not None
        return self.emulated.ask(verb, argument)

    def lead(self, joints: dict[str, float], duration_s: float = 0.0, holds: bool = True) -> None:
        self.ask("lead", [joints, duration_s, holds])


@pytest.fixture(scope="module", params=LEADERS)
def robot(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path, EmulatedLeader]]:
    with tempfile.TemporaryDirectory() as folder:
        emulated = EmulatedLeader(request.param, Path(folder))
        yield request.param, Path(folder), emulated
        emulated.close()


@pytest.fixture
def rig(robot: tuple[str, Path, EmulatedLeader]) -> Iterator[Led]:
    name, folder, emulated = robot
    embodiment, station = of_robot(name, folder)
    device = make_device(LEADERS[name], station, embodiment, folder, StationClock())
    port = "ttyDXL_leader_left" if name == "aloha" else "ttyDXL_gello"
    losses = {
        port: lambda: emulated.inject("leader_unplugged"),
        f"servo . of .*{port} does not answer": lambda: emulated.inject("leader_servo_silent"),
    }
    made = Led(device, embodiment, StationClock(), losses, emulated.clear, emulated)
    home = dict(zip(embodiment.joint_names, embodiment.home_position.tolist(), strict=True))
    made.lead(home)
    yield made
    device.close()
    emulated.clear()


class TestLeaderConformance(LeaderConformance):
    """What every leader keeps."""


def joint(rig: Led, k: int) -> float:
    joints = rig.read().joints
    assert joints is not None
    return float(joints[k])


def test_it_reads_where_the_hand_is_as_the_robots_joints(rig: Led) -> None:
    rig.open()
    embodiment = rig.embodiment
    np.testing.assert_allclose(rig.read().joints, embodiment.home_position, atol=0.02)
    towards = np.where(embodiment.is_gripper, 0.25, embodiment.home_position + 0.4)
    rig.lead(dict(zip(embodiment.joint_names, towards.tolist(), strict=True)))
    near = np.where(embodiment.is_gripper, 0.02, 2.0 * TICK_RAD)
    wait_until(lambda: bool((np.abs(rig.read().joints - towards) <= near).all()), "the leader's move is read")


def test_torque_is_off_once_it_is_open(rig: Led) -> None:
    others = 3 if "left" in rig.embodiment.arms else 1
    rig.ask("set", [0, others, "torque", 1])
    rig.open()
    for number in {1, 2, others}:
        assert rig.ask("register", [0, number, "torque"]) == 0


def test_a_servo_that_keeps_its_torque_or_is_another_is_named(rig: Led) -> None:
    model = rig.ask("register", [0, 2, "model"])
    rig.ask("set", [0, 2, "model", 1190 if model != 1190 else 1200])
    with pytest.raises(LeaderError, match=r"servo 2 of .* is of XL330-M077, the station file says"):
        rig.device.open()
    rig.ask("set", [0, 2, "model", model])
    rig.open()


def test_a_joint_is_followed_past_a_turn_of_its_servo(rig: Led) -> None:
    rig.open()
    name, home = rig.embodiment.joint_names[0], float(rig.embodiment.home_position[0])
    for share in range(1, 9):
        to = home + share * 0.7
        rig.lead({name: to})
        wait_until(lambda to=to: abs(joint(rig, 0) - to) < 2.0 * TICK_RAD, f"{name} is read at {to}")


def test_a_trigger_that_is_let_go_releases_hold_to_run(rig: Led) -> None:
    assert isinstance(rig.device, DynamixelLeader)
    rig.open()
    wait_until(lambda: rig.read().held is True, "it is held")
    rig.lead({}, holds=False)
    wait_until(lambda: rig.read().held is False, "it is released")
    rig.lead({rig.embodiment.joint_names[-1]: 0.0})
    wait_until(lambda: rig.read().held is True and joint(rig, -1) < 0.02, "it is held and closed")
