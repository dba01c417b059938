"""The policy loop: observation → policy client → admission → action chunk, while the robot goes on moving."""

from dataclasses import dataclass, field

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused
from ros_wam.policy.admission import Admission, check_actions
from ros_wam.policy.chunking import RETRY_S, NextAsk, next_ask
from ros_wam.policy.client import PolicyClient
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Profile
from ros_wam.types import ActionChunk, Observation, Reply

RESTED_RAD = 0.005  # a robot that has moved less than this since the observation has rested
STILL_S, STILL_RAD = 0.2, 0.002  # one that moves less in this time is at rest; 1.5 mrad is one tick of a Dynamixel


@dataclass(frozen=True, eq=False)
class PolicyStep:
    """One inference: what was seen and answered, and the chunk or why there is none. `timing_ms`, part by part, sums up
    to the age of the observation when its chunk was ready: observe (capture and building), encode (connecting
    included), round_trip, decode, admit.
    """

    inference_id: int
    observation: Observation
    reply: Reply
    chunk: ActionChunk | None
    refused: ChunkRefused | None
    timing_ms: dict[str, float] = field(default_factory=dict)


class PolicyLoop:
    """One policy on one robot. Owned by one thread; only `observations` is filled by others.

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
    ) -> None:
        profile.check_robot(embodiment)
        self.observations = observations
        self._profile = profile
        self._embodiment = embodiment
        self._client = client
        self._admission = admission
        self._clock = clock
        self._prompt = ""
        self._inference_id = 0
        self._chunk_id = 0
        self._next = NextAsk(0)
        self._end_ns = 0  # of the chunk that is being followed

    @property
    def inference_id(self) -> int:
        """The number of the last `ask`, from 1."""
        return self._inference_id

    def start(self, prompt: str) -> None:
        """Begin an episode: the next tick asks at once. Raises PolicyError."""
        self._client.reset()
        self._prompt = prompt
        self._next, self._end_ns = NextAsk(0), 0

    def due(self, now_ns: int) -> bool:
        """Return whether it is time to ask."""
        if now_ns >= self._next.deadline_ns:
            return True
        return now_ns >= self._next.stamp_ns and self.observations.is_still(STILL_S, STILL_RAD)

    def tick(self, now_ns: int) -> PolicyStep | None:
        """Infer once if it is due and return what came of it, else None; raises ObservationError and PolicyError."""
        if not self.due(now_ns):
            return None
        observation = self.ask(now_ns)
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
        return PolicyStep(self._inference_id, observation, reply, chunk, refused, timing_ms)

    def ask(self, now_ns: int) -> Observation:
        """Return what to send to the policy; raises ObservationError."""
        observation = self.observations.build(now_ns, self._prompt)
        self._inference_id += 1
        return observation

    def take(self, observation: Observation, reply: Reply, now_ns: int) -> ActionChunk:
        """Return the admitted chunk of the answer to the last `ask`, in joint order and grippers clamped to 0–1.

        Raises ChunkRefused, and ObservationError when the robot's state has gone stale meanwhile.
        """
        self._next = NextAsk(now_ns + round(RETRY_S * 1e9))
        measured = self.observations.newest_state(now_ns).position
        chunk = self._chunk(observation, reply)
        rested = self._has_rested(observation)
        self._admission.check(chunk, measured, now_ns, rested)
        self._chunk_id += 1
        start_ns = now_ns if rested else chunk.t0_ns
        self._end_ns = start_ns + chunk.end_ns - chunk.t0_ns
        self._next = next_ask(self._profile, start_ns, now_ns - observation.stamp_ns)
        return chunk

    def _chunk(self, observation: Observation, reply: Reply) -> ActionChunk:
        layout, names = self._profile.action_layout, self._embodiment.joint_names
        check_actions(reply.actions, (self._profile.action_horizon, len(layout)))
        positions = reply.actions[:, [layout.index(joint) for joint in names]]
        grippers = self._embodiment.is_gripper
        positions[:, grippers] = positions[:, grippers].clip(0.0, 1.0)
        stamp_ns = observation.stamp_ns
        return ActionChunk(self._inference_id, self._chunk_id + 1, stamp_ns, stamp_ns, self._profile.dt_s, positions)

    def _has_rested(self, observation: Observation) -> bool:
        if observation.stamp_ns < self._end_ns:
            return False
        moved = self.observations.moved_since(observation.joint_state)
        return bool((moved[~self._embodiment.is_gripper] <= RESTED_RAD).all())
