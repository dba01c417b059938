"""The emulated UR controller on its wire, in virtual time: RTDE, dashboard, scripts, the program's commands, faults."""

import contextlib
import socket
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from loopback import own_address

from ros_wam.errors import SimError
from ros_wam.sim.emulators.plant import KinematicPlant
from ros_wam.sim.emulators.rtde import Frame, FrameReader, Recipe, encode
from ros_wam.sim.emulators.ur import CB3, E_SERIES, UrEmulator, UrModel

HOME = np.array([0.0, -1.5708, 1.5708, -1.5708, -1.5708, 0.0])
OUTPUTS = ["timestamp", "actual_q", "runtime_state", "safety_status_bits", "output_int_register_0"]
OUTPUT_TYPES = ["DOUBLE", "VECTOR6D", "UINT32", "UINT32", "INT32"]
INPUTS = ["input_int_register_0", "input_int_register_1", *(f"input_double_register_{n}" for n in range(11))]
INPUT_TYPES = ["INT32", "INT32", *["DOUBLE"] * 11]
SERVO_J, MOVE_J, SERVO_STOP, STOP_J, WATCHDOG = 11, 1, 16, 34, 35
READY, DONE = 1, 2


class Station:
    """An emulator with a kinematic plant, a virtual clock and clients that read only what has arrived."""

    def __init__(self, model: UrModel = CB3) -> None:
        self.address = own_address()
        self.plant = KinematicPlant(HOME)
        self.emulator = UrEmulator(model, self.address, self.plant, 0.085)
        self.emulator.start()
        self.now_ns = 1_000_000_000
        self.clients: list[socket.socket] = []

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s * self.emulator.rate_hz)):
            self.now_ns += round(1e9 / self.emulator.rate_hz)
            self.plant.step(1.0 / self.emulator.rate_hz)
            self.emulator.cycle(self.now_ns)

    def connect(self, port: int) -> socket.socket:
        client = socket.create_connection((self.address, port), 5.0)
        client.setblocking(False)
        self.clients.append(client)
        self.run(0.016)
        return client

    def ask(self, client: socket.socket, request: bytes) -> bytes:
        """Send and return everything that has come by the time of the answer; empty after the end of the stream."""
        client.sendall(request)
        for _ in range(100):
            self.run(1.0 / self.emulator.rate_hz)
            try:
                return client.recv(1 << 20)
            except BlockingIOError:
                pass
        raise AssertionError(f"no answer to {request!r}")

    def dashboard(self, client: socket.socket, command: str) -> str:
        return self.ask(client, command.encode() + b"\n").decode().strip()

    def play(self) -> None:
        self.connect(30003).sendall(b'def rtde_control():\n  textmsg("loop")\nend\n')
        self.run(0.1)
        assert self.emulator.is_running


