"""Where the operator's page is served: a port that is free, and a token wherever others could reach it."""

import socket

import pytest

from ros_wam.bringup import EVERYTHING
from ros_wam.desk_access import TOKEN_VARIABLE, DeskAccess, desk_access, is_loopback, required_token
from ros_wam.errors import ConfigError
from ros_wam.request import Request

OWN = "a-token-of-the-lab"
SIMULATED = Request(robot="ur5", sim=True)


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)


@pytest.mark.parametrize(
    ("request_", "served"),
    [
        (SIMULATED, False),
        (Request(robot="ur5"), True),
        (Request(robot="ur5", sim=True, operator=True), True),
        (Request(robot="ur5", sim=True, device="keyboard"), True),
    ],
    ids=["simulated", "real", "operator", "device"],
)
def test_a_simulation_that_nobody_attends_has_no_page(request_: Request, served: bool) -> None:
    access = desk_access(request_, EVERYTHING)
    assert (access is not None) == served
    assert desk_access(request_, ("sim", "robot", "trial")) is None


def test_a_port_is_free_or_the_one_that_is_named() -> None:
    access = desk_access(Request(robot="ur5"), EVERYTHING)
    assert access is not None
    named = desk_access(Request(robot="ur5", sim=True, desk_port=access.port), EVERYTHING)
    assert named == DeskAccess("127.0.0.1", access.port, None)
    assert (named.url, named.environment) == (f"http://127.0.0.1:{access.port}/", {})


def test_a_port_that_is_taken_is_told_before_anything_is_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"page cannot be served at 127\.0\.0\.1 port {port}: .*in use"):
            desk_access(Request(robot="ur5", desk_port=port), EVERYTHING)


def test_whoever_else_can_reach_it_needs_a_token_that_is_new_each_time() -> None:
    first, second = (desk_access(Request(robot="ur5", desk_host="0.0.0.0"), EVERYTHING) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.token is not None
    assert len(first.token) >= 20
    assert first.token != second.token
    assert first.environment == {TOKEN_VARIABLE: first.token}
    assert first.url == f"http://{socket.gethostname()}:{first.port}/?token={first.token}"


def test_a_token_of_the_users_own_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "my-own-token")
    access = desk_access(Request(robot="ur5"), EVERYTHING)
    assert access is not None
    assert access.token == "my-own-token"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("my-own", "has 6 characters, must have 8 or more"),
        ("my own token", "must be of letters"),
        ("a&b=c#d%e", "must be"),
    ],
)
def test_a_token_that_is_none_is_told_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, token: str, said: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(ConfigError, match=said):
        desk_access(Request(robot="ur5"), EVERYTHING)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.5", False), ("robot-pc", False)],
)  # fmt: skip
def test_only_the_loopback_address_is_this_machines_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


def test_a_desk_that_is_open_to_the_network_has_a_token() -> None:
    assert required_token("127.0.0.1", None) is None
    assert required_token("127.0.0.1", "") is None
    assert required_token("0.0.0.0", OWN) == OWN
    with pytest.raises(ConfigError, match=r"a desk at 0\.0\.0\.0 is open to the network: it needs a token"):
        required_token("0.0.0.0", "")
    with pytest.raises(ConfigError, match="has 5 characters, must have 8 or more"):
        required_token("127.0.0.1", "short")
