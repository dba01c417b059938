"""The policy loop: observation → policy client → admission → action chunk, while the robot goes on moving."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from ros_wam.causes import RefusalReason
from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, ObservationError
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.admission import Admission, check_actions
from ros_wam.policy.client import PolicyClient
from ros_wam.policy.commitment import commitment
from ros_wam.policy.latency import LatencyWindow
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Profile
from ros_wam.policy.speed import FollowedSpeed
from ros_wam.policy.strategies.strategy import Look, Strategy, due_ns, look_in_time
from ros_wam.types import ActionChunk, FloatArray, Observation, Reply

RETRY_S = 0.1  # after a refusal
RESTED_RAD = 0.005  # a robot that has moved less than this since the observation has rested
STILL_S, STILL_RAD = 0.1, 0.002  # one that moves less in this time is at rest; 1.5 mrad is one tick of a Dynamixel


@dataclass(frozen=True, eq=False)
class PolicyStep:
    """One inference: what was seen and answered, and the chunk or why there is none. `timing_ms`, part by part, sums up
    to the age of the observation when its chunk was ready: observe (capture and building), connect, prepare,
    encode, round_trip, decode, admit. `refusals`: how often admission has refused in this episode, by reason.
    `slowest_share`: how much of its way the slowest row goes, where the policy's motions were too fast for the robot.
    """

    inference_id: int
    observation: Observation
    reply: Reply
    chunk: ActionChunk | None
    refused: ChunkRefused | None
    timing_ms: dict[str, float] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    slowest_share: float = 1.0


class PolicyLoop:
    """One policy on one robot. Owned by one thread; only `observations` and `speed` are filled by others.

    `tick` does it all and waits for the network; with a virtual clock call `due`, `ask` and `take` instead.
    """

    def __init__(
        self,
        profile: Profile,
        embodiment: Embodiment,
        client: PolicyClient,
        observations: ObservationBuilder,
        admission: Admission,
        clock: Clock,
        speed: float = 1.0,
    ) -> None:
        """`speed`: the share of their speed at which chunks are followed until `speed` is told another."""
        profile.check_robot(embodiment)
        self.observations = observations
        self.speed = FollowedSpeed(speed)
        self._profile = profile
        self._embodiment = embodiment
        self._client = client
        self._adapter = ActionAdapter(profile, embodiment)
        self._admission = admission
        self._clock = clock
        self._prompt = ""
        self._inference_id = 0
        self._chunk_id = 0
        self._latency = LatencyWindow()
        self._followed: ActionChunk | None = None
        self._seen_ns: dict[str, int] = {}
        self._begin()

    @property
    def inference_id(self) -> int:
        """The number of the last `ask`, from 1."""
        return self._inference_id

    @property
    def refusals(self) -> Mapping[str, int]:
        """How often admission has refused since the episode began, by reason."""
        return dict(self._refusals)

    @property
    def slowest_share(self) -> float:
        """Of the last answer; see ActionAdapter."""
        return self._adapter.slowest_share

    def start(self, prompt: str) -> None:
        """Begin an episode: the next tick asks at once. Raises PolicyError."""
        self._client.reset(prompt)
        self._prompt = prompt
        self._adapter.begin()
        self.observations.begin_episode()
        self._begin()

    def resume(self) -> None:
        """Go on in the same episode and ask at once: the robot was another's meanwhile, and follows nothing any more.

        What was seen may still be looked back at.
        """
        self._strategy, self._look, self._followed = self._new_strategy(), Look(0), None
        self.observations.expect_key_frames((), lambda due_ns: due_ns)

    def due(self, now_ns: int) -> bool:
        """Return whether it is time to ask."""
        if now_ns >= self._look.deadline_ns:
            return True
        return now_ns >= self._look.stamp_ns and self.observations.is_still(STILL_S, STILL_RAD)

    def tick(self, now_ns: int) -> PolicyStep | None:
        """Infer once if it is due and return what came of it, else None; raises ObservationError and PolicyError."""
        if not self.due(now_ns):
            return None
        observation = self.ask(now_ns)
        if observation is None:
            return None
        asked_ns = self._clock.now_ns()
        reply = self._client.infer(observation)
        answered_ns = self._clock.now_ns()
        chunk, refused = None, None
        try:
            chunk = self.take(observation, reply, answered_ns)
        except ChunkRefused as error:
            refused = error
        admit_ms = (self._clock.now_ns() - answered_ns) * 1e-6
        timing_ms = {"observe": (asked_ns - observation.stamp_ns) * 1e-6, **reply.timing_ms, "admit": admit_ms}
        return PolicyStep(
            self._inference_id, observation, reply, chunk, refused, timing_ms, self.refusals, self.slowest_share
        )

    def ask(self, now_ns: int) -> Observation | None:
        """Return what to send to the policy, None while a view shows what it showed last; raises ObservationError."""
        observation = self.observations.build(now_ns, self._prompt)
        stamps_ns = {view: frame.stamp_ns for view, frame in observation.frames.items()}
        if stamps_ns.items() & self._seen_ns.items():
            return None
        self._seen_ns = stamps_ns
        self._inference_id += 1
        self._asked_ns = now_ns
        if self._profile.after_chunk is not None:
            observation = replace(observation, executed=self.observations.take_key_frames(observation.frames))
        if self._profile.request.rtc is None or self._followed is None or self._was_slowed_since(self._followed.t0_ns):
            return observation  # a robot that was slowed has not reached the rows that are due by the clock
        delay_s = (now_ns + self._latency.anticipated_ns - observation.stamp_ns) * 1e-9
        delay_rows = math.ceil(delay_s / self._profile.dt_s)
        return replace(observation, commitment=commitment(self._followed, observation.stamp_ns, delay_rows))

    def take(self, observation: Observation, reply: Reply, now_ns: int) -> ActionChunk:
        """Return the admitted chunk of the answer to the last `ask`, in joint order and grippers clamped to 0–1.

        A chunk that is followed at a share of its speed is admitted from the row on that is reached at the smallest
        share since it began: rows may be judged that are past already, but none is followed that was not judged.

        Raises ChunkRefused, also when the robot's state has gone stale meanwhile.
        """
        try:
            return self._admitted(observation, reply, now_ns)
        except ChunkRefused as error:
            self._refusals[error.reason.value] += 1
            raise

    def _admitted(self, observation: Observation, reply: Reply, now_ns: int) -> ActionChunk:
        self._latency.add(now_ns - self._asked_ns)
        self._look = self._retry(now_ns)
        measured = self._measured(now_ns)
        chunk = self._chunk(observation, reply)
        rested = self._has_rested(observation)
        answered = replace(chunk, t0_ns=now_ns, reanchored=True) if rested else chunk  # as it will be followed
        if self._was_slowed_since(answered.t0_ns - (answered.end_ns - answered.t0_ns)):
            self._strategy = self._new_strategy()  # it combines by the clock, so it has to forget
        followed = self._strategy.combine(answered)
        chunk = replace(chunk, positions=followed.positions)
        self._admission.check(chunk, measured, self.speed.reached_ns(chunk.t0_ns, now_ns), rested)
        self._chunk_id += 1
        self._followed = followed
        self._expect_key_frames(followed)
        self._look = self._strategy.admitted(answered, followed, now_ns, self._latency.anticipated_ns)
        return chunk

    def _expect_key_frames(self, followed: ActionChunk) -> None:
        if self._profile.after_chunk is not None:
            before = self._profile.action.begins_at_state  # a row that the answer does not have
            rows = self._profile.after_chunk.key_rows(len(followed.positions) - before)
            due = [due_ns(followed, row + before) for row in rows]
            self.observations.expect_key_frames(due, partial(self.speed.reached_ns, followed.t0_ns))

    def _measured(self, now_ns: int) -> FloatArray:
        try:
            return self.observations.newest_state(now_ns).position
        except ObservationError as error:
            said = f"the robot's position is not known: {error}"
            raise ChunkRefused(RefusalReason.START_DISTANCE, said) from error

    def _begin(self) -> None:
        self._strategy = self._new_strategy()
        self._look = Look(0)
        self._asked_ns = 0
        self._seen_ns = {}
        self._followed = None
        self._refusals: Counter[str] = Counter()

    def _new_strategy(self) -> Strategy:
        return self._profile.execution.make_strategy(self._profile.action)

    def _was_slowed_since(self, since_ns: int) -> bool:
        return self.speed.smallest_since(since_ns) < 1.0

    def _retry(self, now_ns: int) -> Look:
        """Return when to look after a refusal: at rest where the answer would find nothing to take over from."""
        retry_ns = now_ns + round(RETRY_S * 1e9)
        if self._followed is None:
            return Look(retry_ns)
        look = look_in_time(retry_ns, self._followed, self._latency.anticipated_ns)
        return replace(look, stamp_ns=max(look.stamp_ns, retry_ns))

    def _chunk(self, observation: Observation, reply: Reply) -> ActionChunk:
        profile = self._profile
        if reply.begins_episode:  # even where it is refused: the server counts from this observation on
            self._adapter.begin(observation)
        self._adapter.slowest_share = 1.0
        check_actions(reply.actions, (profile.action.horizon, len(profile.action_labels)), profile.fewest_rows)
        positions = self._adapter.joint_rows(reply.actions, observation)
        stamp_ns = observation.stamp_ns
        return ActionChunk(self._inference_id, self._chunk_id + 1, stamp_ns, stamp_ns, self._profile.dt_s, positions)

    def _has_rested(self, observation: Observation) -> bool:
        if self._followed is not None and observation.stamp_ns < self._followed.end_ns:
            return False
        moved = self.observations.moved_since(observation.joint_state)
        return bool((moved[~self._embodiment.is_gripper] <= RESTED_RAD).all())
