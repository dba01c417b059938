"""openpi's own ActionChunkBroker in the chunk-switch benchmark, where `openpi-client` is installed: `pip install
'.[peers]'` in a checkout, which holds numpy below 2.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ros_wam.bench.erring_policy import DT_S, DURATION_S, HORIZON_ROWS, ErringPolicy, wanted_positions
from ros_wam.types import FloatArray


class _WaitingPolicy:
    """What openpi calls a policy: `infer` takes as long as an answer takes, in virtual time."""

    def __init__(self, latency_s: float) -> None:
        self.now_s = 0.0
        self.waits = 0
        self._latency_s = latency_s
        self._policy = ErringPolicy()

    def infer(self, obs: dict[str, Any]) -> dict[str, Any]:
        """Return the chunk of this instant's observation, one latency later."""
        rows = self._policy.chunk(self.now_s)
        self.now_s += self._latency_s
        self.waits += 1
        return {"actions": rows}

    def reset(self) -> None:
        """Nothing to forget."""


def broker_motion(latency_s: float, rate_hz: float) -> tuple[FloatArray, float] | None:
    """Return `(N, 6)` commanded positions [rad] at `rate_hz` and the idle time [s]; None without openpi-client.

    15 rows at 30 Hz, each held until the next, then the broker waits for its policy.
    """
    if find_spec("openpi_client") is None:
        return None
    policy = _WaitingPolicy(latency_s)
    broker = import_module("openpi_client.action_chunk_broker").ActionChunkBroker(policy, HORIZON_ROWS)
    times_s = np.arange(round(DURATION_S * rate_hz)) / rate_hz
    positions = np.tile(wanted_positions(np.zeros(1)), (len(times_s), 1))
    while policy.now_s < DURATION_S:
        action = broker.infer({})["actions"]
        positions[times_s >= policy.now_s - 1e-9] = action
        policy.now_s += DT_S
    return positions, (policy.waits - 1) * latency_s
