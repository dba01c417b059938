"""The emulated UR controller on its wire, in virtual time: RTDE, dashboard, scripts, the program's commands."""

import socket
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fake_policy import UR5
from loopback import own_address
from ur_station import (
    DONE,
    HOME,
    MOVE_J,
    READY,
    SERVO_J,
    SERVO_STOP,
    STOP_J,
    WATCHDOG,
    RtdeClient,
    UrStation,
    ready_client,
    ur_station,
)

from ros_wam.sim.emulators import make_emulator
from ros_wam.sim.emulators.plant import KinematicPlant
from ros_wam.sim.emulators.robotiq import ROBOTIQ_PORT
from ros_wam.sim.emulators.rtde import Frame
from ros_wam.sim.emulators.ur import CB3, E_SERIES


@pytest.fixture
def station() -> Iterator[UrStation]:
    with ur_station(CB3) as opened:
        yield opened


@pytest.fixture(params=[CB3, E_SERIES], ids=["cb3", "e_series"])
def either(request: pytest.FixtureRequest) -> Iterator[UrStation]:
    with ur_station(request.param) as opened:
        yield opened


@pytest.fixture
def client(either: UrStation) -> RtdeClient:
    return ready_client(either)


def test_versions_and_protocol(either: UrStation) -> None:
    client = RtdeClient(either)
    assert client.ask(Frame.PROTOCOL_VERSION, b"\x00\x02") == b"\x01"
    assert client.ask(Frame.PROTOCOL_VERSION, b"\x00\x01") == b"\x00"
    version = struct.unpack(">4I", client.ask(Frame.CONTROLLER_VERSION, b""))
    assert version == either.emulator.model.version


def test_state_is_published_at_the_controllers_rate(client: RtdeClient) -> None:
    first = client.read()["timestamp"]
    client.station.run(1.0)
    packages = client.packages()
    assert len(packages) == pytest.approx(client.station.emulator.rate_hz, abs=3)
    last = packages[-1]
    assert last["timestamp"] - first == pytest.approx(1.0, abs=0.05)
    assert last["actual_q"] == pytest.approx(HOME)
    assert last["runtime_state"] == 1 and last["safety_status_bits"] == 1


def test_the_force_at_the_tool_is_published(client: RtdeClient) -> None:
    assert client.read()["actual_TCP_force"] == (0.0,) * 6
    client.station.plant.wrench = np.arange(6.0)
    assert client.read()["actual_TCP_force"] == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)


def test_a_slower_client_gets_fewer_packages(station: UrStation) -> None:
    client = RtdeClient(station)
    client.ask(Frame.OUTPUT_SETUP, struct.pack(">d", 25.0) + b"timestamp")
    client.ask(Frame.START, b"")
    station.run(1.0)
    client.ask(Frame.PAUSE, b"")
    assert len(client.frames) - 1 == pytest.approx(25, abs=1)


def test_unknown_and_taken_variables_are_told(station: UrStation) -> None:
    client, other = RtdeClient(station), RtdeClient(station)
    assert client.ask(Frame.OUTPUT_SETUP, struct.pack(">d", 125.0) + b"timestamp,colour") == b"\x00DOUBLE,NOT_FOUND"
    assert client.ask(Frame.INPUT_SETUP, b"colour") == b"\x00NOT_FOUND"
    assert client.ask(Frame.INPUT_SETUP, b"input_int_register_0") == b"\x01INT32"
    assert client.ask(Frame.INPUT_SETUP, b"input_int_register_0,input_int_register_1") == b"\x02INT32,INT32"
    assert other.ask(Frame.INPUT_SETUP, b"input_int_register_0,input_int_register_5") == b"\x00IN_USE,INT32"
    client.socket.close()
    station.run(0.1)
    assert other.ask(Frame.INPUT_SETUP, b"input_int_register_0") == b"\x01INT32"


@pytest.mark.parametrize("nonsense", [b"\x00\x02U", b"\x00\x03Z", b"\x00\x04U\x07", b"\x00\x03U", b"\x00\x03O"])
def test_nonsense_is_hung_up_on(station: UrStation, nonsense: bytes) -> None:
    assert station.ask(station.connect(30004), nonsense) == b""


