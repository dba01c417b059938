"""Does a policy server do what its profile says? Asked with a synthetic observation; nothing moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ros_wam.clock import Clock
from ros_wam.doctor.asking import ask
from ros_wam.doctor.check import Check
from ros_wam.doctor.policy_checks import policy_checks
from ros_wam.doctor.synthetic import synthetic_observations
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.admission import build_admission, check_actions
from ros_wam.policy.after_chunk import AfterChunk
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Profile
from ros_wam.types import ActionChunk, Observation, Reply


@dataclass(frozen=True)
class PolicyExamination:
    """What came of it; `checks` hold the reason where it could not be examined to the end.

    `reached`: there is a server that speaks; `greeted`: what it declares, `metadata`, fits. `timing_ms`: of each call,
    part by part; the first has the connecting.
    """

    profile: Profile
    robot: Embodiment
    checks: tuple[Check, ...]
    reached: bool = True
    greeted: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    timing_ms: tuple[Mapping[str, float], ...] = ()


class _Noting:
    """A PolicyClient that notes what passes through it, and shows its server what a robot at rest would have seen."""

    def __init__(self, client: PolicyClient, after_chunk: AfterChunk | None, clock: Clock) -> None:
        self._client, self._after_chunk, self._clock = client, after_chunk, clock
        self.connect_ms = 0.0
        self.reached = True
        self.metadata: Mapping[str, Any] = {}
        self.replies: list[Reply] = []
        self.last_seen: Observation | None = None

    def connect(self) -> Mapping[str, Any]:
        start_ns = self._clock.now_ns()
        try:
            self.metadata = self._client.connect()
        except (PolicyUnreachable, PolicyTimeout):
            self.reached = False
            raise
        self.connect_ms = (self._clock.now_ns() - start_ns) * 1e-6
        return self.metadata

    def infer(self, observation: Observation) -> Reply:
        if self._after_chunk is not None and self.replies:
            key_frames = len(self._after_chunk.key_rows(len(self.replies[-1].actions)))
            observation = replace(observation, executed=(observation.frames,) * key_frames)
        self.last_seen = observation
        reply = self._client.infer(observation)
        if not self.replies:
            timing_ms = {**reply.timing_ms, "connect": reply.timing_ms.get("connect", 0.0) + self.connect_ms}
            reply = replace(reply, timing_ms=timing_ms)
        self.replies.append(reply)
        return reply

    def reset(self, prompt: str) -> None:
        self._client.reset(prompt)

    def close(self) -> None:
        self._client.close()


def examine_policy(profile: Profile, robot: Embodiment, clock: Clock) -> PolicyExamination:
    """Connect, ask once and then some times warm, and try what the last answer means; raises ConfigError.

    Takes as long as the profile's timeouts allow.
    """
    fitted = profile.for_robot(robot)
    noting = _Noting(make_client(fitted, robot, clock), fitted.after_chunk, clock)
    adapter = ActionAdapter(fitted, robot)  # what a lab has to fill in is told before the server is asked
    asked = ask(lambda: noting, synthetic_observations(fitted, robot, clock), clock, patience_s=0.0)
    checks = policy_checks(asked, fitted)
    if noting.replies and noting.last_seen is not None:
        checks.append(_meaning(fitted, robot, adapter, noting.replies[-1], noting.last_seen))
    timing_ms = tuple({**reply.timing_ms, **_server(reply)} for reply in noting.replies)
    return PolicyExamination(fitted, robot, tuple(checks), noting.reached, asked.greeted, noting.metadata, timing_ms)


def _server(reply: Reply) -> dict[str, float]:
    return {} if reply.server_infer_ms is None else {"server": reply.server_infer_ms}


def _meaning(profile: Profile, robot: Embodiment, adapter: ActionAdapter, reply: Reply, seen: Observation) -> Check:
    """Return whether the answer can be made joint positions; whether they would be admitted is told, but no check.

    What a policy makes of pictures of nothing may be anything.
    """
    name, limit = "policy actions", f"{profile.action.space} that {robot.name} can be moved by"
    wanted = (profile.action.horizon, len(profile.action_labels))
    try:
        check_actions(reply.actions, wanted, profile.fewest_rows)
        rows = adapter.joint_rows(reply.actions, seen)
    except ChunkRefused as error:
        return Check(name, False, str(error), limit)
    chunk = ActionChunk(1, 1, seen.stamp_ns, seen.stamp_ns, profile.dt_s, rows)
    home = seen.joint_state.position
    try:
        build_admission(robot, {}).check(chunk, home, seen.stamp_ns, rested=True)
        admitted = "would be admitted at home"
    except ChunkRefused as error:
        admitted = f"would not be admitted at home, for these pictures: {error}"
    return Check(name, True, f"{len(rows)} x {len(home)} joint positions, {admitted}", limit)


def first_that_fits(examinations: Iterable[PolicyExamination]) -> PolicyExamination | None:
    """Return the first whose checks all hold, else the one that got furthest, None where there is none."""
    best: PolicyExamination | None = None
    for each in examinations:
        if best is None or _progress(each) > _progress(best):
            best = each
        if all(check.ok for check in each.checks):
            break
    return best


def _progress(examination: PolicyExamination) -> tuple[int, int]:
    return sum(check.ok for check in examination.checks), len(examination.timing_ms)
