"""Earlier pictures of an episode: from so many rows before, and none from before the episode."""

from fake_policy import frame

from ros_wam.policy.frame_history import FrameHistory

ROW_NS = 100_000_000
T = 50 * ROW_NS


def filled(*rows: float) -> FrameHistory:
    history = FrameHistory({"wrist": (-15, -3), "global": ()}, ROW_NS * 1e-9)
    for row in rows:
        history.add(frame("wrist", T + round(row * ROW_NS)))
        history.add(frame("global", T + round(row * ROW_NS)))
    return history


def rows_found(history: FrameHistory) -> dict[int, float]:
    found = history.before({"wrist": frame("wrist", T), "global": frame("global", T)})
    assert {view for view, _ in found} <= {"wrist"}
    return {row: (kept.stamp_ns - T) / ROW_NS for (_, row), kept in found.items()}


def test_the_nearest_picture_is_found() -> None:
    assert rows_found(filled(-15.4, -14.7, -14.2, -3.3, -2.9, 0)) == {-15: -14.7, -3: -2.9}


def test_what_is_from_before_the_episode_is_absent() -> None:
    assert rows_found(filled(-4, -2, 0)) == {-3: -4}
    assert rows_found(filled(-2.4, 0)) == {}
    assert rows_found(filled(-2.5, 0)) == {-3: -2.5}


def test_an_episode_begins_with_nothing() -> None:
    history = filled(-15, -3, 0)
    history.clear()
    assert rows_found(history) == {}


def test_no_more_is_kept_than_is_looked_back_at() -> None:
    history = filled(*range(-49, 1))
    assert rows_found(history) == {-15: -15, -3: -3}
    assert len(history._frames["wrist"]) == 16


def test_a_gap_in_the_pictures_is_not_taken_for_the_beginning() -> None:
    assert rows_found(filled(-20, -19, -13, -1, 0)) == {-15: -13, -3: -1}
    assert rows_found(filled(-20, -16.5, -13, -1, 0)) == {-15: -16.5, -3: -1}


def test_pictures_from_a_time_that_fell_back_replace_those_after_it() -> None:
    history = filled(-15, -3, 0.5, 0)
    assert [(kept.stamp_ns - T) / ROW_NS for kept in history._frames["wrist"]] == [-15, -3, 0]


def test_nothing_to_look_back_at_is_nothing() -> None:
    assert not FrameHistory({"wrist": ()}, 0.1)
    assert filled()
