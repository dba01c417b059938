"""The control socket: every verb's way there and back, and what happens when nobody answers."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ros_wam.errors import SimError
from ros_wam.sim.control_socket import ControlSocket
from ros_wam.sim.link import SimLink, score_fields
from ros_wam.types import Stage

STAGES = (Stage("cube grasped", 1.0, 1.0, 2, 123), Stage("cube in the box", 0.0, 1.0))


class Simulator:
    """Serves a socket in a thread and notes what it was asked."""

    def __init__(self, path: Path) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._stop = threading.Event()
        self.socket = ControlSocket(
            path,
            {
                "reset": self._note("reset"),
                "score": lambda: score_fields(STAGES, True),
                "inject": self._inject,
                "clear": self._note("clear"),
                "faults": lambda: {"faults": ["freeze", "drop"]},
            },
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _note(self, verb: str) -> Any:
        def answer(**arguments: Any) -> Mapping[str, Any]:
            self.asked.append((verb, arguments))
            return {}

        return answer

    def _inject(self, fault: str) -> Mapping[str, Any]:
        if fault not in ("freeze", "drop"):
            raise SimError(f"no fault {fault!r}; there are: freeze, drop")
        return {}

    def _run(self) -> None:
        while not self._stop.wait(0.001):
            self.socket.serve()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.socket.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path / "sim.sock")
    yield simulator
    simulator.close()


def test_asks_and_is_answered(simulator: Simulator, tmp_path: Path) -> None:
    link = SimLink(tmp_path / "sim.sock")
    link.reset(7)
    link.clear()
    assert simulator.asked == [("reset", {"seed": 7}), ("clear", {})]
    assert link.score() == (STAGES, True)
    assert link.faults() == ["freeze", "drop"]
    link.inject("drop")


def test_refusals_come_back_as_errors(simulator: Simulator, tmp_path: Path) -> None:
    with pytest.raises(SimError, match="no fault 'melt'; there are: freeze, drop"):
        SimLink(tmp_path / "sim.sock").inject("melt")


@pytest.mark.parametrize("message", [b"{", b"[]", b'{"verb": "fly"}', b"3", b'{"verb": "score", "seed": 1}'])
def test_nonsense_is_refused_and_harms_nobody(simulator: Simulator, tmp_path: Path, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
        link.settimeout(5.0)
        link.connect(str(tmp_path / "sim.sock"))
        link.send(message)
        assert "error" in json.loads(link.recv(65536))
    assert SimLink(tmp_path / "sim.sock").faults()


def test_no_simulator_no_answer_and_no_waiting_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "sim.sock"
    with pytest.raises(SimError, match="cannot be reached"):
        SimLink(path).score()
    silent = ControlSocket(path, {})
    with pytest.raises(SimError, match="did not answer 'score'"):
        SimLink(path).score(timeout_s=0.05)
    silent.close()
    assert not path.exists()
