"""The emulated motors on their bus, without the vendor's library: frames in, frames out, by hand."""

import socket
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ros_wam.embodiment import load_embodiment
from ros_wam.errors import SimError
from ros_wam.sim.emulators import make_emulator
from ros_wam.sim.emulators.arx import DROP_SHARE, OVER_CURRENT_FACTOR, OVER_CURRENT_RAD, SAG_RAD_S, ArxEmulator
from ros_wam.sim.emulators.arx_motors import MODELS
from ros_wam.sim.emulators.plant import KinematicPlant

ROBOT = load_embodiment(Path(__file__).parents[1] / "robots/arx5.yaml")
HOME = np.array([0.1, 1.0, 0.5, 0.5, -0.1, 0.2])
FRAME = struct.Struct("=IB3x8s")
ENABLE, CLEAR = bytes([0xFF] * 7 + [0xFC]), bytes([0xFF] * 7 + [0xFB])
STEP_RAD = 25.0 / 65535
STROKE_M, OPEN_RAD = 0.088, 5.03
FAILING = {"L5": 5, "X5": 2}


class Host:
    """Whoever talks to the motors: packs and unpacks by the layouts of the vendor's headers, on its own."""

    def __init__(self, model: str, folder: str) -> None:
        self.model, self.plant = model, KinematicPlant(HOME)
        self.emulator = ArxEmulator(model, "can0", self.plant, Path(folder), STROKE_M, OPEN_RAD)
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.setblocking(False)
        self.link.setblocking(False)
        self.emulator.bus.join(theirs)
        self.ec = {number for number, kind in MODELS[model].items() if kind.is_ec}
        self.now_ns = 0
        self.unwell: dict[int, int] = {}
        """What the motors that are not well said of themselves last, by number."""

    def enable(self) -> None:
        """As the library does when it starts."""
        for number in {4, 5, 6, 7, 8, 1, 2} - self.ec:
            self.link.send(FRAME.pack(number, 8, ENABLE))
        self.cycle()

    def tell(self, number: int, kp: float, position: float) -> None:
        """Ask a motor to go to a position [rad]."""
        place, stiff = round((position + 12.5) / STEP_RAD), round(kp / 500 * 4095)
        if number in self.ec:
            bits = stiff << 49 | 2 << 40 | place << 24 | 2048 << 12 | 2048
        else:
            bits = place << 48 | 2048 << 36 | stiff << 24 | 100 << 12 | 2048
        self.link.send(FRAME.pack(number, 8, bits.to_bytes(8, "big")))

    def go(self, position: np.ndarray, kp: float = 80.0) -> None:
        for number, place in zip((1, 2, 4, 5, 6, 7), position, strict=True):
            self.tell(number, kp, float(place))

    def cycle(self, count: int = 1) -> dict[int, float]:
        """Let time pass; return the positions [rad] that the motors answered, by number."""
        for _ in range(count):
            self.now_ns += 2_000_000
            self.plant.step(0.002)
            self.emulator.cycle(self.now_ns)
        answers: dict[int, float] = {}
        self.unwell = {}
        while True:
            try:
                identifier, _, data = FRAME.unpack(self.link.recv(16))
            except BlockingIOError:
                return answers
            assert identifier == 0 or (identifier in self.ec and data[0] >> 5 == 1)
            number = identifier or data[0] & 0x0F
            status = data[0] & 0x1F if identifier else data[0] >> 4
            if status != int(not identifier):
                self.unwell[number] = status
            answers[number] = int.from_bytes(data[1:3], "big") * STEP_RAD - 12.5


