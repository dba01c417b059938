"""CAN sockets from the emulator, given to a program by the kernel: without a vendor's library, and without CAN."""

import errno
import json
import os
import platform
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ros_wam.clock import StationClock
from ros_wam.errors import SimError
from ros_wam.sim.emulators.can_bus import CanBus, Frame
from ros_wam.sim.emulators.can_calls import MACHINES
from ros_wam.sim.emulators.can_seam import filter_program
from ros_wam.sim.emulators.can_seam_port import CanSeamPort

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 20.0
REFUSALS = (f"no CAN seam on {platform.machine()}", *map(os.strerror, (errno.EPERM, errno.EINVAL, errno.ENOSYS)))
PROGRAM = """
import json, socket, struct, sys

FRAME = struct.Struct("=IB3x8s")

def opened(name):
    link = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
    link.bind((name,))
    return link

def heard(link):
    identifier, count, data = FRAME.unpack(link.recv(16))
    return [identifier, data[:count].hex()]

found = {}
one, other = opened("can0"), opened("can0")
one.send(FRAME.pack(0x123, 3, b"abc"))
found["other"], found["answer"], found["blocks"] = heard(other), heard(one), one.getblocking()
try:
    opened("can5")
except OSError as error:
    found["can5"] = error.strerror
with socket.socket(socket.AF_INET) as native:
    native.bind(("127.0.0.1", 0))
    found["inet"] = native.getsockname()[0]
print(json.dumps(found), flush=True)
sys.stdin.read()
"""


def _refusal() -> str | None:
    """Return why this kernel, or the container's own filter, lets nobody listen to system calls; None where it does."""
    ask = "from ros_wam.sim.emulators.can_seam import install_filter; install_filter()"
    ended = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode == 0:
        return None
    said = ended.stderr.splitlines()[-1]
    refused = "SimError: no CAN seam" in said and any(why in said for why in REFUSALS)
    assert refused, f"the filter could not be installed, and not for want of a kernel that allows it: {ended.stderr}"
    return said


@pytest.fixture(scope="module")
def seam() -> None:
    refusal = _refusal()
    if refusal is not None:
        pytest.skip(refusal)


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="seam") as folder:  # a socket's path must be short
        yield Path(folder) / "can.sock"


class Program:
    """A program behind the seam."""

    def __init__(self, path: Path, *command: str) -> None:
        prefix = [sys.executable, "-m", "ros_wam.sim.emulators.can_seam", "--socket", str(path), "--"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen([*prefix, *(command or (sys.executable, "-c", PROGRAM))], cwd=ROOT, **pipes)

    def said(self, port: CanSeamPort, bus: CanBus) -> dict[str, object]:
        """Serve the bus, which answers each frame by one of its own, until the program has said what it found."""
        assert self.process.stdout is not None
        deadline_ns = StationClock().now_ns() + round(TIMEOUT_S * 1e9)
        while not select.select([self.process.stdout], [], [], 0.001)[0]:
            assert StationClock().now_ns() < deadline_ns, "the program says nothing"
            serve(port, bus)
        return dict(json.loads(self.process.stdout.readline() or b"{}"))

    def end(self) -> int:
        self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode


def serve(port: CanSeamPort, bus: CanBus) -> None:
    for link in port.serve():
        bus.join(link)
    for frame in bus.receive():
        bus.send(Frame(frame.identifier + 1, b"answered"))


def test_a_program_finds_its_can_and_everything_else_is_the_kernels(seam: None, path: Path) -> None:
    port, bus = CanSeamPort(path, "can0"), CanBus()
    port.open()
    program = Program(path)
    assert program.said(port, bus) == {
        "other": [0x123, b"abc".hex()],
        "answer": [0x124, b"answered".hex()],
        "blocks": True,
        "can5": "No such device",
        "inet": "127.0.0.1",
    }
    assert program.end() == 0
    bus.close()
    port.close()
    assert not path.exists()


def test_a_program_that_was_killed_is_followed_by_another(seam: None, path: Path) -> None:
    port, bus = CanSeamPort(path, "can0"), CanBus()
    port.open()
    first, second = Program(path), None
    assert first.said(port, bus)["answer"]
    first.process.kill()
    first.end()
    serve(port, bus)
    second = Program(path)
    assert second.said(port, bus)["answer"] == [0x124, b"answered".hex()]
    second.end()
    port.close()
    bus.close()


def test_without_an_interface_of_its_own_the_seam_leaves_all_to_the_kernel(seam: None, path: Path) -> None:
    port, bus = CanSeamPort(path, None), CanBus()
    port.open()
    ask = (
        "import json, socket\n"
        "try:\n    socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW).bind(('vcan77',))\n"
        "except OSError as error:\n    print(json.dumps({'told': error.strerror}))"
    )
    program = Program(path, sys.executable, "-c", ask)
    assert program.said(port, bus)["told"] in (
        "No such device",
        "Address family not supported by protocol",
    )
    program.end()
    port.close()


def test_a_program_that_has_said_nothing_yet_is_let_go_too(path: Path) -> None:
    port = CanSeamPort(path, "can0")
    port.open()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
        link.connect(str(path))
        port.serve()
        port.close()
        link.settimeout(TIMEOUT_S)
        assert link.recv(1) == b""


def test_a_folder_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(SimError, match="cannot listen on"):
        CanSeamPort(path.parent / "nowhere" / "can.sock", "can0").open()


@pytest.mark.parametrize("name", list(MACHINES))
def test_the_filter_notifies_of_three_calls_and_allows_all_others(name: str) -> None:
    machine = MACHINES[name]
    can, inet, index, other = (29, 0, 0), (2, 0, 0), (0, 0x8933, 0), (0, 0x8927, 0)
    judged = {
        (machine.socket, can): True,
        (machine.socket, inet): False,
        (machine.ioctl, index): True,
        (machine.ioctl, other): False,
        (machine.bind, (0, 0, 16)): True,
        (machine.bind, (0, 0, 24)): True,
        (machine.bind, (0, 0, 110)): False,
        (999, can): False,
    }
    for (number, arguments), notifies in judged.items():
        assert _run(filter_program(machine), number, machine.audit, arguments) is notifies, (number, arguments)
        assert not _run(filter_program(machine), number, 0x40000003, arguments)


def _run(program: bytes, number: int, architecture: int, arguments: tuple[int, int, int]) -> bool:
    """Interpret the filter as the kernel would; return whether it notifies."""
    fields = {0: number, 4: architecture, 16: arguments[0], 24: arguments[1], 32: arguments[2]}
    instructions = [program[at : at + 8] for at in range(0, len(program), 8)]
    value, at = 0, 0
    while True:
        code, if_equal, otherwise = int.from_bytes(instructions[at][:2], "little"), *instructions[at][2:4]
        operand = int.from_bytes(instructions[at][4:], "little")
        at += 1
        if code == 0x20:
            value = fields[operand]
        elif code == 0x15:
            at += if_equal if value == operand else otherwise
        else:
            return operand == 0x7FC00000
