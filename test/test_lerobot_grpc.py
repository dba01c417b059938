"""The transport of LeRobot's asynchronous inference against services that answer, misbehave and die."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from waiting import wait_until

from ros_wam.errors import PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.transports.lerobot_grpc import READY, SET_UP, LerobotGrpcTransport, make_transport
from ros_wam.policy.transports.transport import Address

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

PART = 2 * 1024 * 1024
Method = Callable[[Any, grpc.ServicerContext], bytes]


def nothing(request: Any, context: grpc.ServicerContext) -> bytes:
    return b""


class Service:
    """The four methods, each a function that a test may replace; `seen` is what they were called with."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.metadata: dict[str, str] = {}
        self.methods: dict[str, Method] = {}

    def handlers(self) -> grpc.GenericRpcHandler:
        unary = {name: grpc.unary_unary_rpc_method_handler(self._named(name)) for name in (READY, SET_UP, "GetActions")}
        stream = {"SendObservations": grpc.stream_unary_rpc_method_handler(self._named("SendObservations"))}
        return grpc.method_handlers_generic_handler("transport.AsyncInference", {**unary, **stream})

    def _named(self, name: str) -> Method:
        def called(request: Any, context: grpc.ServicerContext) -> bytes:
            self.metadata = dict(context.invocation_metadata())
            self.seen.append((name, request if isinstance(request, bytes) else list(request)))
            return self.methods.get(name, nothing)(request, context)

        return called


@contextmanager
def served(service: Service, port: int = 0, **address: Any) -> Iterator[LerobotGrpcTransport]:
    """A transport to `service`, open."""
    with running(service, port) as url, closing(make_transport(Address(url, **address))) as transport:
        assert transport.open(5.0) is None
        yield transport


@contextmanager
def running(service: Service, port: int = 0, secure: grpc.ServerCredentials | None = None) -> Iterator[str]:
    with ThreadPoolExecutor(4) as workers:
        options = [("grpc.max_send_message_length", -1)]
        server = grpc.server(workers, (service.handlers(),), options=options)
        at = f"127.0.0.1:{port}"
        bound = server.add_insecure_port(at) if secure is None else server.add_secure_port(at, secure)
        server.start()
        try:
            yield f"{'grpc' if secure is None else 'grpcs'}://127.0.0.1:{bound}"
        finally:
            server.stop(0).wait()


def test_an_observation_goes_in_parts_and_its_actions_come_back() -> None:
    service = Service()
    service.methods["GetActions"] = lambda request, context: b"\x0a\x03abc"
    with served(service) as transport:
        assert transport.exchange(b"x" * (2 * PART + 1), 5.0) == b"abc"
        assert transport.exchange(b"small", 5.0) == b"abc"
    (ready, _), (_, large), (asked, empty), (_, small), _ = service.seen
    assert (ready, asked, empty) == (READY, "GetActions", b"")
    assert [part[:2] for part in large] == [b"\x08\x01", b"\x08\x02", b"\x08\x03"]  # begin, middle, end
    assert [len(part) for part in large] == [PART + 7, PART + 7, 5]
    assert small == [b"\x08\x03\x12\x05small"]


def test_a_set_up_is_one_message_and_ready_an_empty_one() -> None:
    service = Service()
    with served(service) as transport:
        assert transport.exchange(b"abc", 5.0, SET_UP) == b""
        assert transport.exchange(b"abc", 5.0, READY) == b""
    assert service.seen == [(READY, b""), (SET_UP, b"\x0a\x03abc"), (READY, b"")]


def test_headers_go_along() -> None:
    service = Service()
    with served(service, headers={"Authorization": "Bearer secret"}):
        assert service.metadata["authorization"] == "Bearer secret"


@pytest.mark.parametrize(("answer", "expected"), [(b"", b""), (b"\x0a\x00", b""), (b"\x12\x01x", b"")])
def test_actions_without_data_are_empty(answer: bytes, expected: bytes) -> None:
    service = Service()
    service.methods["GetActions"] = lambda request, context: answer
    with served(service) as transport:
        assert transport.exchange(b"x", 5.0) == expected


@pytest.mark.parametrize("answer", [b"\x0a\x05abc", b"\xff" * 20, b"\x0a"])
def test_what_is_no_message_is_invalid(answer: bytes) -> None:
    service = Service()
    service.methods["GetActions"] = lambda request, context: answer
    with served(service) as transport, pytest.raises(PolicyAnswerInvalid, match="no message of the service"):
        transport.exchange(b"x", 5.0)


