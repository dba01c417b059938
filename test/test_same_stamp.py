"""A picture and its depth find each other, whichever comes first, and nothing waits for ever."""

from hypothesis import given
from hypothesis import strategies as st

from ros_wam.policy.same_stamp import KEPT, SameStamp


def test_whichever_comes_later_completes_the_pair() -> None:
    pairs: SameStamp[str] = SameStamp()
    assert pairs.first(1, "picture 1") is None
    assert pairs.second(1, "depth 1") == ("picture 1", "depth 1")
    assert pairs.second(2, "depth 2") is None
    assert pairs.first(2, "picture 2") == ("picture 2", "depth 2")


def test_a_pair_is_given_once() -> None:
    pairs: SameStamp[str] = SameStamp()
    pairs.first(1, "picture")
    pairs.second(1, "depth")
    assert pairs.second(1, "depth again") is None


def test_what_is_never_completed_is_forgotten() -> None:
    pairs: SameStamp[int] = SameStamp()
    for stamp_ns in range(KEPT + 1):
        pairs.first(stamp_ns, stamp_ns)
    assert pairs.second(0, 0) is None
    assert pairs.second(1, -1) == (1, -1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=60))
def test_only_equal_stamps_are_paired(events: list[tuple[bool, int]]) -> None:
    pairs: SameStamp[int] = SameStamp()
    for is_first, stamp_ns in events:
        found = pairs.first(stamp_ns, stamp_ns) if is_first else pairs.second(stamp_ns, stamp_ns)
        assert found in (None, (stamp_ns, stamp_ns))
