"""When to ask the policy again while the robot moves."""

from dataclasses import dataclass

from ros_wam.policy.profile import Profile

RETRY_S = 0.1  # after a refusal
SETTLE_S = 0.3  # after the last row, for the arm to have begun all that the chunk asked for
REST_TIMEOUT_S = 2.0  # to come to rest after the last row


@dataclass(frozen=True)
class NextAsk:
    """Ask at `stamp_ns`; if `at_rest`, from then on as soon as the robot rests, at the latest at `deadline_ns`."""

    stamp_ns: int
    at_rest: bool = False

    @property
    def deadline_ns(self) -> int:
        """When to stop waiting for rest."""
        return self.stamp_ns + (round(REST_TIMEOUT_S * 1e9) if self.at_rest else 0)


def next_ask(profile: Profile, start_ns: int, latency_ns: int) -> NextAsk:
    """Return when to ask again, for a chunk that starts at `start_ns` and was answered `latency_ns` after it was seen.

    After `execution_horizon` rows, so that the next chunk takes over in motion. Where an answer takes longer than the
    rows that are left then, its chunk would be over before it came: then after the last row, at rest (stop-and-go).
    """
    ask_s = profile.execution_horizon * profile.dt_s
    end_s = (profile.action_horizon - 1) * profile.dt_s
    if latency_ns * 1e-9 <= end_s - ask_s:
        return NextAsk(start_ns + round(ask_s * 1e9))
    return NextAsk(start_ns + round((end_s + SETTLE_S) * 1e9), at_rest=True)
