"""A stand-in for the control process that speaks on its line and misbehaves when it is asked to."""

import argparse
import contextlib
import ctypes
import faulthandler
import os
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import msgpack

parser = argparse.ArgumentParser()
parser.add_argument("--config", type=Path)
parser.add_argument("--fd", type=int)
arguments = parser.parse_args()
faulthandler.enable()
line = socket.socket(fileno=arguments.fd)
line.setblocking(False)


def say(kind: str, content: Any) -> None:
    with contextlib.suppress(BrokenPipeError):  # the end of the line is seen by reading
        line.send(msgpack.packb([kind, content]))


def end(status: int) -> NoReturn:
    sys.stderr.write("these are its last words\n")
    raise SystemExit(status)


def obey(number: int, verb: str) -> None:
    if verb == "die":
        end(4)
    elif verb == "hang":
        time.sleep(60.0)
    elif verb == "segfault":
        ctypes.string_at(0)
    elif verb == "abort":
        os.abort()
    elif verb == "hang_in_library":
        ctypes.PyDLL(None).sleep(60)  # with the GIL
    elif verb == "busy":
        say("busy", 5.0)
        time.sleep(0.7)
    elif verb != "mute":
        say("answer", [number, verb == "policy", verb.upper()])


while True:
    say("status", {"mode": "HOLD", "driver": {"library": "libvendor 1.0"}})
    if not select.select([line], [], [], 0.02)[0]:
        continue
    data = line.recv(1 << 20)
    if not data:
        end(int(arguments.config.name == "ends_badly"))
    kind, content = msgpack.unpackb(data)
    say("heard", kind)
    if kind == "request":
        obey(content[0], content[1])
