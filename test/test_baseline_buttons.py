"""The baseline presses buttons on the toy table: in the order of the prompt, once each, whatever comes between."""

import numpy as np
import pytest
from toy_buttons import PLACES, TIP_M, ToyButtons
from toy_tabletop import VIEWS, camera, ur5

from ros_wam.errors import ConfigError, SpecError
from ros_wam.policies import fingertips
from ros_wam.policies.buttons import TOP_M, ButtonMemory, asked_for
from ros_wam.policies.presser import pressing_session
from ros_wam.policies.session import RATE_HZ
from ros_wam.policies.tool_vector import to_matrix
from ros_wam.types import FloatArray

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

EMBODIMENT = ur5()
ARM = ~EMBODIMENT.is_gripper
PROMPT = "press the pink, blue, and green buttons in sequence"
ROWS_PER_CALL = 15
LEAD_ROWS = 9
"""An answer is normally being executed after so many rows."""
LIMITS = EMBODIMENT.velocity[ARM]


class Run:
    """Calls the session every 0.5 s and has the robot follow the rows in between, exactly and at once.

    `halted_at_m`: once the tool is that low the robot stands still.
    `leap_rad`: how much an answer has ever differed from the one before on the rows that were being executed.
    """

    def __init__(self, prompt: str = PROMPT, places: dict[str, FloatArray] = PLACES) -> None:
        self.table = ToyButtons(EMBODIMENT, dict(places))
        self.session = pressing_session(EMBODIMENT, self.table.kinematics, VIEWS, prompt)
        self.stamp_ns = 1_000_000_000
        self.rows: list[FloatArray] = []
        self.halted_at_m = -1.0
        self.leap_rad = 0.0
        self._ongoing: FloatArray | None = None

    def call(self, calls: int = 1, speed: float = 1.0) -> None:
        """`speed`: the share of their speed at which rows are followed."""
        for _ in range(calls):
            rows = self.session.step(self.stamp_ns, self.table.images(), self.table.joints)
            self.stamp_ns += round(ROWS_PER_CALL / RATE_HZ * 1e9)
            if self._ongoing is not None:
                self.leap_rad = max(self.leap_rad, float(np.abs(rows[:LEAD_ROWS] - self._ongoing)[:, ARM].max()))
            for at in speed * np.arange(ROWS_PER_CALL):
                before, share = int(at), at % 1.0
                if not self.is_halted():
                    self.table.follow(rows[before] + share * (rows[before + 1] - rows[before]))
                self.rows.append(self.table.joints)
            self._ongoing = None if self.is_halted() or speed < 1.0 else rows[ROWS_PER_CALL:][:LEAD_ROWS]

    def is_halted(self) -> bool:
        return bool(self.table.kinematics.tool_position(self.table.joints)[2] <= self.halted_at_m)

    def is_home(self) -> bool:
        return bool((np.abs(self.table.joints - EMBODIMENT.home_position) < 0.01).all())


@pytest.fixture(scope="module")
def pressed() -> Run:
    run = Run()
    run.call(34)
    return run


def test_all_are_pressed_once_in_order_and_the_arm_goes_home(pressed: Run) -> None:
    assert pressed.table.pressed == ["pink", "blue", "green"]
    assert pressed.is_home()


def test_it_never_presses_to_the_stop(pressed: Run) -> None:
    lowest = min(pressed.table.kinematics.tool_position(row)[2] for row in pressed.rows)
    assert TOP_M - (lowest - TIP_M) == pytest.approx(0.010, abs=5e-4)


def test_rows_stay_within_the_limits_from_one_chunk_to_the_next(pressed: Run) -> None:
    velocity = np.diff(np.array(pressed.rows)[:, ARM], axis=0) * RATE_HZ
    assert (np.abs(velocity) <= 0.7 * LIMITS).all()
    assert (np.abs(np.diff(velocity, axis=0) * RATE_HZ) <= 0.8 * EMBODIMENT.acceleration[ARM]).all()


def test_the_order_is_that_of_the_prompt() -> None:
    run = Run("press green, then pink")
    run.call(26)
    assert run.table.pressed == ["green", "pink"]
    assert run.is_home()


