"""A scripted Station: each answer comes a given time after it was asked for, and each can be made never to come."""

from pathlib import Path

from ros_wam.causes import Cause
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.runner import TrialRunner
from ros_wam.types import Stage

NEVER = 1 << 62
MS = 1_000_000
TICK_NS = 50 * MS


class FakeStation:
    """`now_ns` is moved by the test; `delay_ns` holds how long each verb takes; `calls` what was asked, in order."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.calls: list[str] = []
        self.enabled_ns: list[int] = []
        self.delay_ns = dict.fromkeys(("reset", "home", "ready", "prepare", "stop", "grasp", "place"), 200 * MS)
        self.broken: tuple[Cause, str] | None = None
        self.broken_at_ns = NEVER
        self.dropped_at_ns = NEVER
        self._asked_ns: dict[str, int] = {}

    def _ask(self, verb: str) -> None:
        self.calls.append(verb)
        self._asked_ns[verb] = self.now_ns

    def _since(self, verb: str, result: str) -> bool:
        return verb in self._asked_ns and self.now_ns - self._asked_ns[verb] >= self.delay_ns[result]

    def reset(self, seed: int) -> None:
        self._asked_ns.clear()
        self._ask("reset")

    def reset_done(self) -> bool:
        return self._since("reset", "reset")

    def home(self) -> None:
        self._ask("home")

    def at_home(self) -> bool:
        return self._since("home", "home")

    def not_ready(self) -> str | None:
        return None if self._since("home", "ready") else "wrist: no image for 2.0 s"

    def prepare(self, trial: PlannedTrial, bag_dir: Path) -> None:
        self._ask("prepare")

    def recording(self) -> bool:
        return self._since("prepare", "prepare")

    def start(self) -> None:
        self._ask("start")

    def take_over(self) -> None:
        self._ask("take_over")

    def hand_back(self) -> None:
        self._ask("hand_back")

    def stop(self) -> None:
        self._ask("stop")

    def stopped(self) -> bool:
        return self._since("stop", "stop")

    def score(self) -> tuple[tuple[Stage, ...], bool]:
        placed = self._since("start", "place") and self.now_ns < self.dropped_at_ns
        return (
            Stage("grasp", 4.0 * self._since("start", "grasp"), 4.0),
            Stage("place", 6.0 * placed, 6.0, retries=1, stamp_ns=self.now_ns if placed else None),
        ), placed

    def fault(self) -> tuple[Cause, str] | None:
        return self.broken if self.now_ns >= self.broken_at_ns else None

    def enable(self) -> None:
        self.enabled_ns.append(self.now_ns)

    def run(self, runner: TrialRunner, until_s: float = 120.0) -> None:
        """Tick at 20 Hz until the trial is scored or the virtual time is up."""
        while runner.trial is None and self.now_ns < until_s * 1e9:
            runner.tick(self.now_ns)
            self.now_ns += TICK_NS