class RtdeClient:
    """The least that ur_rtde does."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.socket = station.connect(30004)
        self.reader = FrameReader()
        self.frames: list[tuple[int, bytes]] = []
        self.outputs = Recipe(1, OUTPUTS, OUTPUT_TYPES)
        self.inputs = Recipe(1, INPUTS, INPUT_TYPES)

    def ask(self, kind: Frame, payload: bytes) -> bytes:
        """Return the answer; what came before it goes to `frames`."""
        self.frames = []
        request = encode(kind, payload)
        while kind not in (answered for answered, _ in self.frames):
            self.frames += self.reader.take(self.station.ask(self.socket, request))
            request = b""
        return next(answer for answered, answer in self.frames if answered == kind)

    def set_up(self) -> None:
        rate_hz = self.station.emulator.rate_hz
        names = ",".join(OUTPUTS).encode()
        assert (
            self.ask(Frame.OUTPUT_SETUP, struct.pack(">d", rate_hz) + names)
            == b"\x01" + ",".join(OUTPUT_TYPES).encode()
        )
        assert self.ask(Frame.INPUT_SETUP, ",".join(INPUTS).encode()) == b"\x01" + ",".join(INPUT_TYPES).encode()
        assert self.ask(Frame.START, b"") == b"\x01"

    def write(self, command: int, doubles: Sequence[float] = (), flag: int = 0) -> None:
        values = dict.fromkeys(INPUTS, 0.0) | {"input_int_register_0": command, "input_int_register_1": flag}
        values |= {f"input_double_register_{n}": value for n, value in enumerate(doubles)}
        self.socket.sendall(encode(Frame.DATA, self.inputs.pack(values)))

    def packages(self) -> list[dict[str, float]]:
        """What has come since the last call. Pausing tells that all of it is here."""
        self.ask(Frame.PAUSE, b"")
        packages = [self.outputs.unpack(payload) for kind, payload in self.frames if kind == Frame.DATA]
        self.ask(Frame.START, b"")
        return packages

    def read(self) -> dict[str, float]:
        """The newest package."""
        self.station.run(0.008)
        return self.packages()[-1]

    def register(self) -> float:
        return self.read()["output_int_register_0"]


def _drain(client: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while client.recv(1 << 20):
            pass


@pytest.fixture
def station() -> Iterator[Station]:
    yield from _station(CB3)


@pytest.fixture(params=[CB3, E_SERIES], ids=["cb3", "e_series"])
def either(request: pytest.FixtureRequest) -> Iterator[Station]:
    yield from _station(request.param)


def _station(model: UrModel) -> Iterator[Station]:
    opened = Station(model)
    yield opened
    for client in opened.clients:
        client.close()
    opened.emulator.close()


@pytest.fixture
def client(either: Station) -> RtdeClient:
    opened = RtdeClient(either)
    opened.set_up()
    return opened


def test_versions_and_protocol(either: Station) -> None:
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


def test_a_slower_client_gets_fewer_packages(station: Station) -> None:
    client = RtdeClient(station)
    client.ask(Frame.OUTPUT_SETUP, struct.pack(">d", 25.0) + b"timestamp")
    client.ask(Frame.START, b"")
    station.run(1.0)
    client.ask(Frame.PAUSE, b"")
    assert len(client.frames) - 1 == pytest.approx(25, abs=1)


def test_unknown_and_taken_variables_are_told(station: Station) -> None:
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
def test_nonsense_is_hung_up_on(station: Station, nonsense: bytes) -> None:
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


def test_dashboard_stop(station: Station) -> None:
    dashboard = station.connect(29999)
    dashboard.recv(1000)
    station.play()
    assert station.dashboard(dashboard, "running") == "Program running: true"
    assert station.dashboard(dashboard, "stop") == "Stopped"
    assert station.dashboard(dashboard, "programState") == "STOPPED <unnamed>"
    assert station.dashboard(dashboard, "is in remote control") == "true"
    assert station.dashboard(dashboard, "PolyscopeVersion").startswith("URSoftware 3.15")
    assert station.dashboard(dashboard, "dance") == 'could not understand: "dance"'


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
    RtdeClient(client.station).set_up()


def test_refuse_lets_nobody_in_until_it_is_cleared(client: RtdeClient) -> None:
    station = client.station
    station.emulator.inject("refuse")
    for port in (30004, 29999, 30003, 63352):
        with pytest.raises(ConnectionRefusedError):
            station.connect(port)
    station.emulator.clear()
    RtdeClient(station).set_up()


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


def test_a_fault_that_does_not_exist_is_an_error_that_names_those_that_do(station: Station) -> None:
    with pytest.raises(SimError, match=r"'meteor'.*protective_stop"):
        station.emulator.inject("meteor")


def test_a_taken_port_is_an_error_that_names_it(station: Station) -> None:
    other = UrEmulator(CB3, station.address, station.plant, 0.085)
    with pytest.raises(SimError, match=f"{station.address}:30004"):
        other.start()