@pytest.fixture(params=["L5", "X5"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    with tempfile.TemporaryDirectory(prefix="arx") as folder:
        made = Host(request.param, folder)
        made.enable()
        yield made
        made.emulator.close()
        made.link.close()


def test_every_command_is_answered_by_where_the_motor_is(host: Host) -> None:
    host.go(HOME, kp=0.0)
    answers = host.cycle()
    assert list(answers) == [1, 2, 4, 5, 6, 7]
    np.testing.assert_allclose(list(answers.values()), HOME, atol=STEP_RAD)
    assert host.cycle() == {}
    if not host.ec:
        host.link.send(FRAME.pack(1, 8, ENABLE))
        assert list(host.cycle()) == [1]


def test_motors_follow_while_they_have_gain_and_one_sinks_without(host: Host) -> None:
    target = HOME + 0.05
    host.go(target)
    host.cycle(20)
    np.testing.assert_allclose(host.plant.position(), target, atol=STEP_RAD)
    for _ in range(20):
        host.go(HOME, kp=0.0)
        host.cycle()
    sunk = host.plant.position() - target
    assert sunk[1] == pytest.approx(20 * 0.002 * SAG_RAD_S, rel=0.15)
    np.testing.assert_allclose(np.delete(sunk, 1), 0.0, atol=STEP_RAD)
    (received,) = host.emulator.received_targets()
    np.testing.assert_allclose(received.position, target, atol=STEP_RAD)


def test_what_every_round_tells_is_noted_and_counted(host: Host) -> None:
    for target in (HOME, HOME, HOME + 0.01):
        host.go(target)
        host.cycle()
    assert len(host.emulator.received_targets()) == 3
    enabled = 7 - len(host.ec)
    assert host.emulator.counts() == {"targets": 3, "frames": 18 + enabled, "answers": 18 + enabled}
    host.emulator.forget_targets()
    assert host.emulator.received_targets() == ()


def test_the_gripper_is_open_at_5_rad_and_feels_what_keeps_it_from_closing(host: Host) -> None:
    host.tell(8, 5.0, 0.0)
    assert host.cycle()[8] == pytest.approx(5.03, abs=STEP_RAD)
    host.plant.object_at = 0.4
    host.cycle(300)
    assert host.plant.gripper_position() == pytest.approx(0.4)
    host.tell(8, 5.0, 1.9)
    host.plant.step(0.002)
    host.emulator.cycle(0)
    torque = int.from_bytes(host.link.recv(16)[12:14], "big") & 0xFFF
    assert (torque / 4095 * 36 - 18) * 0.424 == pytest.approx(5.0 * (1.9 - 0.4 * 5.03), abs=0.02)


def test_too_much_current_ends_when_the_gripper_is_told_to_stay_where_it_is(host: Host) -> None:
    host.tell(8, 5.0, 5.03)
    host.cycle()
    host.emulator.inject("over_current")

    def torque() -> float:
        host.emulator.cycle(host.now_ns)
        told = int.from_bytes(host.link.recv(16)[12:14], "big") & 0xFFF
        return (told / 4095 * 36 - 18) * 0.424

    host.tell(8, 5.0, 5.03)
    assert torque() == pytest.approx(OVER_CURRENT_FACTOR * 5.0 * OVER_CURRENT_RAD, abs=0.05)
    host.tell(8, 5.0, 5.03 - OVER_CURRENT_RAD)
    assert torque() == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(
    ("fault", "silent"),
    [("freeze", {1, 2, 4, 5, 6, 7, 8}), ("silent_servo", {}), ("gripper_freeze", {8})],
)
def test_what_is_silent_neither_answers_nor_follows(host: Host, fault: str, silent: set[int]) -> None:
    silent = set(silent) or {FAILING[host.model]}
    host.emulator.inject(fault)
    host.go(HOME + 0.05)
    host.tell(8, 5.0, 0.0)
    assert host.cycle().keys() == {1, 2, 4, 5, 6, 7, 8} - silent
    host.cycle(500)
    moved = np.abs(host.plant.position() - HOME) > 0.01
    assert moved.tolist() == [number not in silent for number in (1, 2, 4, 5, 6, 7)]
    assert (host.plant.gripper_position() == 1.0) is (8 in silent)


def test_a_stuck_motor_answers_and_stays(host: Host) -> None:
    host.emulator.inject("stuck_motor")
    host.go(HOME + 0.05)
    assert len(host.cycle(50)) == 6
    host.go(HOME + 0.05)
    assert np.flatnonzero(np.abs(host.plant.position() - HOME) < 0.01).tolist() == [1]


def test_without_frames_motors_go_on_with_what_they_were_told_last(host: Host) -> None:
    host.go(HOME, kp=0.0)
    host.cycle(101)
    sunk = host.plant.position() - HOME
    assert sunk[1] == pytest.approx(100 * 0.002 * SAG_RAD_S, rel=0.05)
    host.go(HOME + 0.1)
    host.cycle(300)
    np.testing.assert_allclose(host.plant.position(), HOME + 0.1, atol=STEP_RAD)


def test_a_motor_that_switched_itself_off_says_so_and_stays_until_it_is_cleared_and_enabled(host: Host) -> None:
    number = FAILING[host.model]
    host.emulator.inject("motor_off")
    host.link.send(FRAME.pack(number, 8, CLEAR))
    host.enable()  # in vain
    host.go(HOME + 0.05)
    assert len(host.cycle(50)) == 6
    host.go(HOME + 0.05)
    host.cycle()
    assert host.unwell == {number: 2 if host.ec else 14}
    still = np.abs(host.plant.position() - HOME) < 0.01
    assert still.tolist() == [each == number for each in (1, 2, 4, 5, 6, 7)]
    host.emulator.clear()
    host.enable()
    host.go(HOME)
    host.cycle()
    assert host.unwell == ({} if host.ec else {number: 14})
    host.link.send(FRAME.pack(number, 8, CLEAR))
    host.cycle()
    host.go(HOME)
    host.cycle()
    assert host.unwell == ({} if host.ec else {number: 0})
    host.enable()
    host.go(HOME)
    host.cycle()
    assert host.unwell == {}


def test_motors_that_nobody_enabled_answer_and_stay() -> None:
    with tempfile.TemporaryDirectory(prefix="arx") as folder:
        host = Host("L5", folder)
        host.go(HOME + 0.05)
        assert len(host.cycle(50)) == 6
        assert host.unwell == dict.fromkeys((1, 2, 4, 5, 6, 7), 0)
        np.testing.assert_array_equal(host.plant.position(), HOME)
        host.emulator.close()
        host.link.close()


def test_the_newer_gripper_of_a_station_opens_the_other_way() -> None:
    settings = {"interface": "can0", "model": "L5", "gripper_open_rad": -3.4}
    with tempfile.TemporaryDirectory(prefix="arx") as folder:
        host = Host("L5", folder)
        made = make_emulator(ROBOT, settings, SimpleNamespace(plant=lambda arm: host.plant), Path(folder))
        assert isinstance(made, ArxEmulator)
        made.bus, host.emulator = host.emulator.bus, made
        host.enable()
        host.tell(8, 5.0, 0.0)
        assert host.cycle()[8] == pytest.approx(-3.4, abs=STEP_RAD)
        host.cycle(500)
        assert host.plant.gripper_position() == pytest.approx(0.0, abs=1e-3)
        host.emulator.close()
        host.link.close()


def test_of_dropped_frames_every_motor_gets_its_share(host: Host) -> None:
    host.emulator.inject("drop")
    answers: list[int] = []
    for _ in range(7 * DROP_SHARE):
        host.go(HOME)
        host.tell(8, 5.0, 5.03)
        answers += host.cycle()
    assert len(answers) == 49
    assert {answers.count(number) for number in (1, 2, 4, 5, 6, 7, 8)} == {7}


def test_unknown_models_and_faults_are_told_with_those_that_there_are(host: Host) -> None:
    with pytest.raises(SimError, match="no fault 'reflex'; there are: freeze, drop"):
        host.emulator.inject("reflex")
    with pytest.raises(SimError, match="no ARX arm 'R5'; there are: L5, X5"):
        ArxEmulator("R5", "can0", host.plant, Path("nowhere"), STROKE_M, OPEN_RAD)


def test_a_vcan_that_is_not_there_is_told(host: Host) -> None:
    with tempfile.TemporaryDirectory(prefix="arx") as folder:
        emulator = ArxEmulator("L5", "canv77", host.plant, Path(folder), STROKE_M, OPEN_RAD)
        with pytest.raises(SimError, match="no CAN interface canv77"):
            emulator.start()
        emulator.close()


@pytest.mark.skipif(not Path("/sys/class/net/canv0").exists(), reason="no vcan: ip link add dev canv0 type vcan")
def test_on_a_vcan_the_motors_answer_whoever_is_on_it(host: Host) -> None:
    with tempfile.TemporaryDirectory(prefix="arx") as folder:
        emulator = ArxEmulator("L5", "canv0", host.plant, Path(folder), STROKE_M, OPEN_RAD)
        emulator.start()
        with socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as link:
            link.bind(("canv0",))
            link.send(FRAME.pack(1, 8, ENABLE))
            emulator.cycle(0)
            link.settimeout(5.0)
            assert FRAME.unpack(link.recv(16))[2][0] & 0x0F == 1
        emulator.close()
