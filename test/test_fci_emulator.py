"""The emulated FCI controller at the wire, in virtual time: requests, motions and the rules that stop them."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import numpy as np
import pytest
from fci_client import HOME, FciClient

from ros_wam.errors import SimError
from ros_wam.sim.emulators.fci import NOT_POSSIBLE, SETTER_SAFETY, SUCCESS, Error, MoveStatus, Request, RobotMode
from ros_wam.sim.emulators.fci_motion import LOST_IN_A_ROW
from ros_wam.sim.emulators.franka import GRACE_CYCLES, RECOVERY_CYCLES, FrankaEmulator

DT_S = 1e-3
FIRST = np.arange(7) == 0


@pytest.fixture
def client() -> Iterator[FciClient]:
    made = FciClient()
    yield made
    made.close()


@pytest.fixture
def moving(client: FciClient) -> FciClient:
    """A client whose motion has begun, and which holds still."""
    client.connect()
    assert client.answer(client.move()) == bytes([MoveStatus.STARTED])
    for _ in range(5):
        client.command(HOME)
    return client


def follow(client: FciClient, seconds: float, acceleration: float) -> np.ndarray:
    """Move joint1 with a jerk of 1000 rad/s³ up to `acceleration`; return where it is told to be."""
    position, velocity, now = HOME.copy(), 0.0, 0.0
    for _ in range(round(seconds / DT_S)):
        now = min(now + 1000.0 * DT_S, acceleration)
        velocity += now * DT_S
        position = position + FIRST * velocity * DT_S
        client.command(position)
    return position


def stopped_by(client: FciClient, number: int) -> list[str]:
    """Return the reasons that the state tells; the motion `number` is answered as one that a reflex ended."""
    client.cycle()
    assert client.answer(number) == bytes([MoveStatus.REFLEX])
    state = client.state()
    assert state["robot_mode"] == RobotMode.REFLEX and state["motion_generator_mode"] == 0
    return [error.name for error in Error if state["reflex_reason"][error]]


def test_connecting_starts_a_state_every_cycle(client: FciClient) -> None:
    client.cycle(5)
    client.state()
    assert client.received == 0
    assert client.connect() == bytes([SUCCESS, 10, 0])
    client.state()
    before = client.received
    client.cycle(10)
    state = client.state()
    assert client.received == before + 10
    np.testing.assert_allclose(state["q"], HOME, atol=1e-6)
    assert state["robot_mode"] == RobotMode.IDLE and not state["errors"].any()


def test_another_version_is_told_which_one_is_spoken() -> None:
    client = FciClient(version=9)
    assert client.connect() == bytes([1, 9, 0])
    client.close()


def test_the_model_has_what_libfranka_looks_for(client: FciClient) -> None:
    client.connect()
    answer = client.ask(Request.GET_ROBOT_MODEL)
    robot = ET.fromstring(answer[1:].decode())
    joints = {joint.get("name"): joint for joint in robot.iter("joint")}
    for k in range(1, 8):
        assert joints[f"joint{k}"].find("limit") is not None
        assert joints[f"joint{k}"].find("position_based_velocity_limits") is not None
    assert {link.get("name") for link in robot.iter("link")} == {f"link{k}" for k in range(9)}


def test_a_motion_is_followed_and_ends_with_its_last_command(client: FciClient) -> None:
    client.connect()
    number = client.move()
    assert client.answer(number) == bytes([MoveStatus.STARTED])
    assert client.state()["robot_mode"] == RobotMode.MOVE
    position = follow(client, 0.05, 4.0)
    state = client.state()
    np.testing.assert_allclose(state["q_d"], position, atol=1e-6)
    assert state["dq_d"][0] == pytest.approx(0.192, abs=0.01)  # 4 rad/s2 for 50 ms, less the ramp
    assert state["ddq_d"][0] == pytest.approx(4.0, abs=0.05)
    assert state["control_command_success_rate"] == 1.0
    assert client.emulator.counts()["longest_loss"] == 0
    client.command(position + FIRST * state["dq_d"][0] * DT_S, finished=True)
    assert client.answer(number) == bytes([MoveStatus.SUCCESS])
    client.cycle(200)
    assert client.state()["robot_mode"] == RobotMode.IDLE
    np.testing.assert_allclose(client.plant.position(), client.state()["q_d"], atol=1e-5)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (1e-5 * FIRST, Error.ACCELERATION_DISCONTINUITY),  # 10 rad/s2 at once: within the acceleration, not the jerk
        (2e-5 * FIRST, Error.VELOCITY_DISCONTINUITY),
        (5e-3 * FIRST, Error.VELOCITY_LIMITS),
        (9.0 * FIRST, Error.POSITION_LIMITS),
        (np.nan * FIRST, Error.POSITION_LIMITS),
    ],
)
def test_a_leap_in_the_command_stops_by_reflex(moving: FciClient, step: np.ndarray, error: Error) -> None:
    moving.command(HOME + 0.99 * step)
    assert stopped_by(moving, 2) == [error.name]
    np.testing.assert_allclose(moving.plant.position(), HOME, atol=1e-6)


def test_lost_packets_are_bridged_and_twenty_in_a_row_violate_the_constraints(moving: FciClient) -> None:
    position = follow(moving, 0.05, 4.0)
    assert LOST_IN_A_ROW == 20
    moving.cycle(LOST_IN_A_ROW - 1)
    state = moving.state()
    assert state["robot_mode"] == RobotMode.MOVE
    assert state["q_d"][0] > position[0] + 0.019 * 0.19  # on at constant acceleration
    assert state["control_command_success_rate"] == pytest.approx(1.0 - (LOST_IN_A_ROW - 1) / 74, abs=0.01)
    moving.cycle()
    assert stopped_by(moving, 2) == ["COMMUNICATION_CONSTRAINTS"]
    counts = moving.emulator.counts()
    assert counts["communication_faults"] == 1 and counts["longest_loss"] == LOST_IN_A_ROW


def test_a_client_that_begins_a_motion_and_never_answers_violates_the_constraints(client: FciClient) -> None:
    client.connect()
    number = client.move()
    assert client.answer(number) == bytes([MoveStatus.STARTED])
    client.cycle(GRACE_CYCLES + LOST_IN_A_ROW - 2)  # the cycle that heard the request was the first
    assert client.state()["robot_mode"] == RobotMode.MOVE
    client.cycle()
    assert stopped_by(client, number) == ["COMMUNICATION_CONSTRAINTS"]


def test_an_answer_that_is_late_is_lost(moving: FciClient) -> None:
    before = moving.emulator.counts()
    for _ in range(LOST_IN_A_ROW - 1):
        moving.command(HOME, late=1)
    counts = moving.emulator.counts()
    assert counts["answered"] == before["answered"]
    assert counts["longest_loss"] == LOST_IN_A_ROW - 1


def test_a_stop_preempts_and_brakes(moving: FciClient) -> None:
    follow(moving, 0.1, 4.0)
    stop = moving.send(Request.STOP_MOVE)
    assert moving.answer(stop) == bytes([SUCCESS])
    assert moving.answer(2) == bytes([MoveStatus.PREEMPTED])
    assert moving.answer(moving.move()) == bytes([MoveStatus.NOT_POSSIBLE])  # it still brakes
    moving.cycle(100)
    assert not moving.state()["dq_d"].any()
    assert moving.answer(moving.move()) == bytes([MoveStatus.STARTED])


def test_errors_are_over_at_rest_and_the_reflex_keeps_its_reason(moving: FciClient) -> None:
    follow(moving, 0.1, 4.0)
    moving.emulator.inject("reflex")
    moving.cycle()
    assert moving.state()["errors"][Error.CARTESIAN_REFLEX] and moving.emulator.mode == RobotMode.REFLEX
    moving.cycle(100)
    assert not moving.state()["errors"].any()
    assert stopped_by(moving, 2) == ["CARTESIAN_REFLEX"]


def test_a_reflex_is_recovered_at_rest_and_a_user_stop_only_by_a_person(moving: FciClient) -> None:
    moving.emulator.inject("reflex")
    assert stopped_by(moving, 2) == ["CARTESIAN_REFLEX"]
    assert moving.answer(moving.move()) == bytes([MoveStatus.NOT_POSSIBLE])
    recovery = moving.send(Request.AUTOMATIC_ERROR_RECOVERY)
    moving.cycle(RECOVERY_CYCLES - 2)
    assert moving.state()["robot_mode"] == RobotMode.AUTOMATIC_ERROR_RECOVERY
    moving.cycle(2)
    assert moving.answer(recovery) == bytes([SUCCESS])
    assert moving.state()["robot_mode"] == RobotMode.IDLE and not moving.state()["errors"].any()
    moving.emulator.inject("user_stop")
    assert moving.ask(Request.AUTOMATIC_ERROR_RECOVERY) != bytes([SUCCESS])
    assert moving.answer(moving.move()) == bytes([MoveStatus.REJECTED_BY_SAFETY])
    assert moving.state()["robot_mode"] == RobotMode.USER_STOPPED
    moving.emulator.clear()
    assert moving.answer(moving.move()) == bytes([MoveStatus.STARTED])


def test_a_client_that_goes_in_motion_leaves_a_reflex(moving: FciClient) -> None:
    position = follow(moving, 0.1, 4.0)
    moving.tcp.close()
    moving.cycle(300)
    assert moving.emulator.mode == RobotMode.REFLEX
    assert moving.emulator.counts()["communication_faults"] == 1
    assert 0.0 < moving.plant.position()[0] - position[0] < 0.02


def test_what_a_setter_was_given_is_kept_and_only_an_idle_robot_takes_it(client: FciClient) -> None:
    client.connect()
    assert client.ask(Request.SET_LOAD, b"\1" * 8) == bytes([SUCCESS])
    number = client.move()
    assert client.answer(number) == bytes([MoveStatus.STARTED])
    assert client.ask(Request.SET_LOAD, b"\2" * 8) == bytes([NOT_POSSIBLE])
    client.emulator.inject("reflex")
    client.cycle()
    assert client.answer(number) == bytes([MoveStatus.REFLEX])
    assert client.ask(Request.SET_LOAD, b"\2" * 8) == bytes([NOT_POSSIBLE])
    client.emulator.inject("user_stop")
    for answer in (NOT_POSSIBLE, SETTER_SAFETY):
        client.emulator._requests.user_stopped = answer
        assert client.ask(Request.SET_LOAD, b"\2" * 8) == bytes([answer])
    assert client.emulator.settings == {Request.SET_LOAD: b"\1" * 8}


def test_only_joint_positions_are_followed(client: FciClient) -> None:
    client.connect()
    assert client.answer(client.move(generator=2)) == bytes([MoveStatus.INVALID_ARGUMENT])


def test_a_silent_servo_takes_commands_and_stays(moving: FciClient) -> None:
    moving.emulator.inject("silent_servo")
    position = follow(moving, 0.1, 4.0)
    np.testing.assert_allclose(moving.state()["q_d"], position, atol=1e-6)
    np.testing.assert_allclose(moving.state()["q"], HOME, atol=1e-6)


def test_a_frozen_controller_tells_nothing_and_answers_later(client: FciClient) -> None:
    client.connect()
    client.emulator.inject("freeze")
    client.state()
    before = client.received
    number = client.send(Request.GET_ROBOT_MODEL)
    client.cycle(20)
    client.state()
    assert client.received == before
    client.emulator.clear()
    client.cycle()
    assert client.answer(number)[0] == SUCCESS


def test_states_are_never_sent_in_a_burst(client: FciClient) -> None:
    client.connect()
    before = int(client.state()["message_id"])
    for _ in range(10):  # a world that catches up
        client.emulator.cycle(client.clock.now_ns())
    client.clock.advance_ns(1_000_000)
    client.emulator.cycle(client.clock.now_ns())
    assert int(client.state()["message_id"]) == before + 1


def test_an_unknown_fault_is_told(client: FciClient) -> None:
    with pytest.raises(SimError, match="silent_servo"):
        client.emulator.inject("flood")
    assert "silent_servo" in FrankaEmulator.faults
