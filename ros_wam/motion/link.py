"""The one line between the control process and its supervisor: whole msgpack messages over a SEQPACKET socket.

Neither side ever waits for the other: what does not fit is dropped and counted.
"""

import contextlib
import errno
import select
import socket
from typing import Any

import msgpack

from ros_wam.causes import Cause, Limit
from ros_wam.types import (
    ActionChunk,
    Command,
    FloatArray,
    Intervention,
    JointState,
    Mode,
    Provenance,
    SafetyVerdict,
    StepRecord,
    Target,
)

MAX_MESSAGE_BYTES = 1 << 20
BUFFER_BYTES = 1 << 20


class Link:
    """One end of the line. `dropped` counts messages that did not fit; `closed` is set when the other end is gone."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._socket = end
        self._received = bytearray(MAX_MESSAGE_BYTES)
        self.dropped = 0
        self.closed = False

    def fileno(self) -> int:
        """The socket's descriptor, for waiting on it."""
        return self._socket.fileno()

    def send(self, kind: str, content: Any) -> None:
        """Send one message, or drop it."""
        data = msgpack.packb([kind, content])
        if len(data) > MAX_MESSAGE_BYTES:  # the other end would get a part of it
            self.dropped += 1
            return
        try:
            self._socket.send(data)
        except BlockingIOError:
            self.dropped += 1
        except OSError as error:
            self.dropped += 1
            self.closed = error.errno != errno.EMSGSIZE  # too long a message is no end of the conversation

    def receive(self) -> list[tuple[str, Any]]:
        """Return the messages that have come, oldest first."""
        messages: list[tuple[str, Any]] = []
        while not self.closed:
            try:
                length = self._socket.recv_into(self._received)
            except BlockingIOError:
                break
            except OSError:
                length = 0
            if not length:
                self.closed = True
                break
            kind, content = msgpack.unpackb(memoryview(self._received)[:length])
            messages.append((kind, content))
        return messages

    def wait(self, seconds: float) -> bool:
        """Return whether a message, or the end of the line, has come; wait for it at most this long."""
        return not self.closed and bool(select.select([self._socket], [], [], seconds)[0])

    def shut(self) -> None:
        """End the conversation; both ends see it, also one that is waiting on the descriptor."""
        with contextlib.suppress(OSError):  # the other end was gone already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the descriptor."""
        self.closed = True
        self._socket.close()


def pack_chunk(chunk: ActionChunk) -> list[Any]:
    """Return a chunk as msgpack knows it."""
    head = [chunk.inference_id, chunk.chunk_id, chunk.observation_stamp_ns, chunk.t0_ns, chunk.dt_s]
    return [*head, chunk.positions.tolist(), chunk.reanchored]


def unpack_chunk(content: list[Any]) -> ActionChunk:
    """Undo `pack_chunk`; raises SpecError."""
    return ActionChunk(*content)


def pack_record(record: StepRecord) -> list[Any]:
    """Return one tick as msgpack knows it."""
    state, target, verdict = record.state, record.target, record.verdict
    source = None if target is None else target.provenance
    return [
        record.sequence,
        record.stamp_ns,
        record.mode.value,
        None if state is None else [state.stamp_ns, *map(_list, _arrays(state))],
        None if target is None else [_list(target.position), _list(target.velocity)],
        None if source is None else list(vars(source).values()),
        _list(record.desired.position),
        _list(verdict.command.position),
        None if verdict.cause is None else verdict.cause.value,
        [[int(item.limit), item.joint, item.asked, item.given] for item in verdict.interventions],
        _list(record.sent.position),
        record.late_ns,
    ]


def unpack_record(content: list[Any]) -> StepRecord:
    """Undo `pack_record`."""
    sequence, stamp_ns, mode, state, target, source, desired, given, cause, interventions, sent, late_ns = content
    verdict = SafetyVerdict(
        Command(stamp_ns, given),
        None if cause is None else Cause(cause),
        tuple(Intervention(Limit(limit), *rest) for limit, *rest in interventions),
    )
    return StepRecord(
        sequence,
        stamp_ns,
        Mode(mode),
        None if state is None else JointState(*state),
        None if target is None else Target(target[0], target[1], Provenance(*source)),
        Command(stamp_ns, desired),
        verdict,
        Command(stamp_ns, sent),
        late_ns,
    )


def _arrays(state: JointState) -> tuple[FloatArray, ...]:
    return state.position, state.velocity, state.effort, state.tool_force_n


def _list(array: FloatArray) -> list[float]:
    return array.tolist()  # type: ignore[no-any-return]