def test_a_press_that_was_kept_from_going_down_is_tried_again() -> None:
    run = Run("press the blue button")
    run.table.blocked_m = TOP_M + TIP_M - 0.004
    run.call(6)
    assert run.table.pressed == []
    run.table.blocked_m = None
    run.call(12)
    assert run.table.pressed == ["blue"]
    assert run.is_home()


def test_it_gives_a_button_up_in_the_end() -> None:
    run = Run("press the blue button")
    run.table.blocked_m = TOP_M + TIP_M - 0.004
    run.call(40)
    assert run.is_home()


@pytest.mark.parametrize("above_m", [0.01, 0.03, 0.075])
def test_a_press_that_is_held_up_far_above_does_not_hold_up_the_others(above_m: float) -> None:
    run = Run("press the blue button, then the green one")
    run.table.blocked_m = TOP_M + TIP_M + above_m
    run.call(46)
    assert run.table.pressed == []
    run.table.blocked_m = None
    run.call(14)
    assert run.table.pressed == ["green"]
    assert run.is_home()


@pytest.mark.parametrize("height_m", [0.095, 0.045, 0.002])
@pytest.mark.parametrize("halted_calls", [12, 28, 80])
def test_a_press_that_was_halted_goes_on_without_a_leap(height_m: float, halted_calls: int) -> None:
    """The tool is halted `height_m` above where it presses."""
    run = Run()
    run.halted_at_m = TOP_M - 0.010 + TIP_M + height_m
    run.call(5 + halted_calls)
    assert run.is_halted()
    run.halted_at_m = -1.0
    run.call(34)
    assert run.table.pressed == ["pink", "blue", "green"]
    assert run.leap_rad < 1e-3
    assert run.is_home()


@pytest.mark.parametrize("speed", [0.4, 0.54])
def test_a_robot_that_follows_slowly_presses_each_once(speed: float) -> None:
    run = Run()
    run.call(50, speed)
    assert run.table.pressed == ["pink", "blue", "green"]


def test_a_robot_that_was_carried_away_goes_on_with_the_next_button() -> None:
    run = Run()
    while not run.table.pressed:
        run.call()
    run.call(3)
    assert run.table.pressed == ["pink"]
    run.table.joints = EMBODIMENT.home_position + np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    run.call(30)
    assert run.table.pressed == ["pink", "blue", "green"]


def test_what_is_not_there_is_not_pressed_and_not_passed_over() -> None:
    run = Run(places={name: PLACES[name] for name in ("pink", "green")})
    run.call(16)
    assert run.table.pressed == ["pink"]
    assert run.is_home()
    run.table.places["blue"] = PLACES["blue"]
    run.call(24)
    assert run.table.pressed == ["pink", "blue", "green"]


def test_buttons_are_seen_where_they_are() -> None:
    run, memory = Run(), ButtonMemory()
    over_table = to_matrix(np.array([-0.46, 0.0, 0.34, np.pi / 2, 0.0, 0.0]))
    for view, image in run.table.images().items():
        memory.look(image, camera(view, over_table), 0)
    for colour, at in PLACES.items():
        assert (memory.seen[colour].x_m, memory.seen[colour].y_m) == pytest.approx(at, abs=0.002)


@pytest.mark.parametrize(
    ("prompt", "colours"),
    [(PROMPT, ("pink", "blue", "green")), ("Green button, then BLUE!", ("green", "blue")), ("pink", ("pink",))],
)
def test_the_prompt_names_the_colours(prompt: str, colours: tuple[str, ...]) -> None:
    assert asked_for(prompt) == colours


def test_a_prompt_without_a_known_colour_is_refused() -> None:
    with pytest.raises(SpecError, match="names no button; there are: pink, blue, green"):
        asked_for("press the greenish button")


def test_it_needs_both_views() -> None:
    with pytest.raises(ConfigError, match="no view global"):
        pressing_session(EMBODIMENT, Run().table.kinematics, {"wrist": VIEWS["wrist"]}, PROMPT)


def test_the_fingers_reach_is_read_from_the_model() -> None:
    assert fingertips.reach_m(EMBODIMENT, "arm") == pytest.approx(TIP_M)
