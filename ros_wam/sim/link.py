"""The simulator's control socket, as trials and tests use it: lay out, score, inject faults.

One JSON object per message over a Unix SEQPACKET socket: `{"verb": …, arguments}` is answered by the result's fields or
`{"error": …}`. Robots and policies have no part in it.
"""

import bisect
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.errors import SimError
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.types import Stage

MESSAGE_BYTES = 65536
TIMEOUT_S = 5.0
_TARGETS = 200  # as many as fit into one message with room to spare


class SimLink:
    """Asks the simulator; every call raises SimError when it cannot be reached, does not answer in time or refuses."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def reset(self, seed: int, timeout_s: float = TIMEOUT_S) -> None:
        """Lay out the task anew by `seed` and begin a new score; the robot stays where it is."""
        self._ask(timeout_s, verb="reset", seed=seed)

    def score(self, timeout_s: float = TIMEOUT_S) -> tuple[tuple[Stage, ...], bool]:
        """Return the stages as scored since the last reset, and whether the task's goal holds now."""
        answer = self._ask(timeout_s, verb="score")
        return tuple(Stage(**stage) for stage in answer["stages"]), bool(answer["succeeded"])

    def inject(self, fault: str, timeout_s: float = TIMEOUT_S) -> None:
        """Begin a fault by name; it stays until `clear`."""
        self._ask(timeout_s, verb="inject", fault=fault)

    def clear(self, timeout_s: float = TIMEOUT_S) -> None:
        """End all faults."""
        self._ask(timeout_s, verb="clear")

    def lead(
        self, joints: Mapping[str, float], duration_s: float, holds: bool = True, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Have the simulated hand move joints of the emulated leader, and let go of its grippers unless it `holds`."""
        self._ask(timeout_s, verb="leader", joints=dict(joints), duration_s=duration_s, holds=holds)

    def faults(self, timeout_s: float = TIMEOUT_S) -> list[str]:
        """Return the names that `inject` accepts."""
        return list(self._ask(timeout_s, verb="faults")["faults"])

    def counts(self, timeout_s: float = TIMEOUT_S) -> dict[str, int]:
        """Return what the robot's wire has carried since the simulator began, by names of the emulator's own."""
        return dict(self._ask(timeout_s, verb="counts"))

    def received_targets(self, after_ns: int = 0, timeout_s: float = TIMEOUT_S) -> list[ReceivedTarget]:
        """Return the arm targets that came over the robot's wire after `after_ns`, oldest first; some at a time."""
        answer = self._ask(timeout_s, verb="received_targets", after_ns=after_ns)
        return [ReceivedTarget(stamp_ns, np.array(position)) for stamp_ns, position in answer["targets"]]

    def _ask(self, timeout_s: float, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(timeout_s)
            try:
                link.connect(str(self._path))
                link.send(json.dumps(request).encode())
                data = link.recv(MESSAGE_BYTES)
            except TimeoutError as error:
                raise SimError(f"the simulator did not answer {request['verb']!r} within {timeout_s} s") from error
            except OSError as error:
                raise SimError(f"the simulator cannot be reached at {self._path}: {error.strerror}") from error
        if not data:
            raise SimError(f"the simulator ended before it answered {request['verb']!r}")
        answer: dict[str, Any] = json.loads(data)
        if "error" in answer:
            raise SimError(answer["error"])
        return answer


def target_fields(targets: Sequence[ReceivedTarget], after_ns: int) -> dict[str, Any]:
    """Return the answer to `received_targets`; `targets` are oldest first. Cheap: the physics waits meanwhile."""
    first = bisect.bisect_right(targets, after_ns, key=_stamp_ns)
    last = min(first + _TARGETS, len(targets)) - 1
    if last >= first:  # one cycle may have read several: they are answered together, or `after_ns` would skip some
        last = bisect.bisect_right(targets, targets[last].stamp_ns, key=_stamp_ns) - 1
    return {"targets": [(target.stamp_ns, target.position.tolist()) for target in targets[first : last + 1]]}


def _stamp_ns(target: ReceivedTarget) -> int:
    return target.stamp_ns


def score_fields(stages: tuple[Stage, ...], succeeded: bool) -> dict[str, Any]:
    """Return the answer to `score`."""
    return {"stages": [asdict(stage) for stage in stages], "succeeded": succeeded}