def test_servo_targets_are_followed_recorded_and_the_last_is_kept(client: RtdeClient) -> None:
    station = client.station
    station.play()
    sent = [(HOME + 0.005 * k).tolist() for k in range(1, 11)]
    for target in sent:
        client.write(SERVO_J, [*target, 0.0, 0.0, 0.008, 0.05, 300.0])
        station.run(0.008)
    assert client.register() == READY
    received = station.emulator.received_targets()
    assert np.array_equal([target.position for target in received], sent)
    assert all(a.stamp_ns < b.stamp_ns for a, b in pairwise(received))
    station.run(1.0)  # nothing comes any more
    assert station.emulator.is_running
    assert station.plant.position() == pytest.approx(sent[-1])


def test_movej_is_done_when_the_motion_is(client: RtdeClient) -> None:
    client.station.play()
    goal = HOME + 0.5
    client.write(MOVE_J, [*goal, 1.0, 2.0])
    client.station.run(0.5)
    assert client.register() == READY
    client.station.run(1.0)
    assert client.register() == DONE
    assert client.station.plant.position() == pytest.approx(goal)
    client.write(0)
    client.station.run(0.1)
    assert client.register() == READY


def test_servo_stop_brakes_and_movej_may_follow(client: RtdeClient) -> None:
    station = client.station
    station.play()
    client.write(SERVO_J, [*(HOME + 1.0), 0.0, 0.0, 0.008, 0.05, 300.0])
    station.run(0.1)
    client.write(SERVO_STOP, [10.0])
    station.run(0.5)
    assert client.register() == DONE
    rest = station.plant.position()
    station.run(0.5)
    assert (station.plant.position() == rest).all() and rest[0] < 0.8
    client.write(0)
    station.run(0.1)
    client.write(MOVE_J, [*HOME, 2.0, 5.0])
    station.run(2.0)
    assert station.plant.position() == pytest.approx(HOME)


def test_asynchronous_stop_is_done_at_once(client: RtdeClient) -> None:
    station = client.station
    station.play()
    client.write(MOVE_J, [*(HOME + 1.0), 1.0, 2.0], flag=1)
    station.run(0.3)
    assert client.register() == DONE
    client.write(0)
    station.run(0.1)
    client.write(STOP_J, [0.5], flag=1)
    station.run(0.02)
    assert client.register() == DONE
    station.run(3.0)
    assert 0.0 < station.plant.position()[0] < 1.0


@pytest.mark.parametrize(
    ("command", "doubles"),
    [(STOP_J, [2.0]), (MOVE_J, [*HOME, 1.0, 1.0]), (3, []), (255, []), (SERVO_J, [np.nan] * 6)],
    ids=["stopj while servoing", "movej while servoing", "movel", "stop script", "servoj to nan"],
)
def test_what_a_real_program_would_not_survive_ends_it(client: RtdeClient, command: int, doubles: list[float]) -> None:
    station = client.station
    station.play()
    client.write(SERVO_J, [*HOME, 0.0, 0.0, 0.008, 0.05, 300.0])
    station.run(0.1)
    client.write(command, doubles)
    station.run(0.1)
    assert not station.emulator.is_running
    assert client.read()["runtime_state"] == 1


def test_watchdog_ends_the_program_when_packages_stop(client: RtdeClient) -> None:
    station = client.station
    station.play()
    client.write(WATCHDOG, [10.0])
    station.run(0.05)
    for _ in range(30):
        client.write(0)
        station.run(0.05)
    assert station.emulator.is_running
    station.run(0.2)
    assert not station.emulator.is_running


def test_the_gripper_listens_where_the_station_file_says(tmp_path: Path) -> None:
    class Plants:
        def plant(self, arm: str) -> KinematicPlant:
            return KinematicPlant(HOME)

    address = own_address()
    emulator = make_emulator(UR5, {"address": address, "gripper_port": 54321}, Plants(), tmp_path)
    emulator.start()
    socket.create_connection((address, 54321), 5.0).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, ROBOTIQ_PORT), 5.0)
    emulator.close()


def test_dashboard_stop(station: UrStation) -> None:
    dashboard = station.connect(29999)
    dashboard.recv(1000)
    station.play()
    assert station.dashboard(dashboard, "running") == "Program running: true"
    assert station.dashboard(dashboard, "stop") == "Stopped"
    assert station.dashboard(dashboard, "programState") == "STOPPED <unnamed>"
    assert station.dashboard(dashboard, "is in remote control") == "true"
    assert station.dashboard(dashboard, "PolyscopeVersion").startswith("URSoftware 3.15")
    assert station.dashboard(dashboard, "polyscopeversion").startswith("could not understand")  # UR's spelling counts
    assert station.dashboard(dashboard, "dance") == 'could not understand: "dance"'
