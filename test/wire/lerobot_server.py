"""LeRobot's policy server (asynchronous inference, 0.4.4) as its wire is described, with a stand-in for the policy."""

import io
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
import numpy as np
from wire.lerobot_pickles import POLICY_TYPES, Incoming, timed_actions

END = 3
FPS = 30.0


def hold_still(observation: "Incoming") -> Any:
    """As many rows as there are to be in a chunk, each the state."""
    return np.tile(np.asarray(observation.state, np.float32), (observation.rows, 1))


class LerobotServer:
    """`requests`: the observations that were inferred from. An error of the policy is an empty answer, as is an
    observation that was dropped because it is too much like the last one, or bears a time step that was answered.
    """

    def __init__(self, port: int = 0, queue_timeout_s: float = 0.2) -> None:
        self.requests: list[Incoming] = []
        self.set_ups: list[Any] = []
        self.names: set[str] = set()
        self.parts: list[int] = []
        self.readies = 0
        self.answer: Callable[[Incoming], Any] = hold_still
        self.fail_next = self.widen = False
        self.raw: bytes | None = None
        self._timeout_s = queue_timeout_s
        self._queue: queue.Queue[Incoming] = queue.Queue(1)
        self._answered: set[int] = set()
        self._last: Incoming | None = None
        self._lock = threading.Lock()
        self._workers = ThreadPoolExecutor(4)
        self._server = grpc.server(self._workers, (self._methods(),), options=(("grpc.so_reuseport", 0),))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")

    @property
    def url(self) -> str:
        return f"grpc://127.0.0.1:{self.port}"

    @property
    def resets(self) -> int:
        """How often `Ready` was called beside at the beginning of a connection, which a set-up follows."""
        return self.readies - len(self.set_ups)

    def __enter__(self) -> "LerobotServer":
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.stop(0).wait()
        self._workers.shutdown()

    def _methods(self) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            "transport.AsyncInference",
            {
                "Ready": grpc.unary_unary_rpc_method_handler(self._ready),
                "SendPolicyInstructions": grpc.unary_unary_rpc_method_handler(self._set_up),
                "SendObservations": grpc.stream_unary_rpc_method_handler(self._observe),
                "GetActions": grpc.unary_unary_rpc_method_handler(self._act),
            },
        )

    def _ready(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.readies += 1
        with self._lock:
            self._queue, self._answered = queue.Queue(1), set()
        return b""

    def _set_up(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        value, names = Incoming.read(_fields(request)[1])
        if value.policy_type not in POLICY_TYPES:
            raise ValueError(f"Policy type {value.policy_type} not supported. Supported policies: {POLICY_TYPES}")
        self.names |= names
        self.set_ups.append(value)
        return b""

    def _observe(self, parts: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        data = io.BytesIO()
        for part in parts:
            message = _fields(part)
            self.parts.append(message[0])
            data.write(message[1])
            if message[0] == END:
                break
        observation, names = Incoming.read(data.getvalue())
        self.names |= names
        if observation.must_go or self._last is None or self._differs(observation, self._last):
            with self._lock:
                if self._queue.full():
                    self._queue.get_nowait()
                self._queue.put(observation)
        return b""

    def _differs(self, observation: Incoming, last: Incoming) -> bool:
        moved = np.linalg.norm(np.subtract(self._state(observation), self._state(last)))
        return observation.timestep not in self._answered and bool(moved >= 1.0)

    def _act(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        waiting = self._queue
        try:
            observation = waiting.get(timeout=self._timeout_s)
            self._answered.add(observation.timestep)
            return _bytes_field(1, self._infer(observation))
        except (queue.Empty, KeyError, IndexError, ValueError):
            return b""

    def _infer(self, observation: Incoming) -> bytes:
        set_up = self.set_ups[-1]  # IndexError: there is no policy
        observation.state = self._state(observation)
        observation.rows = set_up.actions_per_chunk
        for name in set_up.lerobot_features:
            if name.startswith("observation.images."):
                observation.observation[name.removeprefix("observation.images.")]  # KeyError: a camera is missing
        self._last = observation
        self.requests.append(observation)
        if self.fail_next:
            self.fail_next = False
            raise ValueError("the policy raised")
        if self.raw is not None:
            return self.raw
        rows = np.asarray(self.answer(observation), np.float32)
        if self.widen:
            rows = np.hstack([rows, rows[:, :1]])
        return timed_actions(rows, observation.timestamp, observation.timestep, 1.0 / FPS)

    def _state(self, observation: Incoming) -> list[float]:
        names = self.set_ups[-1].lerobot_features["observation.state"]["names"]
        return [observation.observation[name] for name in names]


def _fields(message: bytes) -> dict[int, Any]:
    """Read a protobuf message of varints and bytes: field 1 of PolicySetup is at key 1, of Observation at 0 and 1."""
    values: list[Any] = []
    stream = io.BytesIO(message)
    while tag := stream.read(1):
        number = _varint(stream)
        values.append(stream.read(number) if tag[0] & 7 == 2 else number)
    return dict(enumerate(values)) if len(values) == 2 else {1: values[0]}


def _varint(stream: io.BytesIO) -> int:
    value = shift = 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value


def _bytes_field(number: int, data: bytes) -> bytes:
    length, size = bytearray(), len(data)
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    length.append(size)
    return bytes([number << 3 | 2]) + bytes(length) + data
