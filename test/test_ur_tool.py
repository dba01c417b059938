"""The emulated controllers' commands for the tool on the wire, in virtual time."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from ur_station import DONE, HOME, READY, SERVO_J, TOOL_OUTPUT_TYPES, RtdeClient, UrStation, ready_client, ur_station

from ros_wam.sim.emulators.tool_motion import Trapezoid
from ros_wam.sim.emulators.ur import CB3, E_SERIES
from ros_wam.sim.emulators.ur_kinematics import UrKinematics, pose_of, transform_of

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

MOVE_J_IK, MOVE_L, MOVE_L_FK, SPEED_L, SERVO_L, SET_TCP, IK_NEAR, POSE_TRANS = 2, 3, 4, 10, 24, 29, 30, 39
TCP_OFFSET, FK_HERE, FK, IK, FLANGE, HAS_SOLUTION, HAS_SOLUTION_NEAR = 40, 43, 44, 46, 58, 60, 61


@pytest.fixture(params=[CB3, E_SERIES], ids=["cb3", "e_series"])
def client(request: pytest.FixtureRequest) -> Iterator[RtdeClient]:
    with ur_station(request.param) as station:
        ready = ready_client(station, TOOL_OUTPUT_TYPES)
        station.play()
        yield ready


@pytest.fixture
def station(client: RtdeClient) -> UrStation:
    return client.station


@pytest.fixture
def kinematics(station: UrStation) -> UrKinematics:
    return UrKinematics(station.emulator.model.dh)


@pytest.fixture
def here(kinematics: UrKinematics) -> np.ndarray:
    return pose_of(kinematics.forward(HOME))


def six(client: RtdeClient) -> np.ndarray:
    state = client.read()
    return np.array([state[f"output_double_register_{n}"] for n in range(6)])


def ask(client: RtdeClient, command: int, doubles: list[float]) -> np.ndarray:
    """Write a command, wait until it is done, and return what the program answered."""
    client.write(command, doubles)
    client.station.run(0.02)
    assert client.register() in (DONE, READY)
    answer = six(client)
    client.write(0)
    client.station.run(0.02)
    return answer


def same_pose(actual: Sequence[float], expected: Sequence[float], atol: float = 1e-9) -> None:
    """Compare poses as URScript writes them, in which half a turn has two signs."""
    np.testing.assert_allclose(transform_of(np.array(actual)), transform_of(np.array(expected)), atol=atol)


def test_the_tools_pose_is_published(client: RtdeClient, here: np.ndarray) -> None:
    state = client.read()
    same_pose(state["actual_TCP_pose"], here)
    same_pose(state["target_TCP_pose"], here)


def test_forward_kinematics_is_answered(client: RtdeClient, kinematics: UrKinematics, here: np.ndarray) -> None:
    joints, offset = HOME + 0.2, np.array([0.0, 0.0, 0.1, 0.0, 0.0, 0.5])
    same_pose(ask(client, FK_HERE, []), here)
    expected = pose_of(kinematics.forward(joints) @ transform_of(offset))
    same_pose(ask(client, FK, [*joints, *offset]), expected)
    same_pose(ask(client, FLANGE, []), here)
    expected = pose_of(transform_of(here) @ transform_of(offset))
    same_pose(ask(client, POSE_TRANS, [*here, *offset]), expected)


def test_inverse_kinematics_is_answered(client: RtdeClient, kinematics: UrKinematics) -> None:
    joints = HOME + 0.1
    pose = pose_of(kinematics.forward(joints))
    np.testing.assert_allclose(ask(client, IK, [*pose]), joints, atol=1e-6)
    near = joints - 2 * np.pi * np.eye(6)[0]
    np.testing.assert_allclose(ask(client, IK_NEAR, [*pose, *near, 1e-10, 1e-10]), near, atol=1e-6)
    for command in (HAS_SOLUTION, HAS_SOLUTION_NEAR):
        for x, possible in ((pose[0], 1), (2.0, 0)):
            ask(client, command, [x, *pose[1:], *joints])
            assert client.read()["output_int_register_1"] == possible


def test_a_tool_is_told_and_counts_everywhere(client: RtdeClient, kinematics: UrKinematics) -> None:
    offset = [0.0, 0.0, 0.145, 0.0, 0.0, 0.0]
    tool = pose_of(kinematics.forward(HOME) @ transform_of(np.array(offset)))
    ask(client, SET_TCP, offset)
    same_pose(ask(client, TCP_OFFSET, []), offset)
    same_pose(ask(client, FK_HERE, []), tool)
    same_pose(client.read()["actual_TCP_pose"], tool)
    np.testing.assert_allclose(ask(client, IK, [*tool]), HOME, atol=1e-6)


@pytest.mark.parametrize("command", [MOVE_L, MOVE_L_FK])
def test_movel_is_straight_and_done_when_it_is_there(
    client: RtdeClient, station: UrStation, kinematics: UrKinematics, here: np.ndarray, command: int
) -> None:
    goal = here + np.array([0.05, -0.1, 0.1, 0.0, 0.0, 0.0])
    joints = kinematics.inverse(transform_of(goal), HOME)
    assert joints is not None
    client.packages()
    client.write(command, [*(goal if command == MOVE_L else joints), 0.25, 1.2])
    station.run(0.4)
    begun = client.packages()
    assert begun[-1]["output_int_register_0"] == READY
    station.run(1.0)
    packages = begun + client.packages()
    assert packages[-1]["output_int_register_0"] == DONE
    path = np.array([package["actual_TCP_pose"] for package in packages])
    same_pose(path[-1], goal, 1e-4)
    for pose in path:
        same_pose(pose, [*pose[:3], *here[3:]], 1e-3)
    way = (goal - here)[:3] / np.linalg.norm((goal - here)[:3])
    aside = (path[:, :3] - here[:3]) - ((path[:, :3] - here[:3]) @ way)[:, None] * way
    assert np.linalg.norm(aside, axis=1).max() < 1e-3


def test_movej_to_a_pose_goes_to_its_joints(client: RtdeClient, station: UrStation, kinematics: UrKinematics) -> None:
    goal = pose_of(kinematics.forward(HOME + 0.3))
    client.write(MOVE_J_IK, [*goal, 1.0, 2.0])
    station.run(1.5)
    assert client.register() == DONE
    np.testing.assert_allclose(station.plant.position(), HOME + 0.3, atol=1e-4)


def test_servol_follows_poses(client: RtdeClient, station: UrStation, here: np.ndarray) -> None:
    goal = here
    for share in np.linspace(0.0, 1.0, 50):
        goal = here + share * np.array([0.0, 0.0, 0.05, 0.0, 0.0, 0.2])
        client.write(SERVO_L, [*goal, 0.0, 0.0, 0.008, 0.05, 300.0])
        station.run(0.016)
    station.run(0.1)
    same_pose(client.read()["actual_TCP_pose"], goal, 1e-4)


def test_speedl_moves_the_tool_at_its_velocity(client: RtdeClient, station: UrStation, here: np.ndarray) -> None:
    velocity = [0.02, -0.03, 0.04, 0.0, 0.0, 0.1]
    client.write(SPEED_L, [*velocity, 10.0, 0.0])
    station.run(0.2)
    before = np.array(client.read()["actual_TCP_pose"])
    station.run(1.0)
    state = client.read()
    np.testing.assert_allclose(np.array(state["actual_TCP_pose"])[:3] - before[:3], velocity[:3], rtol=0.03)
    client.write(SPEED_L, [0.0] * 6 + [10.0, 0.0])
    station.run(0.2)
    rest = np.array(client.read()["actual_TCP_pose"])
    station.run(0.2)
    np.testing.assert_allclose(client.read()["actual_TCP_pose"], rest, atol=1e-6)


@pytest.mark.parametrize(
    ("command", "doubles"),
    [
        (SERVO_L, [2.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        (MOVE_J_IK, [2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]),
        (MOVE_L, [-2.0, 0.0, 0.3, 0.0, 0.0, 0.0, 2.0, 9.0]),
        (MOVE_L, [0.1, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 1.0]),
        (SPEED_L, [3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.0]),
        (IK, [2.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        (SPEED_L, [np.nan] * 6),
    ],
    ids=["servol", "movej", "movel", "movel without speed", "speedl", "inverse kinematics", "speedl of nan"],
)
def test_what_is_out_of_reach_ends_the_program_and_the_arm_rests(
    client: RtdeClient, station: UrStation, command: int, doubles: list[float]
) -> None:
    client.write(command, doubles)
    station.run(1.5)
    assert not station.emulator.is_running
    before = np.array(station.plant.position())
    station.run(0.5)
    np.testing.assert_allclose(station.plant.position(), before, atol=1e-9)


def test_movel_while_servoing_ends_the_program(client: RtdeClient, station: UrStation, here: np.ndarray) -> None:
    client.write(SERVO_J, [*HOME, 0.0, 0.0, 0.008, 0.05, 300.0])
    station.run(0.1)
    client.write(MOVE_L, [*here, 0.25, 1.2])
    station.run(0.1)
    assert not station.emulator.is_running


def test_a_trapezoid_of_no_length_is_at_its_end_at_once() -> None:
    assert (Trapezoid(0.0, 1.0, 1.0).duration_s, Trapezoid(0.0, 1.0, 1.0).share(0.0)) == (0.0, 1.0)
    long = Trapezoid(1.0, 0.5, 1.0)
    assert [long.share(now_s) for now_s in (0.0, 0.5, 1.25, 2.0, 2.5)] == pytest.approx([0, 0.125, 0.5, 0.875, 1])
