"""A policy server that answers at once, in a process of its own, so that what is left of a call is its client."""

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from ros_wam.errors import TrialError
from ros_wam.policy.codecs import openpi
from ros_wam.process import die_with_parent

ROWS, COLUMNS = 15, 8
START_S = 30.0


@contextlib.contextmanager
def instant_server() -> Iterator[int]:
    """Yield the port on which it listens; raises TrialError when it does not begin to."""
    context = multiprocessing.get_context("spawn")
    answer, teller = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(teller,), daemon=True)
    process.start()
    teller.close()
    try:
        try:
            port = answer.recv() if answer.poll(START_S) else 0
        except EOFError:
            port = 0
        if not port:
            raise TrialError("the benchmark's policy server did not begin to listen")
        yield port
    finally:
        process.terminate()
        process.join()


def _serve(teller: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is our parent's business
    die_with_parent()
    actions = np.zeros((ROWS, COLUMNS))
    reply = openpi.encode({"actions": actions, "state": actions[0], "server_timing": {"infer_ms": 0.0}})

    def answer(connection: ServerConnection) -> None:
        connection.send(openpi.encode({}))
        with contextlib.suppress(ConnectionClosed):  # openpi's client hangs up without a word
            for _ in connection:
                connection.send(reply)

    with serve(answer, "127.0.0.1", 0, compression=None, max_size=None) as server:
        teller.send(server.socket.getsockname()[1])
        server.serve_forever()
