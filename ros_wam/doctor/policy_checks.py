"""Is the policy server the one that the profile means, and does it answer in time?"""

import numpy as np

from ros_wam.doctor.check import Check
from ros_wam.doctor.measured import Asked
from ros_wam.policy import key_path
from ros_wam.policy.profile import DECLARATIONS, Profile
from ros_wam.policy.strategies import make_strategy

FITS = "as the profile says"
NOTHING = "nothing to compare, which the profile allows"


def policy_checks(asked: Asked | None, profile: Profile) -> list[Check]:
    """Return the rows of the server's metadata, its answers' shape and their latency."""
    asked = asked or Asked(error="it was not asked")
    return [_metadata(asked, profile), _answers(asked, profile), _latency(asked, profile)]


def _metadata(asked: Asked, profile: Profile) -> Check:
    greeted = asked.greeted and not asked.mismatch
    comparable = {part for name in DECLARATIONS for part in key_path.parts(profile.declares.get(name, name))[:1]}
    fits = FITS if profile.must_say or comparable.intersection(asked.declares) else NOTHING
    return Check("policy metadata", greeted, asked.mismatch or (fits if greeted else "not known"), FITS)


def _answers(asked: Asked, profile: Profile) -> Check:
    rows, columns = profile.action.horizon, len(profile.action_labels)
    wanted = f"({rows if rows is not None else f'{profile.fewest_rows} or more'}, {columns})"
    value = asked.error or (f"actions of shape {asked.shape}" if asked.shape else "none")
    fits = len(asked.shape) == 2 and asked.shape[1] == columns
    fits = fits and (asked.shape[0] == rows if rows is not None else asked.shape[0] >= profile.fewest_rows)
    return Check("policy server", not asked.error and fits, value, f"actions of shape {wanted}")


def _latency(asked: Asked, profile: Profile) -> Check:
    execution = profile.execution
    hidden_ms = 1e3 * make_strategy(execution.strategy, execution.horizon).hidden_s(
        profile.action.horizon or (asked.shape or (0,))[0], profile.dt_s
    )
    most_ms = hidden_ms or 1e3 * profile.timeouts.call_s  # by a strategy that hides nothing the robot waits anyway
    why = f"what {execution.strategy} hides" if hidden_ms else "its timeout"
    limit = f"p99 {most_ms:.0f} ms or less, {why}"
    if not asked.latencies_ms:
        return Check("policy latency", False, "not known", limit)
    p50_ms, p99_ms = np.percentile(asked.latencies_ms, (50, 99))
    value = f"p50 {p50_ms:.1f}, p99 {p99_ms:.1f} ms; {len(asked.latencies_ms)} warm requests"
    return Check("policy latency", bool(p99_ms <= most_ms), value, limit)
