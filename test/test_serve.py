"""`ros-wam serve` says where it serves, once it does."""

import socket
import threading

import pytest
from websockets.sync.client import connect

from ros_wam.cli.main import main
from ros_wam.nodes import policy_server
from ros_wam.policy import codecs


class StopOnceAsked(threading.Event):
    """Set by the wait for it: the command then ends, but not before the test has asked the server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.metadata: dict[str, object] = {}

    def wait(self, timeout: float | None = None) -> bool:
        with connect(self.url) as connection:
            self.metadata = codecs.decode(connection.recv(timeout=5.0))
        return True


def test_it_says_where_it_serves(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    stop = StopOnceAsked(f"ws://127.0.0.1:{port}")
    monkeypatch.setattr(policy_server, "stop_event", lambda: stop)
    assert main(["serve", "baseline", "--robot", "ur5", "--sim", "--port", str(port)]) == 0
    assert stop.metadata["embodiment"] == "ur5"
    assert capsys.readouterr().out == f"serving baseline at ws://127.0.0.1:{port}; Ctrl-C ends it\n"
