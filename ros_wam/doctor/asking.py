"""Asks a policy server as a trial would, and times its answers; nothing of what it answers is executed."""

from collections.abc import Callable
from contextlib import closing

import numpy as np

from ros_wam.clock import Clock
from ros_wam.doctor.measured import Asked
from ros_wam.errors import PolicyMismatch, PolicyUnreachable, RosWamError
from ros_wam.policy.client import PolicyClient
from ros_wam.types import Observation

WARM_CALLS = 10
PATIENCE_S = 8.0
"""A server that bringup has just started may not listen yet."""
RETRY_NS = 250_000_000
PERIOD_NS = 50_000_000
"""Between two requests, so that each has pictures of its own."""


def ask(make: Callable[[], PolicyClient], observe: Callable[[], Observation | None], clock: Clock) -> Asked:
    """Connect, ask once to warm the server up and then `WARM_CALLS` times; as long as the client's timeouts allow.

    What goes wrong on the way, with the server, a picture or a file, is told in the answer.
    """
    try:
        with closing(make()) as client:
            _connect(client, clock)
            return _time(client, observe, clock)
    except PolicyMismatch as error:
        return Asked(mismatch=str(error))
    except RosWamError as error:
        return Asked(error=str(error))


def _connect(client: PolicyClient, clock: Clock) -> None:
    deadline_ns = clock.now_ns() + round(PATIENCE_S * 1e9)
    while True:
        try:
            client.connect()
        except PolicyUnreachable:
            if clock.now_ns() >= deadline_ns:
                raise
            clock.sleep_until_ns(clock.now_ns() + RETRY_NS)
        else:
            return


def _time(client: PolicyClient, observe: Callable[[], Observation | None], clock: Clock) -> Asked:
    latencies_ms: list[float] = []
    shape: tuple[int, ...] = ()
    for _ in range(1 + WARM_CALLS):
        observation = observe()
        if observation is None:
            return Asked(error="there was nothing to ask with: a view or the robot's state is missing")
        start_ns = clock.now_ns()
        actions = client.infer(observation).actions
        latencies_ms.append((clock.now_ns() - start_ns) * 1e-6)
        shape = actions.shape
        if not np.isfinite(actions).all():
            return Asked(tuple(latencies_ms[1:]), shape, error="an answer holds what is no number")
        clock.sleep_until_ns(clock.now_ns() + PERIOD_NS)
    return Asked(tuple(latencies_ms[1:]), shape)
