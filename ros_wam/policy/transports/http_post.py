"""HTTP: a request is posted to the path of the server's URL, on a connection that is kept.

Answers of a status other than 2xx are errors; redirections are not followed, compressed answers not asked for.
"""

import asyncio
import contextlib
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx

from ros_wam.errors import PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.transports.transport import Address, tls_context

_REFUSED = (401, 403)
_LARGEST_PORT = 65535
_MOST_CHARACTERS = 500
_T = TypeVar("_T")


class HttpPostTransport:
    """See Transport. An `endpoint` is `METHOD PATH` or a path to post to, on the same server.

    It has an event loop of its own, because only there an exchange as a whole can be given a time: a server that
    trickles its answer would extend the timeouts of single reads for ever.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._tls = tls_context(address) if address.url.startswith("https:") else False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._stream: Any = None
        self._closes = False

    @property
    def is_open(self) -> bool:
        """See Transport. A connection on which something can be read between two exchanges has been closed; it is no
        sign where the server says that it closes each after its answer, as Flask's own does.
        """
        return self._stream is not None and (self._closes or not self._stream.get_extra_info("is_readable"))

    def open(self, timeout_s: float) -> None:
        """See Transport. Asks with HEAD, which reaches the server and no policy: any status shows that one is there."""
        self.close()
        url = self._address.url
        try:
            if (httpx.URL(url).port or 0) > _LARGEST_PORT:
                raise httpx.InvalidURL(f"no port is larger than {_LARGEST_PORT}")
            self._loop = asyncio.new_event_loop()
            self._client = self._new_client()
            status, _ = self._within(timeout_s, self._answer("HEAD", url, b""))
        except asyncio.TimeoutError as error:
            raise PolicyUnreachable(f"policy server {url} did not connect within {timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise PolicyUnreachable(f"policy server {url} cannot be reached: {_told(error)}") from error
        if status in _REFUSED:
            raise PolicyAnswerInvalid(f"policy server {url} refuses this client: HTTP status {status}")

    def exchange(self, request: bytes, timeout_s: float, endpoint: str = "") -> bytes:
        """See Transport."""
        if self._client is None:
            raise PolicyUnreachable(f"policy server {self._address.url} is not connected")
        method, _, path = endpoint.rpartition(" ")
        try:
            url = str(httpx.URL(self._address.url).join(path))
            status, body = self._within(timeout_s, self._answer(method or "POST", url, request))
        except asyncio.TimeoutError as error:
            raise PolicyTimeout(f"policy server {self._address.url} sent no answer in {timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise PolicyUnreachable(f"policy server {self._address.url} sent no answer: {_told(error)}") from error
        if not 200 <= status < 300:
            raise PolicyAnswerInvalid(f"the policy server failed: HTTP status {status}: {_words(body)}")
        return body

    def close(self) -> None:
        """See Transport."""
        self._stream = None
        client, self._client = self._client, None
        loop, self._loop = self._loop, None
        if loop is not None:
            if client is not None:
                with contextlib.suppress(httpx.HTTPError, OSError):
                    loop.run_until_complete(client.aclose())
            loop.close()

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls,
            headers={"Content-Type": self._address.content_type, "Accept-Encoding": "identity"}
            | dict(self._address.headers),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None),
            timeout=None,
            trust_env=False,  # neither proxies nor passwords that other programs use
        )

    def _within(self, timeout_s: float, call: Coroutine[Any, Any, _T]) -> _T:
        assert self._loop is not None
        return self._loop.run_until_complete(asyncio.wait_for(call, timeout_s))

    async def _answer(self, method: str, url: str, request: bytes) -> tuple[int, bytes]:
        """Return the status and the body; raises httpx.HTTPError, and PolicyAnswerInvalid for what is too large."""
        assert self._client is not None
        content = request if method == "POST" else None
        body = bytearray()
        async with self._client.stream(method, url, content=content) as answer:
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MAX_MESSAGE_BYTES:
                    raise PolicyAnswerInvalid(f"the answer is larger than {MAX_MESSAGE_BYTES} bytes")
            self._stream = answer.extensions["network_stream"]
            self._closes = answer.http_version == "HTTP/1.0" or answer.headers.get("Connection", "").lower() == "close"
        return answer.status_code, bytes(body)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _words(body: bytes) -> str:
    """Return what an error's body says: `error` or `detail` of JSON, or the text itself."""
    text = body[: 64 * 1024].decode("utf-8", "replace").strip()
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, dict):
            value = value.get("error", value.get("detail", value))
        text = str(value)
    return text.rpartition("\n")[2][:_MOST_CHARACTERS] or "without a word"


def make_transport(address: Address) -> HttpPostTransport:
    """Return an unconnected transport."""
    return HttpPostTransport(address)
