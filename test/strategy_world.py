"""A robot that follows its chunks exactly, in virtual time, and a server that takes as long as the test says."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from fake_policy import BASELINE, UR5, frame, state, with_request

from ros_wam.causes import RefusalReason
from ros_wam.clock import FakeClock
from ros_wam.errors import ChunkRefused
from ros_wam.motion.trajectory import SETTLE_S
from ros_wam.policy.execution import Execution
from ros_wam.policy.loop import PolicyLoop
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Freshness
from ros_wam.policy.request_layout import RealTimeChunking
from ros_wam.types import ActionChunk, FloatArray, Observation, Reply

MS, S = 1_000_000, 1_000_000_000
TICK_NS = 8 * MS
T0 = 1000 * S
SPEED_RAD_S = 0.1
DT_S = BASELINE.dt_s
ROWS = 30
CHUNK_S = (ROWS - 1) * DT_S
FRAMES = tuple(frame(view, 1) for view in UR5.views)


@dataclass(frozen=True, eq=False)
class Taken:
    """One answer: when it was asked for and came, what it was admitted as (None: refused), and whether re-anchored."""

    asked_ns: int
    came_ns: int
    chunk: ActionChunk | None
    reanchored: bool = False

    @property
    def start_ns(self) -> int:
        """When its row 0 is due, as it is followed."""
        assert self.chunk is not None
        return self.came_ns if self.reanchored else self.chunk.t0_ns


class FreeAdmission:
    """Admits everything that `refuses` does not name; the strategies are tested, not the checks."""

    def __init__(self) -> None:
        self.refuses: Callable[[ActionChunk], bool] = lambda chunk: False
        self.rested = False
        self.judged_ns: list[int] = []
        """From which instant on each chunk was judged."""

    def check(self, chunk: ActionChunk, measured: FloatArray, now_ns: int, rested: bool) -> None:
        self.rested = rested
        self.judged_ns.append(now_ns)
        if self.refuses(chunk):
            raise ChunkRefused(RefusalReason.COLLISION, "so the test says")


class StrategyWorld:
    """`latency_s` is asked once per request. Joint 1 is to move at `SPEED_RAD_S`, from where it was seen."""

    def __init__(self, latency_s: Callable[[], float], strategy: str = "async", horizon: int | None = 15) -> None:
        self.clock = FakeClock(T0)
        self.position = UR5.home_position.copy()
        self.admission = FreeAdmission()
        self.seen: list[Observation] = []
        self.taken: list[Taken] = []
        self.idle_ns = 0
        self.rows: list[tuple[int, int]] = []
        """Which chunk and which of its rows was followed, tick by tick."""
        self._latency_s = latency_s
        self._observations = ObservationBuilder(UR5, UR5.views, 1 / 30, Freshness())
        profile = with_request(BASELINE, rtc=RealTimeChunking("left", "delay"))
        profile = dataclasses.replace(profile, execution=Execution(strategy, horizon))
        self.loop = PolicyLoop(profile, UR5, self, self._observations, self.admission, self.clock)  # type: ignore[arg-type]
        self._pending: tuple[int, Observation] | None = None
        self._see()
        self.loop.start("tidy up")

    def run(self, duration_s: float) -> None:
        """Let the time pass."""
        end_ns = self.clock.now_ns() + round(duration_s * 1e9)
        while self.clock.now_ns() < end_ns:
            self.clock.advance_ns(TICK_NS)
            self._follow()
            self._see()
            self._ask_or_take()

    @property
    def admitted(self) -> list[Taken]:
        """The answers that were followed."""
        return [taken for taken in self.taken if taken.chunk is not None]

    @property
    def idle_fraction(self) -> float:
        """The share of time in which nothing was followed, from the first chunk on."""
        return self.idle_ns / (self.clock.now_ns() - self.admitted[0].came_ns)

    def actions(self, observation: Observation) -> FloatArray:
        """What the server answers."""
        rows = np.tile(observation.joint_state.position, (30, 1))
        rows[:, 0] += SPEED_RAD_S * DT_S * np.arange(30)
        return rows

    def _ask_or_take(self) -> None:
        now_ns = self.clock.now_ns()
        if self._pending is None and self.loop.due(now_ns):
            observation = self.loop.ask(now_ns)
            if observation is not None:
                self.seen.append(observation)
                self._pending = now_ns + round(self._latency_s() * 1e9), observation
        if self._pending is not None and now_ns >= self._pending[0]:
            (_, observation), self._pending = self._pending, None
            self._take(observation, now_ns)

    def _take(self, observation: Observation, now_ns: int) -> None:
        asked_ns = observation.stamp_ns
        try:
            chunk = self.loop.take(observation, Reply(self.actions(observation)), now_ns)
        except ChunkRefused:
            self.taken.append(Taken(asked_ns, now_ns, None))
        else:
            self.taken.append(Taken(asked_ns, now_ns, chunk, self.admission.rested))

    def _follow(self) -> None:
        if not self.admitted:
            return
        last, now_ns = self.admitted[-1], self.clock.now_ns()
        chunk, row = last.chunk, (now_ns - last.start_ns) * 1e-9 / DT_S
        assert chunk is not None
        if row > len(chunk.positions) - 1 + SETTLE_S / DT_S:
            self.idle_ns += TICK_NS
            return
        self.rows.append((chunk.chunk_id, min(int(row + 1e-6), len(chunk.positions) - 1)))
        self.position = np.array([np.interp(row, np.arange(len(chunk.positions)), q) for q in chunk.positions.T])

    def _see(self) -> None:
        now_ns = self.clock.now_ns()
        self._observations.add_joint_state(state(now_ns, self.position))
        for each in FRAMES:
            self._observations.add_frame(dataclasses.replace(each, stamp_ns=now_ns))

    # As the policy client of the loop: an episode begins.

    def reset(self, prompt: str) -> None:
        """See PolicyClient."""
