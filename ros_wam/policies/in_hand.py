"""When a thing is in the fingers: times that hold for every gripper and thing."""

GRIP_SEEN_S = 0.1
"""So long after the fingers have closed their opening tells what is between them."""
_CLOSES_S = 0.2
_LET_GO_S = 0.6  # after which what was let go lies still


def is_in_hand(plan_s: float, close_s: float, done_s: float) -> bool:
    """Return whether it is in the fingers at `plan_s`, or falls from them: no view tells where it stands then.

    `close_s`: when the fingers close on it; `done_s`: when they have left it.
    """
    return close_s - _CLOSES_S < plan_s < done_s + _LET_GO_S