def test_an_exception_of_the_server_is_told_in_its_words() -> None:
    def refuse(request: Any, context: grpc.ServicerContext) -> bytes:
        raise ValueError("Policy type xvla not supported")

    service = Service()
    service.methods[SET_UP] = refuse
    told = r"failed in SendPolicyInstructions: UNKNOWN: .*Policy type xvla not supported"
    with served(service) as transport, pytest.raises(PolicyAnswerInvalid, match=told):
        transport.exchange(b"x", 5.0, SET_UP)


def test_a_service_of_another_kind_is_told() -> None:
    with ThreadPoolExecutor(1) as workers:
        server = grpc.server(workers)
        url = f"grpc://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        with closing(make_transport(Address(url))) as transport, pytest.raises(PolicyAnswerInvalid, match="UNIMPL"):
            transport.open(5.0)
        server.stop(0).wait()


@pytest.mark.parametrize("method", ["SendObservations", "GetActions"])
def test_both_calls_are_in_one_time(method: str) -> None:
    released = threading.Event()

    def wait(request: Any, context: grpc.ServicerContext) -> bytes:
        released.wait(10.0)
        return b""

    service = Service()
    service.methods[method] = wait
    with served(service) as transport:
        with pytest.raises(PolicyTimeout, match=f"did not answer {method}"):
            transport.exchange(b"x", 0.1)
        released.set()


def test_what_is_left_of_the_time_is_for_the_second_call() -> None:
    left: list[float] = []

    def slow(request: Any, context: grpc.ServicerContext) -> bytes:
        threading.Event().wait(0.3)
        return b""

    def ask(request: Any, context: grpc.ServicerContext) -> bytes:
        left.append(context.time_remaining())
        return b""

    service = Service()
    service.methods |= {"SendObservations": slow, "GetActions": ask}
    with served(service) as transport:
        transport.exchange(b"x", 4.0)
    assert left[0] < 3.9


def test_an_answer_that_is_too_large_is_refused() -> None:
    service = Service()
    service.methods["GetActions"] = lambda request, context: bytes(MAX_MESSAGE_BYTES + 1024)
    with served(service) as transport, pytest.raises(PolicyAnswerInvalid, match="RESOURCE_EXHAUSTED"):
        transport.exchange(b"x", 10.0)


@pytest.mark.parametrize("url", ["grpc://127.0.0.1:1", "grpc://127.0.0.1:99999", "grpc://", "grpc://nobody.invalid:80"])
def test_nobody_there_is_unreachable(url: str) -> None:
    with closing(make_transport(Address(url))) as transport:
        with pytest.raises(PolicyUnreachable):
            transport.open(2.0)
        assert not transport.is_open


def test_a_server_that_says_nothing_does_not_connect_in_time() -> None:
    def wait(request: Any, context: grpc.ServicerContext) -> bytes:
        released.wait(10.0)
        return b""

    released, service = threading.Event(), Service()
    service.methods[READY] = wait
    with running(service) as url, closing(make_transport(Address(url))) as transport:
        with pytest.raises(PolicyUnreachable, match=r"did not connect within 0\.1 s"):
            transport.open(0.1)
        released.set()


def test_a_closed_transport_is_not_connected() -> None:
    with served(Service()) as transport:
        assert transport.is_open
        transport.close()
        transport.close()
        assert not transport.is_open
        with pytest.raises(PolicyUnreachable, match="not connected"):
            transport.exchange(b"x", 1.0)
        transport.open(5.0)
        assert transport.is_open


def test_a_connection_that_the_server_closed_is_known_and_not_made_again_by_itself() -> None:
    with running(Service()) as url:
        transport = make_transport(Address(url))
        transport.open(5.0)
        port = int(url.rpartition(":")[2])
    with running(Service(), port), closing(transport):
        wait_until(lambda: not transport.is_open, "the end of the connection")


def test_a_secure_server_is_reached_with_its_certificate_alone(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, trusted = tmp_path / "key", tmp_path / "pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=test"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(trusted)]
    subprocess.run([openssl, "req", "-x509", *curve, *names], check=True, capture_output=True)
    with running(Service(), secure=grpc.ssl_server_credentials([(key.read_bytes(), trusted.read_bytes())])) as url:
        with closing(make_transport(Address(url, ca_file=trusted))) as transport:
            transport.open(5.0)
            assert transport.is_open
        with closing(make_transport(Address(url))) as stranger, pytest.raises(PolicyUnreachable):
            stranger.open(2.0)
        lost = Address(url, ca_file=tmp_path / "lost")
        with closing(make_transport(lost)) as transport, pytest.raises(PolicyUnreachable, match="No such file"):
            transport.open(2.0)
