"""`ros-wam serve` says where it serves, once it does."""

import socket
import threading

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ros_wam.cli.main import main
from ros_wam.errors import ConfigError
from ros_wam.nodes import policy_server
from ros_wam.policy.codecs import openpi


class StopOnceAsked(threading.Event):
    """Set by the wait for it: the command then ends, but not before the test has asked the server."""

    def __init__(self, url: str, token: str = "") -> None:
        super().__init__()
        self.url, self.token = url, token
        self.metadata: dict[str, object] = {}

    def wait(self, timeout: float | None = None) -> bool:
        if self.token:
            with pytest.raises(InvalidStatus, match="401"), connect(self.url):
                pass
        with connect(self.url, additional_headers={"Authorization": f"Bearer {self.token}"}) as connection:
            self.metadata = openpi.decode(connection.recv(timeout=5.0))
        return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_it_says_where_it_serves(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    stop = StopOnceAsked(f"ws://127.0.0.1:{port}")
    monkeypatch.setattr(policy_server, "stop_event", lambda: stop)
    assert main(["serve", "baseline", "--robot", "ur5", "--sim", "--port", str(port)]) == 0
    assert stop.metadata["embodiment"] == "ur5"
    assert capsys.readouterr().out == f"serving baseline at ws://127.0.0.1:{port}; Ctrl-C ends it\n"


def test_a_token_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("MY_TOKEN", "a secret")
    stop = StopOnceAsked(f"ws://127.0.0.1:{port}", "a secret")
    monkeypatch.setattr(policy_server, "stop_event", lambda: stop)
    options = ["--robot", "ur5", "--sim", "--port", str(port), "--token", "${MY_TOKEN}"]
    assert main(["serve", "baseline", *options]) == 0
    assert stop.metadata["embodiment"] == "ur5"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["baselines"], "no policy 'baselines' to serve; there are: baseline, torch:FILE, "),
        (["baseline", "--token", "${NO_SUCH_TOKEN}"], "--token needs the environment variable NO_SUCH_TOKEN"),
        (["baseline", "--token", ""], "--token is empty"),
        (["baseline", "--token", "of-a-file\n"], "--token must be printable ASCII"),
        (["baseline", "--token", "geheimnisträger"], "--token must be printable ASCII"),
        (["baseline", "--device", "cuda"], "device is 'cuda', must be left out: a policy baseline takes none"),
        (["torch:no_such.pt"], "cannot read no_such.yaml: "),
    ],
)
def test_what_cannot_be_served_is_told_in_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *arguments, "--robot", "ur5", "--sim"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"ros-wam: {words}")
    assert error.count("\n") == 1


def test_a_signal_ends_it_while_the_policy_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def make_policy(*given: object) -> None:
        names.extend(thread.name for thread in threading.enumerate())
        raise ConfigError("no such policy")

    monkeypatch.setattr(policy_server, "stop_event", threading.Event)
    monkeypatch.setattr(policy_server, "make_policy", make_policy)
    assert main(["serve", "baseline", "--robot", "ur5", "--sim"]) == 1
    assert "ends_after_signal" in names
