"""Asks a policy server as a trial would, and times its answers; nothing of what it answers is executed."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

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


def ask(
    make: Callable[[], PolicyClient],
    observe: Callable[[], Observation | None],
    clock: Clock,
    patience_s: float = PATIENCE_S,
) -> Asked:
    """Connect, ask once to warm the server up and then `WARM_CALLS` times; as long as the client's timeouts allow.

    A server that does not listen is tried again for `patience_s`. What goes wrong on the way, with the server, a
    picture or a file, is told in the answer.
    """
    greeted = False
    declares: tuple[str, ...] = ()
    try:
        with closing(make()) as client:
            declares = tuple(map(str, _connect(client, clock, patience_s)))
            greeted = True
            return replace(_time(client, observe, clock), greeted=True, declares=declares)
    except PolicyMismatch as error:
        return Asked(mismatch=str(error))
    except RosWamError as error:
        return Asked(error=str(error), greeted=greeted, declares=declares)


def _connect(client: PolicyClient, clock: Clock, patience_s: float) -> Mapping[str, Any]:
    deadline_ns = clock.now_ns() + round(patience_s * 1e9)
    while True:
        try:
            return client.connect()
        except PolicyUnreachable:
            if clock.now_ns() >= deadline_ns:
                raise
            clock.sleep_until_ns(clock.now_ns() + RETRY_NS)


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
