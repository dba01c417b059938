"""Starts a program whose CAN sockets are an emulator's: `python -m … --socket PATH -- COMMAND…`.

Most machines have no CAN, and the vendor's library is not to be changed. So a filter of the kernel (seccomp, user
notification) hands three of the program's system calls to the emulator: opening a CAN socket, asking for the index of
an interface, and binding. What is read and written afterwards goes straight through the socket that the emulator gave.
Needs Linux 5.14 on x86-64 or aarch64, and no privilege.
"""

import argparse
import ctypes
import os
import platform
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ros_wam.clock import Clock, StationClock
from ros_wam.errors import SimError
from ros_wam.sim.emulators.can_calls import AF_CAN, MACHINES, SIOCGIFINDEX, SOCKADDR_CAN_BYTES, Machine

PATIENCE_NS = 15_000_000_000
"""How long the simulator may take to start."""
_RETRY_NS = 20_000_000


_PR_SET_NO_NEW_PRIVS, _PR_SET_PTRACER, _PR_SET_PTRACER_ANY = 38, 0x59616D61, ctypes.c_ulong(-1)
_SECCOMP_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _RETURN, _JUMP_IF_EQUAL = 0x20, 0x06, 0x15
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1, _ARGUMENT_2 = 0, 4, 16, 24, 32  # offsets in struct seccomp_data


def filter_program(machine: Machine) -> bytes:
    """Return the filter: `struct sock_filter`s that notify for the three calls and allow all else."""
    allow, notify = 14, 15
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        _jump(1, machine.audit, 2, allow),
        (_LOAD, 0, 0, _NUMBER),
        _jump(3, machine.socket, 6, 4),
        _jump(4, machine.ioctl, 8, 5),
        _jump(5, machine.bind, 10, allow),
        (_LOAD, 0, 0, _ARGUMENT_0),
        _jump(7, AF_CAN, notify, allow),
        (_LOAD, 0, 0, _ARGUMENT_1),
        _jump(9, SIOCGIFINDEX, notify, allow),
        (_LOAD, 0, 0, _ARGUMENT_2),
        _jump(11, SOCKADDR_CAN_BYTES[0], notify, 12),
        _jump(12, SOCKADDR_CAN_BYTES[1], notify, 13),
        _jump(13, 0, allow, allow),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _NOTIFY),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _jump(here: int, value: int, if_equal: int, otherwise: int) -> tuple[int, int, int, int]:
    """The kernel counts jumps from the next instruction."""
    return (_JUMP_IF_EQUAL, if_equal - here - 1, otherwise - here - 1, value)


def install_filter() -> int:
    """Filter this thread and whatever it executes from now on; return the listener. Raises SimError if refused."""
    if platform.machine() not in MACHINES:
        raise SimError(f"no CAN seam on {platform.machine()}; there is one on: {', '.join(MACHINES)}")
    machine = MACHINES[platform.machine()]
    program = filter_program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise SimError(f"no CAN seam: PR_SET_NO_NEW_PRIVS: {os.strerror(ctypes.get_errno())}")
    libc.prctl(_PR_SET_PTRACER, _PR_SET_PTRACER_ANY, 0, 0, 0)  # fails where nothing (Yama) asks for it
    listener = libc.syscall(
        ctypes.c_long(machine.seccomp), _SECCOMP_SET_MODE_FILTER, _NEW_LISTENER, ctypes.c_char_p(header)
    )
    if listener < 0:
        raise SimError(
            f"no CAN seam: the kernel refuses a seccomp filter with a listener: {os.strerror(ctypes.get_errno())}; "
            "it needs Linux 5.14, and a container whose own filter allows seccomp()"
        )
    return int(listener)


def _connect(path: Path, clock: Clock) -> socket.socket:
    """Connect to the emulator, which may still be starting; raises SimError."""
    deadline_ns = clock.now_ns() + PATIENCE_NS
    while True:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            link.connect(str(path))
        except OSError as error:
            link.close()
            if clock.now_ns() > deadline_ns:
                raise SimError(f"no emulated CAN at {path}: {error.strerror}") from error
            clock.sleep_until_ns(clock.now_ns() + _RETRY_NS)
        else:
            return link


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Become the command, behind the filter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True, type=Path)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args(argv)
    try:
        with _connect(arguments.socket, StationClock()) as link:
            listener = install_filter()
            socket.send_fds(link, [b"listener"], [listener])
            os.close(listener)
        os.execvp(arguments.command[0], arguments.command)
    except (SimError, OSError) as error:
        sys.exit(f"{arguments.command[0]} was not started: {error}")


if __name__ == "__main__":
    main()
