"""ZeroMQ REQ to a server's REP: one frame there, one frame back. https://rfc.zeromq.org/spec/28/

Requests are numbered (REP gives the number back), so that a second answer to one is not taken for that to the next.
What the socket's monitor tells ends the waiting: a server that dies is known at once. libzmq bounds the size of a frame
but not their number: one answer in frames without end takes memory until its time is over.
"""

import zmq
from zmq.utils.monitor import parse_monitor_message

from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.transports.transport import Address

_ENDED = (
    zmq.EVENT_CLOSED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
_OPTIONS = {
    zmq.LINGER: 0,
    zmq.MAXMSGSIZE: MAX_MESSAGE_BYTES,
    zmq.RCVHWM: 1,  # a server that floods fills no memory
    zmq.REQ_CORRELATE: 1,
    zmq.RECONNECT_IVL: -1,  # who connects again asks again
}


class ZmqRequestTransport:
    """See Transport."""

    def __init__(self, address: Address) -> None:
        self._url = address.url
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None

    @property
    def is_open(self) -> bool:
        """See Transport."""
        return self._monitor is not None and not self._monitor.poll(0)

    def open(self, timeout_s: float) -> None:
        """See Transport. A server that is busy with another client's request is connected all the same."""
        self.close()
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._socket = socket = context.socket(zmq.REQ)
        for option, value in _OPTIONS.items():
            socket.setsockopt(option, value)
        self._monitor = socket.get_monitor_socket(_ENDED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        try:
            socket.connect(self._url)
        except zmq.ZMQError as error:
            raise PolicyUnreachable(f"policy server {self._url} cannot be reached: {error}") from error
        if not self._monitor.poll(_ms(timeout_s)):
            raise PolicyUnreachable(f"policy server {self._url} did not connect within {timeout_s:g} s")
        event = parse_monitor_message(self._monitor.recv_multipart())["event"]
        if event != zmq.EVENT_HANDSHAKE_SUCCEEDED:
            told = "nobody is there" if event == zmq.EVENT_CLOSED else "it speaks no ZeroMQ"
            raise PolicyUnreachable(f"policy server {self._url} cannot be reached: {told}")

    def exchange(self, request: bytes, timeout_s: float, endpoint: str = "") -> bytes:
        """See Transport; there is but one endpoint. Its time is that of the whole: an answer comes whole or not."""
        socket, monitor = self._socket, self._monitor
        if socket is None or monitor is None:
            raise PolicyUnreachable(f"policy server {self._url} is not connected")
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        try:
            socket.send(request, zmq.NOBLOCK, copy=False)
        except zmq.ZMQError as error:
            raise PolicyUnreachable(f"policy server {self._url} takes no request: {error}") from error
        ready = dict(poller.poll(_ms(timeout_s)))
        if socket in ready:
            return self._answer(socket)
        if monitor in ready:
            told = f"closed the connection, or it was cut: more than {MAX_MESSAGE_BYTES} bytes, or what answers nothing"
            raise PolicyUnreachable(f"policy server {self._url} {told}")
        raise PolicyTimeout(f"policy server {self._url} did not send an answer in {timeout_s:g} s")

    def close(self) -> None:
        """See Transport. The context stays: to end it is to wait for a name that is still being looked up."""
        if self._socket is not None and self._monitor is not None:
            self._socket.disable_monitor()
            self._monitor.close(linger=0)
            self._socket.close(linger=0)
        self._socket = self._monitor = None

    def _answer(self, socket: zmq.Socket[bytes]) -> bytes:
        try:
            frames = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again as error:  # it had come, and was thrown away for its number
            raise PolicyAnswerInvalid(f"policy server {self._url} sent an answer to no request") from error
        if len(frames) != 1:
            raise PolicyAnswerInvalid(f"policy server {self._url} answered in {len(frames)} frames, must be one")
        return frames[0]


def make_transport(address: Address) -> ZmqRequestTransport:
    """Return an unconnected transport; raises ConfigError for what has no place on this wire."""
    if address.headers or address.ca_file is not None:
        raise ConfigError(f"headers and ca_file are for the web; {address.url} is ZeroMQ, which knows neither")
    return ZmqRequestTransport(address)


def _ms(timeout_s: float) -> int:
    return max(1, round(timeout_s * 1000.0))
