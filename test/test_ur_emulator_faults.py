"""The emulated UR controller's protective stop and faults, on its wire, in virtual time."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from ur_station import HOME, READY, SERVO_J, RtdeClient, UrStation, ready_client, ur_station

from ros_wam.errors import SimError
from ros_wam.sim.emulators.rtde import Frame
from ros_wam.sim.emulators.ur import CB3, E_SERIES, UrEmulator


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


def _drain(client: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while client.recv(1 << 20):
            pass


def test_protective_stop_and_its_recovery(client: RtdeClient) -> None:
    station = client.station
    dashboard = station.connect(29999)
    assert dashboard.recv(1000).startswith(b"Connected: Universal Robots Dashboard Server")
    station.play()
    client.write(SERVO_J, [*(HOME + 1.0), 0.0, 0.0, 0.008, 0.05, 300.0])
    station.run(0.1)
    station.emulator.inject("protective_stop")
    station.run(0.5)
    rest = station.plant.position()
    state = client.read()
    assert state["safety_status_bits"] == 4 and state["runtime_state"] == 1
    assert station.dashboard(dashboard, "safetymode") == "Safetymode: PROTECTIVE_STOP"
    assert station.dashboard(dashboard, "unlock protective stop").startswith("Cannot unlock protective stop until 5s")
    station.connect(30003).sendall(b"def rtde_control():\nend\n")
    station.run(5.0)
    assert not station.emulator.is_running  # no program starts in a protective stop
    assert station.dashboard(dashboard, "unlock protective stop") == "Protective stop releasing"
    client.write(0)
    station.play()
    assert client.read()["safety_status_bits"] == 1
    assert (station.plant.position() == rest).all()


def test_freeze_keeps_the_sockets_and_says_nothing(client: RtdeClient) -> None:
    client.station.emulator.inject("freeze")
    _drain(client.socket)
    client.station.run(1.0)
    with pytest.raises(BlockingIOError):
        client.socket.recv(1)
    client.station.emulator.clear()
    client.station.run(0.1)
    assert client.read()["timestamp"] > 1.0


def test_drop_hangs_up_and_listens_on(client: RtdeClient) -> None:
    client.ask(Frame.PAUSE, b"")
    client.station.emulator.inject("drop")
    assert client.socket.recv(1) == b""
    ready_client(client.station)


def test_refuse_lets_nobody_in_until_it_is_cleared(client: RtdeClient) -> None:
    station = client.station
    station.emulator.inject("refuse")
    for port in (30004, 29999, 30003, 63352):
        with pytest.raises(ConnectionRefusedError):
            station.connect(port)
    station.emulator.clear()
    ready_client(station)


def test_slow_publishes_ten_times_a_second(client: RtdeClient) -> None:
    client.read()
    client.station.emulator.inject("slow")
    client.station.run(1.0)
    assert len(client.packages()) == pytest.approx(10, abs=1)


def test_a_silent_servo_takes_targets_and_stays(client: RtdeClient) -> None:
    station = client.station
    station.play()
    station.emulator.inject("silent_servo")
    client.write(SERVO_J, [*(HOME + 0.01).tolist(), 0.0, 0.0, 0.008, 0.05, 300.0])
    station.run(0.5)
    assert client.register() == READY and station.emulator.is_running
    assert station.plant.position() == pytest.approx(HOME)
    station.emulator.clear()
    station.run(0.5)
    assert station.plant.position() == pytest.approx(HOME + 0.01)


def test_a_fault_that_does_not_exist_is_an_error_that_names_those_that_do(station: UrStation) -> None:
    with pytest.raises(SimError, match=r"'meteor'.*protective_stop"):
        station.emulator.inject("meteor")


def test_a_taken_port_is_an_error_that_names_it(station: UrStation) -> None:
    other = UrEmulator(CB3, station.address, station.plant, 0.085)
    with pytest.raises(SimError, match=f"{station.address}:30004"):
        other.start()
