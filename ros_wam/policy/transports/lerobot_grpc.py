"""LeRobot's asynchronous inference: the gRPC service `transport.AsyncInference`, without lerobot.

Methods, messages and the size of a part: lerobot 0.4.4, transport/services.proto and transport/utils.py. The same
service at the newest version read, 0.6.2.
"""

import urllib.parse
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from ros_wam.errors import PolicyAnswerInvalid, PolicyError, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.transports.transport import Address

READY, SET_UP = "Ready", "SendPolicyInstructions"
_OBSERVE, _ACT = "SendObservations", "GetActions"
_BEGIN, _MIDDLE, _END = 1, 2, 3  # TransferState
_PART_BYTES = 2 * 1024 * 1024
_ENVELOPE_BYTES = 64
_MOST_CHARACTERS = 500
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES + _ENVELOPE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES + _ENVELOPE_BYTES),
    ("grpc.enable_retries", 0),  # what is sent twice is inferred twice
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),  # otherwise a new channel waits as long as the last one's was to wait
    ("grpc.client_idle_timeout_ms", 2**31 - 1),  # a new connection costs loading the policy
)
_READY_STATE: int = grpc.ChannelConnectivity.READY.value[0]
_CLOSED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


class LerobotGrpcTransport:
    """See Transport. An `endpoint` is READY or SET_UP; without one a request is an observation, and the answer its
    actions: two calls, in one time. A server answers no error but an empty one, see the dialect.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._metadata = tuple((name.lower(), text) for name, text in address.headers.items())
        self._channel: Any = None

    @property
    def is_open(self) -> bool:
        """See Transport. A channel would connect again by itself, to a server that has no policy by then.

        Asked is the channel below, because `subscribe` has a thread that ends in a traceback when a channel is closed.
        """
        return self._channel is not None and self._channel._channel.check_connectivity_state(False) == _READY_STATE

    def open(self, timeout_s: float) -> None:
        """See Transport. READY is called, which makes a server forget what an earlier client left there."""
        self.close()
        self._channel = self._new_channel()
        try:
            self._call(READY, b"", timeout_s)
        except PolicyTimeout as error:
            told = f"policy server {self._address.url} did not connect within {timeout_s:g} s"
            raise PolicyUnreachable(told) from error

    def exchange(self, request: bytes, timeout_s: float, endpoint: str = "") -> bytes:
        """See Transport."""
        if endpoint == READY:
            return self._call(READY, b"", timeout_s)[0]
        if endpoint:
            return self._call(endpoint, _Setup(data=request).SerializeToString(), timeout_s)[0]
        _, left_s = self._call(_OBSERVE, request, timeout_s)
        answer, _ = self._call(_ACT, b"", left_s)
        try:
            data: bytes = _Actions.FromString(answer).data
        except DecodeError as error:
            raise PolicyAnswerInvalid(f"answer of {len(answer)} bytes is no message of the service: {error}") from error
        return data

    def close(self) -> None:
        """See Transport."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _new_channel(self) -> grpc.Channel:
        target = urllib.parse.urlsplit(self._address.url).netloc
        if not target:
            raise PolicyUnreachable(f"policy server {self._address.url} cannot be reached: there is no host in it")
        if not self._address.url.startswith("grpcs:"):
            return grpc.insecure_channel(target, _OPTIONS)
        try:
            trusted = self._address.ca_file.read_bytes() if self._address.ca_file is not None else None
        except OSError as error:
            raise PolicyUnreachable(f"policy server {self._address.url} cannot be reached: {error}") from error
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(trusted), _OPTIONS)

    def _call(self, method: str, request: bytes, timeout_s: float) -> tuple[bytes, float]:
        """Return the answer, and how much of the time is left [s]."""
        if self._channel is None:
            raise PolicyUnreachable(f"policy server {self._address.url} is not connected")
        path = f"/transport.AsyncInference/{method}"
        try:
            if method == _OBSERVE:
                call = self._channel.stream_unary(path).future(_parts(request), timeout_s, self._metadata)
            else:
                call = self._channel.unary_unary(path).future(request, timeout_s, self._metadata)
            answer: bytes = call.result()
            return answer, min(call.time_remaining(), timeout_s)
        except grpc.RpcError as error:
            raise self._named(error, method, timeout_s) from error

    def _named(self, error: Any, method: str, timeout_s: float) -> PolicyError:
        code, words = error.code(), (error.details() or "").strip().rpartition("\n")[2][:_MOST_CHARACTERS]
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return PolicyTimeout(f"policy server {self._address.url} did not answer {method} in {timeout_s:g} s")
        if code in _CLOSED:
            return PolicyUnreachable(f"policy server {self._address.url} cannot be reached: {words}")
        return PolicyAnswerInvalid(f"the policy server failed in {method}: {code.name}: {words}")


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield the messages that carry an observation; one alone is the last one."""
    for start in range(0, len(data), _PART_BYTES):
        is_last = start + _PART_BYTES >= len(data)
        state = _END if is_last else (_MIDDLE if start else _BEGIN)
        yield _Observation(transfer_state=state, data=data[start : start + _PART_BYTES]).SerializeToString()


def _message(name: str, **fields: int) -> Any:
    """Return the class of a message whose fields have these types, numbered from 1."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="transport", syntax="proto3")
    message = file.message_type.add(name=name)
    for number, (field, kind) in enumerate(fields.items(), start=1):
        message.field.add(
            name=field, number=number, type=kind, label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
        )
    pool = descriptor_pool.DescriptorPool()  # its own: lerobot's has messages of these names
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"transport.{name}"))


_BYTES, _INT32 = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES, descriptor_pb2.FieldDescriptorProto.TYPE_INT32
_Setup = _message("PolicySetup", data=_BYTES)
_Observation = _message("Observation", transfer_state=_INT32, data=_BYTES)
_Actions = _message("Actions", data=_BYTES)


def make_transport(address: Address) -> LerobotGrpcTransport:
    """Return an unconnected transport."""
    return LerobotGrpcTransport(address)
