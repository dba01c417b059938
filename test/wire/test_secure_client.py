"""TLS with a certificate made for the test, and keys that come from the environment and go nowhere else."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection
from wire.http_server import HttpServer
from wire.openpi_server import OpenpiServer, droid_velocity
from wire.seen import observation, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError, PolicyUnreachable
from ros_wam.policy.client import WireClient
from ros_wam.policy.profile import load_profile
from ros_wam.policy.transports.transport import Address, make_transport
from ros_wam.share import share_dir

FRANKA = robot_named("franka")
KEY = "s3cret-and-long"
KEYED = {"headers": {"Authorization": "Api-Key ${LAB_KEY}"}}


class KeyedServer(OpenpiServer):
    """Lets nobody in without the key."""

    def _refuse_elsewhere(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization") != f"Api-Key {KEY}":
            return connection.respond(401, "Unauthorized\n")
        return None


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for this machine's loopback address, and one for another host, each with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificates")
    for name, host in (("here", "IP:127.0.0.1"), ("elsewhere", "DNS:elsewhere.example")):
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        names = ["-subj", "/CN=test", "-addext", f"subjectAltName={host}"]
        subprocess.run([openssl, "req", "-x509", *kind, *files, *names], check=True, capture_output=True)
    return folder


@pytest.fixture
def secure(certificates: Path) -> Iterator[OpenpiServer]:
    with OpenpiServer(droid_velocity(15), secure=context(certificates, "here")) as server:
        yield server


def context(folder: Path, name: str) -> ssl.SSLContext:
    """What a server with that certificate serves TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def client_of(folder: Path, url: str, **keys: Any) -> WireClient:
    """The client of a profile in `folder`, which differs from the one that ships in its URL and in `keys`."""
    shipped = yaml.safe_load((share_dir() / "config/policies/pi05_droid.yaml").read_text())
    (folder / "mine.yaml").write_text(yaml.safe_dump({**shipped, "name": "mine", "url": url, **keys}))
    return WireClient(load_profile(folder / "mine.yaml").for_robot(FRANKA), FRANKA, StationClock())


def refused(match: str) -> AbstractContextManager[pytest.ExceptionInfo[PolicyUnreachable]]:
    """The client must say that it cannot reach the server, and why."""
    return pytest.raises(PolicyUnreachable, match=match)


def test_a_certificate_that_the_profile_names_is_trusted(
    secure: OpenpiServer, certificates: Path, tmp_path: Path
) -> None:
    shutil.copy(certificates / "here.pem", tmp_path / "lab.pem")
    with closing(client_of(tmp_path, secure.url, ca_file="lab.pem")) as client:
        assert secure.url.startswith("wss://")
        assert client.infer(observation(FRANKA)).actions.shape == (15, 8)


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: OpenpiServer, tmp_path: Path) -> None:
    with closing(client_of(tmp_path, secure.url)) as client, refused("certificate verify failed"):
        client.connect()
    assert secure.opened == 0


def test_a_certificate_of_another_host_is_refused(certificates: Path, tmp_path: Path) -> None:
    ca_file = str(certificates / "elsewhere.pem")
    with OpenpiServer(droid_velocity(15), secure=context(certificates, "elsewhere")) as server:
        with closing(client_of(tmp_path, server.url, ca_file=ca_file)) as client, refused("IP address mismatch"):
            client.connect()
        assert server.opened == 0


@pytest.mark.parametrize(("text", "why"), [(None, "No such file or directory"), ("no certificate", "NO_CERTIFICATE")])
def test_a_file_that_holds_no_certificate_is_told_at_once(tmp_path: Path, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / "lab.pem").write_text(text)
    with pytest.raises(ConfigError, match=rf"ca_file {tmp_path}/lab\.pem cannot be used: .*{why}"):
        client_of(tmp_path, "wss://127.0.0.1:9", ca_file="lab.pem")


def test_https_trusts_the_same_certificates(certificates: Path) -> None:
    server = HttpServer("/act", context(certificates, "here"))
    with (
        server,
        closing(make_transport("http_post", Address(server.url, ca_file=certificates / "here.pem"))) as trusting,
    ):
        trusting.open(5.0)
        assert trusting.is_open
    for ca_file, why in (
        (None, "certificate verify failed"),
        (certificates / "elsewhere.pem", "certificate verify failed"),
    ):
        with server, closing(make_transport("http_post", Address(server.url, ca_file=ca_file))) as client, refused(why):
            client.open(5.0)


def test_a_server_with_tls_is_not_reached_without(secure: OpenpiServer, tmp_path: Path) -> None:
    with closing(client_of(tmp_path, secure.url.replace("wss", "ws"))) as client, refused("cannot be reached"):
        client.connect()


def test_a_key_of_the_environment_opens_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", KEY)
    with KeyedServer(droid_velocity(15)) as server, closing(client_of(tmp_path, server.url, **KEYED)) as client:
        assert client.infer(observation(FRANKA)).actions.shape == (15, 8)
    assert KEY not in (tmp_path / "mine.yaml").read_text()


def test_a_wrong_key_is_refused_and_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "wrong-one")
    with KeyedServer(droid_velocity(15)) as server, closing(client_of(tmp_path, server.url, **KEYED)) as client:
        try:
            client.connect()
        except PolicyUnreachable as error:
            assert "HTTP 401" in str(error) and "wrong-one" not in str(error)
        assert server.opened == 0


def test_a_key_that_is_not_set_is_told_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_KEY", raising=False)
    with pytest.raises(ConfigError, match="policy mine: Authorization needs the environment variable LAB_KEY"):
        client_of(tmp_path, "ws://127.0.0.1:9", **KEYED)


@pytest.mark.parametrize("key", ["geheim\n", "gehéim", "geheim\x7f", ""])
def test_a_key_that_no_header_can_hold_is_refused_and_not_told(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY", key)
    with pytest.raises(ConfigError, match=r"Authorization must be printable ASCII, .* variable LAB_KEY$") as told:
        client_of(tmp_path, "ws://127.0.0.1:9", **KEYED)
    assert "geh" not in str(told.value)
