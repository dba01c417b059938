"""HTTP to policy servers, against servers that are slow, large, wrong or gone."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
from wire.http_server import Answer, HttpServer, told

from ros_wam.errors import PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.codecs import codec
from ros_wam.policy.transports import http_post
from ros_wam.policy.transports.http_post import HttpPostTransport, make_transport
from ros_wam.policy.transports.transport import Address


class Echo(HttpServer):
    """Answers what it is asked."""

    answer = staticmethod(lambda body: Answer(body, content_type="application/octet-stream"))

    def posted(self, body: bytes, content_type: str) -> Answer:
        return self.answer(body)

    def got(self, path: str) -> Answer:
        return told({"status": "healthy"}) if path == "/health" else super().got(path)


@contextmanager
def raw_server(behaviour: Callable[[bytes], Iterator[bytes]]) -> Iterator[str]:
    """A server that answers each piece of a request's head with these bytes; yields its URL."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                while data := self.request.recv(65536):
                    for part in behaviour(data):
                        self.request.sendall(part)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/act"
        finally:
            server.shutdown()
            thread.join()


def opened(url: str) -> contextlib.closing[HttpPostTransport]:
    transport = make_transport(Address(url))
    transport.open(5.0)
    return closing(transport)


def ok(head: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode()


def test_a_request_goes_to_the_path_of_the_url_on_one_connection() -> None:
    headers = {"Authorization": "Bearer key"}
    with Echo("/act") as server:
        transport = make_transport(Address(server.url, headers, content_type="application/json"))
        with closing(transport):
            assert not transport.is_open
            transport.open(5.0)
            assert [transport.exchange(bytes([n]), 5.0) for n in range(3)] == [b"\0", b"\1", b"\2"]
            assert transport.is_open
            assert server.opened == 1
            assert server.headers["Authorization"] == "Bearer key"
            assert server.headers["Content-Type"] == "application/json"
        assert not transport.is_open


def test_other_endpoints_are_of_the_same_server() -> None:
    with Echo("/act") as server, opened(server.url) as transport:
        assert transport.exchange(b"", 5.0, "GET /health") == b'{"status": "healthy"}'
        assert transport.exchange(b"x", 5.0, "/act") == b"x"
        with pytest.raises(PolicyAnswerInvalid, match="404: Not Found"):
            transport.exchange(b"x", 5.0, "/reset")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "Missing key: left_color"}', "Missing key: left_color"),
        (b'{"detail": "Internal server error: boom"}', "Internal server error: boom"),
        (b"<html>\nBad Gateway", "Bad Gateway"),
        (b"", "without a word"),
        (b"[" * 9999, r"\[\["),
    ],
)
def test_status_that_is_an_error_is_told_with_the_servers_words(body: bytes, words: str) -> None:
    with Echo("/act") as server, opened(server.url) as transport:
        server.answer = lambda _: Answer(body, status=500)
        with pytest.raises(PolicyAnswerInvalid, match=f"HTTP status 500: {words}"):
            transport.exchange(b"x", 5.0)


def test_redirection_is_not_followed() -> None:
    elsewhere = b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"
    refused = pytest.raises(PolicyAnswerInvalid, match="302")
    with raw_server(lambda _: iter([elsewhere])) as url, opened(url) as transport, refused:
        transport.exchange(b"x", 5.0)


def test_server_that_trickles_its_answer_does_not_extend_its_time() -> None:
    def trickle(data: bytes) -> Iterator[bytes]:
        if data.startswith(b"HEAD"):
            yield ok("Content-Length: 0")
            return
        yield ok("Content-Length: 1000000")
        while not given_up.wait(0.01):
            yield b"x"

    given_up = threading.Event()
    with raw_server(trickle) as url, opened(url) as transport:
        with pytest.raises(PolicyTimeout, match=r"no answer in 0\.1 s"):
            transport.exchange(b"x", 0.1)
        given_up.set()


def test_answer_that_is_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_post, "MAX_MESSAGE_BYTES", 1000)
    with Echo("/act") as server, opened(server.url) as transport:
        assert transport.exchange(bytes(1000), 5.0) == bytes(1000)
        with pytest.raises(PolicyAnswerInvalid, match="larger than 1000 bytes"):
            transport.exchange(bytes(1001), 5.0)


def test_answer_without_an_end_is_none() -> None:
    def cut(data: bytes) -> Iterator[bytes]:
        yield ok("Content-Length: 0" if data.startswith(b"HEAD") else "Connection: close\r\nContent-Length: x")

    with raw_server(cut) as url, opened(url) as transport, pytest.raises(PolicyUnreachable, match="sent no answer"):
        transport.exchange(b"x", 5.0)


def test_silent_server_is_unreachable() -> None:
    with raw_server(lambda _: iter([])) as url, pytest.raises(PolicyUnreachable, match=r"not connect within 0\.1 s"):
        transport = make_transport(Address(url))
        with closing(transport):
            transport.open(0.1)


@pytest.mark.parametrize("status", [401, 403])
def test_server_that_refuses_the_key_is_told_at_once(status: int) -> None:
    refusal = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    with raw_server(lambda _: iter([refusal])) as url, pytest.raises(PolicyAnswerInvalid, match=f"status {status}"):
        transport = make_transport(Address(url))
        with closing(transport):
            transport.open(5.0)


def test_server_that_is_gone_is_seen_and_found_again() -> None:
    server = Echo("/act")
    with server, opened(server.url) as transport:
        transport.exchange(b"x", 5.0)
        server.stop()
        assert not transport.is_open
        with pytest.raises(PolicyUnreachable):
            transport.exchange(b"x", 5.0)
        with pytest.raises(PolicyUnreachable, match="cannot be reached"):
            transport.open(5.0)
        server.start()
        transport.open(5.0)
        assert transport.exchange(b"x", 5.0) == b"x"


@pytest.mark.parametrize("head", ["HTTP/1.0 200 OK", "HTTP/1.1 200 OK\r\nConnection: close"])
def test_server_that_closes_after_each_answer_is_still_there(head: str) -> None:
    def once(data: bytes) -> Iterator[bytes]:
        asked.append(data[:4])
        yield f"{head}\r\nContent-Length: 1\r\n\r\nx"[: -1 if data.startswith(b"HEAD") else None].encode()
        raise ConnectionError  # which hangs up

    asked: list[bytes] = []
    with raw_server(once) as url, opened(url) as transport:
        for _ in range(2):
            assert transport.is_open
            assert transport.exchange(b"", 5.0) == b"x"
        assert transport.is_open
    assert asked == [b"HEAD", b"POST", b"POST"]


def test_a_closed_connection_is_not_asked() -> None:
    with pytest.raises(PolicyUnreachable, match="is not connected"):
        make_transport(Address("http://127.0.0.1:9")).exchange(b"x", 5.0)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999", "http://x:abc", "http://[::1", "http://", "http://127.0.0.1:9"]
)
def test_what_is_no_server_is_unreachable(url: str) -> None:
    transport = make_transport(Address(url))
    with closing(transport), pytest.raises(PolicyUnreachable, match="cannot be reached"):
        transport.open(5.0)


def test_limit_is_that_of_every_message() -> None:
    assert http_post.MAX_MESSAGE_BYTES == codec.MAX_MESSAGE_BYTES
