"""What the policy's side makes of the share of their speed at which chunks are followed."""

from collections.abc import Callable, Iterator

import pytest

from ros_wam.errors import SpecError
from ros_wam.motion.path_time import PathTime
from ros_wam.policy.speed import MEMORY_NS, RAMP_NS, FollowedSpeed, read_speed

S = 1_000_000_000
T0 = 1000 * S
CHANGES = ((2.0, 0.25), (3.1, 1.0), (3.3, 0.5), (6.0, 0.8), (7.5, 1.0))


def test_at_full_speed_what_is_due_by_the_clock_is_reached() -> None:
    speed = FollowedSpeed(1.0)
    speed.tell(1.0, T0 + S)
    assert speed.smallest_since(T0) == 1.0
    assert speed.reached_ns(T0, T0 + 123_456_789) == T0 + 123_456_789


def test_what_is_reached_is_never_taken_for_further_than_it_is() -> None:
    speed, path = FollowedSpeed(0.5), PathTime()
    path.set_share(0.5, T0 - 20 * S)
    changes = list(CHANGES)
    early = []
    for tick in range(1250):
        now_ns = T0 + tick * 8_000_000
        if changes and tick * 0.008 >= changes[0][0]:
            share = changes.pop(0)[1]
            path.set_share(share, now_ns)
            speed.tell(share, now_ns)
        for lasting_ns in (S // 10, S // 2, S, 3 * S):
            t0_ns = now_ns - lasting_ns
            reached_ns = t0_ns + path.at(now_ns)[0] - path.at(t0_ns)[0]
            early.append(reached_ns - speed.reached_ns(t0_ns, now_ns))
    assert min(early) > -4_000_000
    assert max(early) > S // 10


class ToldMeanwhile(list[tuple[int, float]]):
    """A past that is read while the other thread tells that the robot is at full speed again."""

    def __init__(self, speed: FollowedSpeed) -> None:
        super().__init__()
        self._tell: Callable[[], None] | None = lambda: speed.tell(1.0, T0)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        read, tell, self._tell = list(super().__iter__()), self._tell, None
        if tell is not None:
            tell()
        return iter(read)


def test_one_thread_may_tell_while_another_asks() -> None:
    speed = FollowedSpeed(0.25)
    speed._past = ToldMeanwhile(speed)
    assert speed.smallest_since(T0 - S) == 0.25
    assert speed.smallest_since(T0 - S) == 0.25


def test_a_share_is_forgotten_once_the_change_is_over() -> None:
    speed = FollowedSpeed(0.25)
    speed.tell(0.5, T0)
    speed.tell(0.5, T0 + S)
    assert speed.smallest_since(T0 + RAMP_NS) == 0.25
    assert speed.smallest_since(T0 + RAMP_NS + 1) == 0.5
    speed.tell(1.0, T0 + MEMORY_NS + 1)
    assert speed.smallest_since(T0) == 0.5, "longer ago than anything is under way"


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_a_share_is_read_as_it_is_said(share: float) -> None:
    assert read_speed(str(share)) == share


@pytest.mark.parametrize("text", ["", "fast", "0", "-0.5", "1.01", "nan", "inf"])
def test_what_is_no_share_is_not_believed(text: str) -> None:
    with pytest.raises(SpecError, match="speed of safety_status"):
        read_speed(text)
