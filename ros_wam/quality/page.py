"""The table of checks for `docs/demonstrations.md`, from the bounds that the checks use."""

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.finding import CheckName

TABLE_BEGINS, TABLE_ENDS = "<!-- checks: made by `make docs` -->", "<!-- until here -->"
_HEAD = (("check", "what it finds", "warns", "bad", "why it matters"), ("---",) * 5)


def check_rows(bounds: Bounds) -> dict[CheckName, tuple[str, str, str, str]]:
    """Return per check what it finds, when it warns, when the recording is bad, and why that matters."""
    b = bounds
    return {**_stream_rows(b), **_motion_rows(b), **_course_rows(b)}


def _stream_rows(b: Bounds) -> dict[CheckName, tuple[str, str, str, str]]:
    return {
        CheckName.DROPPED_FRAMES: (
            "pictures and joint states missing by the stamps of the others, control ticks by their numbers",
            f"> {_percent(b.missing_share[0])}",
            f"> {_percent(b.missing_share[1])}, or none for {1e3 * b.hole_s:g} ms (of a slow camera: "
            f"{b.hole_periods:g} periods)",
            "a policy is never given a picture older than 100 ms: it should not learn from one either",
        ),
        CheckName.LOW_RATE: (
            f"a topic slower than its rate in a window of {b.rate_window_s:g} s",
            "",
            f"< {_percent(b.rate_share)}",
            "in dim light many cameras expose for longer and halve their rate without a word",
        ),
        CheckName.VIEW_SKEW: (
            f"a view behind another by more than a frame period + {1e3 * b.skew_margin_s:g} ms",
            f"> {_percent(b.skewed_share[0])} of the pictures",
            f"> {_percent(b.skewed_share[1])}",
            "the same bound refuses a policy's observation",
        ),
        CheckName.FROZEN_CAMERA: (
            "the same picture again and again, the same stamp, or no picture",
            "",
            f"for {b.frozen_s:g} s",
            "a sensor's noise never repeats; a driver that hangs does",
        ),
        CheckName.CLOCK_STEP: (
            "stamps that go back, or away from when the messages come",
            "",
            f"back at all, or by > {1e3 * b.clock_step_s:g} ms",
            "pictures and joints of different moments would be put together",
        ),
    }


def _motion_rows(b: Bounds) -> dict[CheckName, tuple[str, str, str, str]]:
    return {
        CheckName.SLOW_LOOP: (
            "the control loop below its rate for a second, or a tick late",
            f"a tick > {b.loop_stall_periods:g} periods after the one before",
            f"< {_percent(b.loop_rate_share)} of the rate",
            "what was sent was held longer than the record's rate says",
        ),
        CheckName.JERK: (
            f"the jerk of what was sent to the arm (third derivative over {1e3 * b.jerk_window_s:g} ms)",
            f"> {b.jerk_rms_share:g} of the robot's limit, RMS",
            f"> {b.jerk_peak_share:g} of the limit, once",
            "a trembling hand is what a policy learns, too; a jump is a fault of the line",
        ),
        CheckName.CLIPPED_COMMANDS: (
            "commands that the safety gate changed, or that were more than "
            f"{b.behind_tracking_share:g} × `tracking_rad` from what was asked",
            f"> {_percent(b.clipped_share[0])}",
            f"> {_percent(b.clipped_share[1])}",
            "the leader asked for what the robot may not do: asked and done differ",
        ),
        CheckName.LEADER_LOST: (
            "no command of the leader, from its loss until it leads again; not where the operator let go",
            f"> {b.leader_lost_s[0]:g} s",
            f"> {b.leader_lost_s[1]:g} s altogether",
            "the robot stood still in the middle of a motion",
        ),
        CheckName.TRACKING_LAG: (
            "the robot far from where it was sent (`lagging` of the failsafe ladder)",
            f"> {b.lagging_s[0]:g} s",
            f"> {b.lagging_s[1]:g} s altogether",
            "states and actions belong together no more",
        ),
    }


def _course_rows(b: Bounds) -> dict[CheckName, tuple[str, str, str, str]]:
    return {
        CheckName.IDLE_HEAD: (
            f"no joint moves by {b.moved_rad:g} rad after the start",
            f"> {b.idle_s[0]:g} s",
            f"> {b.idle_s[1]:g} s",
            "a policy that has seen waiting waits",
        ),
        CheckName.IDLE_TAIL: (
            "the same before the stop",
            f"> {b.idle_s[0]:g} s",
            f"> {b.idle_s[1]:g} s",
            "a policy that has seen standing still never begins again",
        ),
        CheckName.TOO_SHORT: (
            "hardly any motion by the leader",
            "",
            f"< {b.shortest_s:g} s",
            "shorter than one chunk of common policies",
        ),
        CheckName.UNMARKED_SUCCESS: (
            "a demonstration that nobody called a success or a failure",
            "always",
            "",
            "exporters take successes",
        ),
        CheckName.UNREADABLE: ("a bag that cannot be read, or is of another robot", "", "always", ""),
    }


def _percent(share: float) -> str:
    return f"{100.0 * share:g} %"


def with_table(page: str) -> str:
    """Return the text of `docs/demonstrations.md` with its table as the bounds are now."""
    rows = [*_HEAD, *((f"`{check.value}`", *cells) for check, cells in check_rows(Bounds()).items())]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    begins = page.index(TABLE_BEGINS)
    before, after = page[:begins], page[page.index(TABLE_ENDS, begins) :]
    return f"{before}{TABLE_BEGINS}\n\n{table}\n{after}"
