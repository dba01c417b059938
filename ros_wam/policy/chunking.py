"""When to ask the policy again while the robot moves."""

from ros_wam.policy.profile import Profile

SETTLE_S = 0.3  # from the last row to rest; the smoother trails its target by less
RETRY_S = 0.1  # after a refusal


def next_ask_ns(profile: Profile, start_ns: int, latency_ns: int) -> int:
    """Return when to ask again, for a chunk that starts at `start_ns` and was answered `latency_ns` after it was seen.

    After `execution_horizon` rows, so that the next chunk takes over in motion. Where an answer takes longer than the
    rows that are left then, its chunk would be over before it came: then after the last row, at rest (stop-and-go).
    """
    ask_s = profile.execution_horizon * profile.dt_s
    left_s = (profile.action_horizon - 1) * profile.dt_s - ask_s
    if latency_ns * 1e-9 > left_s:
        ask_s += left_s + SETTLE_S
    return start_ns + round(ask_s * 1e9)
