"""The policy from connection to episode: a state machine around the policy loop, stepped by one thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ros_wam.causes import Cause
from ros_wam.clock import Clock
from ros_wam.errors import ObservationError, PolicyError
from ros_wam.ladder import LADDER
from ros_wam.policy.client import PolicyClient
from ros_wam.policy.loop import PolicyLoop, PolicyStep

CONNECT_PERIOD_S = 1.0
REPORT_PERIOD_S = 0.5
POLL_S = 0.005
OBSERVATION_GRACE_S = LADDER[Cause.CAMERA_STALE].delay_s
"""So long an episode may lack observations: a chunk bridges most of it, then the robot rests."""


class PolicyState(Enum):
    """`failed` lasts until the episode is stopped: an infrastructure that failed once spoils the trial."""

    DISCONNECTED = "disconnected"
    READY = "ready"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class PolicyStatus:
    """Where the policy is: `cause` and `detail` say why it is not ready or has failed; `step` is a new inference."""

    state: PolicyState
    cause: Cause | None = None
    detail: str = ""
    step: PolicyStep | None = None


@dataclass(frozen=True, eq=False)
class _Episode:
    prompt: str


class PolicyRunner:
    """Connects, starts and stops episodes and infers. `start`, `stop` and `lend` may be called from other threads."""

    def __init__(
        self, loop: PolicyLoop, client: PolicyClient, clock: Clock, on_status: Callable[[PolicyStatus], None]
    ) -> None:
        self.wake = threading.Event()
        """Set when there is something to do before the time that `step` returned."""
        self._loop = loop
        self._client = client
        self._clock = clock
        self._on_status = on_status
        self._status = PolicyStatus(PolicyState.DISCONNECTED)
        self._asked: _Episode | None = None
        self._episode: _Episode | None = None
        self._connect_ns = self._report_ns = 0
        self._blind_since_ns: int | None = None
        self._has_robot = True
        self._lent = self._resumed = 0

    def start(self, prompt: str) -> None:
        """Begin an episode; one that runs is ended."""
        self._asked = _Episode(prompt)
        self.wake.set()

    def stop(self) -> None:
        """End the episode."""
        self._asked = None
        self.wake.set()

    def lend(self, lent: bool) -> None:
        """Note whether the robot is another's; then nothing is inferred, and after that the policy looks anew."""
        if lent is self._has_robot:
            self._lent += lent
            self._has_robot = not lent
            self.wake.set()

    def wants_frames(self, now_ns: int) -> bool:
        """Return whether the next step would look at the cameras."""
        return self._status.state is PolicyState.RUNNING and self._has_robot and self._loop.due(now_ns)

    def keeps_frames(self, now_ns: int) -> bool:
        """Return whether what the cameras show now is looked back at; also while an answer is waited for."""
        return self._status.state is PolicyState.RUNNING and self._loop.observations.looks_back(now_ns)

    @property
    def blind(self) -> bool:
        """Whether an inference is due and lacks an observation; `wake` it when something new is seen."""
        return self._status.state is PolicyState.RUNNING and self._blind_since_ns is not None

    def step(self, now_ns: int) -> float:
        """Do what is due and return how long there is nothing to do [s], unless `wake` is set."""
        asked = self._asked
        if asked is not self._episode:
            self._begin(asked, now_ns)
        state = self._status.state
        if state is PolicyState.RUNNING:
            self._infer_if_it_has_the_robot(now_ns)
        elif state is not PolicyState.FAILED and now_ns >= self._connect_ns:
            self._connect(now_ns)
        if self._clock.now_ns() >= self._report_ns:
            self._report(self._status)
        return POLL_S if self._status.state is PolicyState.RUNNING else REPORT_PERIOD_S

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def _begin(self, episode: _Episode | None, now_ns: int) -> None:
        self._episode = episode
        self._blind_since_ns = None
        self._resumed = self._lent
        if episode is None:
            self._connect_ns = now_ns
            self._status = PolicyStatus(PolicyState.DISCONNECTED)
            return
        try:
            self._loop.start(episode.prompt)
        except PolicyError as error:
            self._report(PolicyStatus(PolicyState.FAILED, error.cause, str(error)))
            return
        self._report(PolicyStatus(PolicyState.RUNNING))

    def _connect(self, now_ns: int) -> None:
        self._connect_ns = now_ns + round(CONNECT_PERIOD_S * 1e9)
        try:
            self._client.connect()
        except PolicyError as error:
            self._report(PolicyStatus(PolicyState.DISCONNECTED, error.cause, str(error)))
            return
        if self._status.state is not PolicyState.READY:
            self._report(PolicyStatus(PolicyState.READY))

    def _infer_if_it_has_the_robot(self, now_ns: int) -> None:
        if not self._has_robot:
            self._blind_since_ns = None
            return
        if self._resumed != self._lent:
            self._resumed = self._lent
            self._loop.resume()
        self._infer(now_ns)

    def _infer(self, now_ns: int) -> None:
        try:
            step = self._loop.tick(now_ns)
        except ObservationError as error:
            self._blind_since_ns = now_ns if self._blind_since_ns is None else self._blind_since_ns
            if now_ns - self._blind_since_ns > OBSERVATION_GRACE_S * 1e9:
                self._report(PolicyStatus(PolicyState.FAILED, error.cause, str(error)))
            return
        except PolicyError as error:
            self._report(PolicyStatus(PolicyState.FAILED, error.cause, str(error)))
            return
        if step is not None:
            self._blind_since_ns = None
            # an answer that comes after the episode's end, or when the robot is another's, moves nothing
            if self._asked is self._episode and self._resumed == self._lent:
                self._report(PolicyStatus(PolicyState.RUNNING, step=step))

    def _report(self, status: PolicyStatus) -> None:
        self._status = PolicyStatus(status.state, status.cause, status.detail)
        self._report_ns = self._clock.now_ns() + round(REPORT_PERIOD_S * 1e9)
        self._on_status(status)
