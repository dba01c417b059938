"""What the simulator's control socket answers."""

import numpy as np

from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.sim.link import target_fields


def test_received_targets_come_in_parts_that_split_no_cycle() -> None:
    targets = [ReceivedTarget(8_000_000 * (1 + k // 3), np.full(6, float(k))) for k in range(1000)]
    collected: list[tuple[int, list[float]]] = []
    parts = 0
    while part := target_fields(targets, collected[-1][0] if collected else 0)["targets"]:
        collected += part
        parts += 1
    assert [position[0] for _, position in collected] == list(range(1000))
    assert parts == 5
