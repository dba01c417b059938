"""The share of their speed at which control follows chunks, as the policy's side is told it."""

from ros_wam.errors import SpecError

RAMP_NS = 1_000_000_000  # after a change of the share: what is left of it by then makes less than 4 ms of path
MEMORY_NS = 60_000_000_000  # longer than any observation is under way


class FollowedSpeed:
    """The share now, and the smallest of late. One thread may `tell` while another asks."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._past: list[tuple[int, float]] = []  # until when, and what

    def tell(self, share: float, now_ns: int) -> None:
        """Take the share that control follows at from now on, 0 < `share` <= 1."""
        if share != self._share:
            kept = [(until_ns, past) for until_ns, past in self._past if now_ns - until_ns <= MEMORY_NS]
            self._past = [*kept, (now_ns, self._share)]
            self._share = share

    def smallest_since(self, since_ns: int) -> float:
        """Return the smallest share of all since then, and of those that the path was still speeding up from."""
        share = self._share  # before the past, where `tell` notes it before it is replaced
        return min([share, *(past for until_ns, past in self._past if until_ns >= since_ns - RAMP_NS)])

    def reached_ns(self, t0_ns: int, now_ns: int) -> int:
        """Return an instant that the path from `t0_ns` on has reached by now: it is there or further, but for 4 ms."""
        return t0_ns + round(self.smallest_since(t0_ns) * (now_ns - t0_ns))


def read_speed(text: str) -> float:
    """Return what the value `speed` of `safety_status` says; raises SpecError when it is no share."""
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0.0 < share <= 1.0:
        raise SpecError(f"speed of safety_status is {text!r}, must be a number above 0 and at most 1")
    return share
