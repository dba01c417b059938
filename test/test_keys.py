"""What is held and pressed, from keys with stamps: a tap holds nothing, a release is noticed within 100 ms."""

from collections.abc import Iterable

import pytest

from ros_wam.teleop.keys import Keys

MS = 1_000_000


def typed(keys: Keys, key: bytes, times_ms: Iterable[float]) -> None:
    for time_ms in times_ms:
        keys.feed(key, round(time_ms * MS))


def held(keys: Keys, now_ms: float) -> set[str]:
    return set(keys.state(round(now_ms * MS)).held)


def test_a_tap_holds_nothing_at_any_time() -> None:
    keys = Keys()
    keys.feed(b"w", 0)
    assert not any(held(keys, now_ms) for now_ms in range(0, 1000, 5))


@pytest.mark.parametrize("between_ms", [71, 100, 150, 300, 650])
def test_taps_as_fast_as_a_finger_hold_nothing(between_ms: int) -> None:
    keys = Keys()
    for k in range(10):
        keys.feed(b"w", k * between_ms * MS)
        assert not held(keys, k * between_ms + 1)


def test_keys_that_a_connection_held_back_hold_nothing() -> None:
    keys = Keys()
    keys.feed(b"wwww", 0)
    typed(keys, b"w", (0.1, 3, 6))
    assert not held(keys, 6)


@pytest.mark.parametrize("delay_ms", [250, 500, 660])
@pytest.mark.parametrize("rate_hz", [15, 25, 30, 40])
def test_a_key_is_held_from_its_first_repeat_until_a_tenth_of_a_second_after_its_last(
    delay_ms: int, rate_hz: int
) -> None:
    keys, period_ms = Keys(), 1000 / rate_hz
    repeats = [delay_ms + k * period_ms for k in range(20)]
    keys.feed(b"w", 0)
    for k, now_ms in enumerate(repeats):
        assert held(keys, now_ms - 1) == ({"w"} if k > 1 else set())
        typed(keys, b"w", [now_ms])
        assert held(keys, now_ms) == ({"w"} if k > 0 else set())
    assert held(keys, repeats[-1] + 100) == {"w"}
    assert held(keys, repeats[-1] + 101) == set()


def test_a_missed_repeat_lets_nothing_go() -> None:
    keys = Keys()
    typed(keys, b"w", (0, 500, 540, 580))
    assert held(keys, 670) == {"w"}
    typed(keys, b"w", (675,))
    assert held(keys, 770) == {"w"}


def test_what_is_pressed_again_after_a_release_has_to_repeat_again() -> None:
    keys = Keys()
    typed(keys, b"w", (0, 500, 530, 560, 800))
    assert held(keys, 801) == set()


def test_a_verb_that_is_held_is_one_press() -> None:
    keys = Keys()
    typed(keys, b"y", (0, 660, 690, 720, 750, 780))
    assert keys.state(781 * MS).pressed == ("y",)
    assert keys.state(782 * MS).pressed == ()


def test_other_keys_may_be_pressed_as_often_as_one_likes() -> None:
    keys = Keys()
    typed(keys, b".", (0, 150, 300))
    assert keys.state(301 * MS).pressed == (".", ".", ".")


def test_a_device_that_tells_of_releases_is_believed() -> None:
    keys = Keys()
    keys.press("space")
    keys.press("w")
    assert keys.state(0) == keys.state(0).__class__(frozenset({"space", "w"}), ("space", "w"))
    keys.release("w")
    assert held(keys, 10_000) == {"space"}
    keys.release_all()
    assert held(keys, 10_000) == set()
