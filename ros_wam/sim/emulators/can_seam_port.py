"""The emulator's side of the CAN seam: answers the system calls that `can_seam` traps, without ever waiting."""

import ctypes
import errno
import fcntl
import logging
import os
import select
import socket
from collections.abc import Callable
from pathlib import Path

from ros_wam.errors import SimError
from ros_wam.sim.emulators.can_calls import AF_CAN, MACHINES

_log = logging.getLogger(__name__)
_CONTINUE = 1
_ADDFD_SEND = 1 << 1
_RECEIVE, _SEND, _ADD_FD = 0xC0502100, 0xC0182101, 0x40182103  # SECCOMP_IOCTL_NOTIF_*
_CALLS = {
    (machine.audit, getattr(machine, name)): name
    for machine in MACHINES.values()
    for name in ("socket", "ioctl", "bind")
}
_IFNAMSIZ = 16
_INDEX = 7
"""Of the one interface there is; any number will do."""


class _Notification(ctypes.Structure):
    """`struct seccomp_notif`, with its `struct seccomp_data` written out."""

    _fields_ = [
        ("id", ctypes.c_uint64),
        ("pid", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("number", ctypes.c_int32),
        ("architecture", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    ]


class _Response(ctypes.Structure):
    _fields_ = [
        ("id", ctypes.c_uint64),
        ("value", ctypes.c_int64),
        ("error", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
    ]


class _AddFd(ctypes.Structure):
    _fields_ = [
        ("id", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("source", ctypes.c_uint32),
        ("wanted", ctypes.c_uint32),
        ("descriptor_flags", ctypes.c_uint32),
    ]


class CanSeamPort:
    """Gives the programs behind the seam their CAN sockets. `interface` is the only one they find.

    Without an `interface` every call goes on to the kernel: its own CAN is used then.
    """

    def __init__(self, path: Path, interface: str | None) -> None:
        self._path, self._interface = path, interface
        self._poll = select.poll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._listening: socket.socket | None = None
        self._listeners: list[int] = []
        self._accepted: list[socket.socket] = []
        self._opened: list[socket.socket] = []

    def open(self) -> None:
        """Listen, if this is not done yet; raises SimError."""
        if self._listening is not None:
            return
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._path.unlink(missing_ok=True)
            listening.bind(str(self._path))
        except OSError as error:
            listening.close()
            raise SimError(f"cannot listen on {self._path}: {error.strerror}") from error
        listening.listen()
        listening.setblocking(False)
        self._listening = listening
        self._register(listening.fileno(), self._accept)

    def serve(self) -> list[socket.socket]:
        """Answer what waits; return the emulator's ends of the CAN sockets that were opened."""
        for descriptor, event in self._poll.poll(0):
            if event & select.POLLIN:
                self._readers[descriptor]()
            elif descriptor in self._listeners:  # hung up: the program has ended
                self._forget(descriptor)
                self._listeners.remove(descriptor)
                os.close(descriptor)
        opened, self._opened = self._opened, []
        return opened

    def close(self) -> None:
        """Let the programs behind the seam do without. Repeatable."""
        for link in self._accepted:
            self._forget(link.fileno())
            link.close()
        self._accepted = []
        for listener in self._listeners:
            self._forget(listener)
            os.close(listener)
        self._listeners = []
        if self._listening is not None:
            self._forget(self._listening.fileno())
            self._listening.close()
            self._listening = None
            self._path.unlink(missing_ok=True)

    def _register(self, descriptor: int, reader: Callable[[], None]) -> None:
        self._poll.register(descriptor, select.POLLIN)
        self._readers[descriptor] = reader

    def _forget(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        del self._readers[descriptor]

    def _accept(self) -> None:
        assert self._listening is not None
        link, _ = self._listening.accept()
        self._accepted.append(link)
        self._register(link.fileno(), lambda: self._introduce(link))

    def _introduce(self, link: socket.socket) -> None:
        """Take the listener of a program's filter."""
        _, descriptors, _, _ = socket.recv_fds(link, 16, 1)
        self._forget(link.fileno())
        self._accepted.remove(link)
        link.close()
        for descriptor in descriptors:
            self._listeners.append(descriptor)
            self._register(descriptor, lambda: self._answer(descriptor))  # noqa: B023 - there is one

    def _answer(self, listener: int) -> None:
        call = _Notification()
        try:
            fcntl.ioctl(listener, _RECEIVE, call)
        except OSError as error:  # the program was killed while it waited
            _log.debug("a trapped call is gone: %s", error)
            return
        response = _Response(call.id, 0, 0, 0)
        try:
            answered = self._emulate(listener, call)
        except OSError as error:
            _log.error("a system call of process %d was not answered: %s", call.pid, error)
            answered, response.error = True, -errno.EPERM
        if answered is None:
            return
        response.flags = 0 if answered else _CONTINUE
        try:
            fcntl.ioctl(listener, _SEND, response)
        except OSError as error:
            _log.debug("process %d does not wait for its answer: %s", call.pid, error)

    def _emulate(self, listener: int, call: _Notification) -> bool | None:
        """Do what the call asks for; return whether that was it, None if the program has its answer already."""
        name = _CALLS[call.architecture, call.number]
        if self._interface is None:
            return False
        if name == "socket":
            self._give_socket(listener, call)
            return None
        if name == "ioctl":
            return self._tell_index(call)
        return self._read(call.pid, call.arguments[1], 2) == AF_CAN.to_bytes(2, "little")  # bind

    def _give_socket(self, listener: int, call: _Notification) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            kind = call.arguments[1]
            theirs.setblocking(not kind & socket.SOCK_NONBLOCK)
            flags = os.O_CLOEXEC if kind & socket.SOCK_CLOEXEC else 0
            fcntl.ioctl(listener, _ADD_FD, _AddFd(call.id, _ADDFD_SEND, theirs.fileno(), 0, flags))
        self._opened.append(ours)

    def _tell_index(self, call: _Notification) -> bool:
        request = call.arguments[2]
        if self._read(call.pid, request, _IFNAMSIZ).split(b"\0")[0].decode() != self._interface:
            return False
        self._write(call.pid, request + _IFNAMSIZ, _INDEX.to_bytes(4, "little"))
        return True

    @staticmethod
    def _read(pid: int, address: int, count: int) -> bytes:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        try:
            return os.pread(memory, count, address)
        finally:
            os.close(memory)

    @staticmethod
    def _write(pid: int, address: int, data: bytes) -> None:
        memory = os.open(f"/proc/{pid}/mem", os.O_WRONLY)
        try:
            os.pwrite(memory, data, address)
        finally:
            os.close(memory)
