"""A session with a robot and a leader that a test moves, under a clock that only the test moves."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_fixtures import SETTINGS, START_NS, robot, site, state_at

from ros_wam.calibration import Fixture, Station
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.teleop.device import Button, Jog, Reading
from ros_wam.teleop.session import Phase, TeleopSession, TeleopStep
from ros_wam.types import FloatArray, JointState, Mode

PERIOD_NS = 20_000_000
UR5 = robot()
HOME = UR5.home_position
KINEMATICS = Kinematics(UR5)


@dataclass
class Rig:
    """A robot that is at once where it is led, and what is said of it and of its leader."""

    embodiment: Embodiment = UR5
    station: Station = field(default_factory=site)
    now_ns: int = START_NS
    mode: Mode | None = Mode.TELEOP
    follows: bool = True
    effort: float = 0.0

    def __post_init__(self) -> None:
        self.session = TeleopSession(self.embodiment, self.station)
        self.position = self.embodiment.home_position
        self.leader: FloatArray | None = self.position
        self.reading: dict[str, Any] = {"held": True}
        self.jogs: dict[str, Jog] | None = None

    def state(self) -> JointState:
        state = state_at(self.position, self.now_ns)
        return replace(state, effort=np.where(self.embodiment.is_gripper, self.effort, 0.0))

    def step(self, steps: int = 1, pressed: tuple[Button, ...] = (), **reading: Any) -> TeleopStep:
        """Let 20 ms pass, so many times; return what came of the last. `pressed` in the first of them."""
        for k in range(steps):
            self.now_ns += PERIOD_NS
            what = {"jogs": self.jogs} if self.jogs is not None else {"joints": self.leader}
            now = Reading(self.now_ns, **what, **(self.reading | reading), pressed=() if k else pressed)
            told = self.session.step(now, self.state(), self.mode, self.now_ns)
            if told.command is not None and self.follows:
                self.position = told.command.position
        return told

    def following(self) -> "Rig":
        assert self.step(40).phase is Phase.FOLLOWING
        return self


def away(joint: int, by: float, start: FloatArray = HOME) -> FloatArray:
    return np.asarray(start + by * np.eye(len(start))[joint])


def test_nothing_is_sent_in_another_mode() -> None:
    rig = Rig()
    for mode, text in ((Mode.POLICY, "mode is POLICY"), (None, "the robot's mode is not known")):
        rig.mode = mode
        step = rig.step(50)
        assert (step.command, step.enabled, step.phase, step.detail) == (None, False, Phase.ELSEWHERE, text)
    lost = rig.session.step(None, None, Mode.POLICY, rig.now_ns, "the port is gone")
    assert (lost.phase, lost.detail) == (Phase.ELSEWHERE, "mode is POLICY; the port is gone")


def test_nothing_is_sent_until_the_leader_has_been_where_the_robot_is_for_a_while() -> None:
    rig = Rig()
    rig.leader = away(2, -0.5)
    step = rig.step(100)
    assert (step.command, step.enabled, step.phase) == (None, False, Phase.ALIGNING)
    assert step.detail == "turn joint3 of the leader by +0.50 rad (+29°)"
    assert step.lag_rad == pytest.approx(0.5)
    rig.leader = away(2, -0.15)
    step = rig.step(25)
    assert step.phase is Phase.ALIGNING
    assert step.detail == "aligned: hold still for 0.0 s"
    rig.leader = away(2, -0.3)  # it only came past
    rig.step()
    rig.leader = away(2, -0.15)
    assert rig.step(25).phase is Phase.ALIGNING
    step = rig.step()
    assert (step.phase, step.enabled) == (Phase.FOLLOWING, True)
    assert step.command is not None
    np.testing.assert_allclose(step.command.position, HOME, atol=0.03)


def test_the_gripper_is_aligned_too_but_what_is_held_stays_held() -> None:
    rig = Rig()
    rig.position = away(6, -0.6)
    rig.leader = away(6, -0.1)
    assert rig.step(50).detail == "close gripper of the leader by 0.50 of its stroke"
    rig.leader = away(6, -1.0)
    assert rig.step(50).detail == "open gripper of the leader by 0.40 of its stroke"
    rig.effort = -20.0  # there is something between the fingers
    step = rig.step(30)
    assert step.command is not None
    assert step.command.position[6] == 0.0


def test_releasing_ends_it_at_once_and_a_leader_that_has_gone_on_is_aligned_anew() -> None:
    rig = Rig().following()
    step = rig.step(held=False)
    assert (step.command, step.enabled, step.phase, step.detail) == (None, False, Phase.RELEASED, "hold to move")
    assert rig.step(held=None).phase is Phase.RELEASED
    rig.leader = away(0, 0.4)
    assert rig.step(100).phase is Phase.ALIGNING
    np.testing.assert_array_equal(rig.position, HOME)


def test_a_leader_that_is_lost_is_told_with_its_cause_and_aligned_anew() -> None:
    rig = Rig().following()
    rig.now_ns += PERIOD_NS
    step = rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns, "the servo bus /dev/x is gone")
    assert (step.command, step.phase, step.detail) == (None, Phase.LOST, "the servo bus /dev/x is gone")
    assert step.enabled  # so that control tells of the leader and not of enable
    rig.now_ns += 200_000_000
    assert not rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns).enabled
    assert rig.step().phase is Phase.ALIGNING
    assert not rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns).enabled


def test_hold_that_was_released_before_the_leader_was_lost_stays_released() -> None:
    rig = Rig().following()
    rig.step(held=False)
    assert not rig.session.step(None, rig.state(), Mode.TELEOP, rig.now_ns).enabled


def test_what_is_old_leads_nothing() -> None:
    rig = Rig().following()
    reading = Reading(rig.now_ns, joints=HOME, held=True)
    state = rig.state()
    late = rig.session.step(reading, state, Mode.TELEOP, rig.now_ns + 80_000_001)
    assert (late.phase, late.command) == (Phase.LOST, None)
    assert late.detail == "the newest state of the leader is 0.08 s old, at most 0.08 s"
    fresh = replace(reading, stamp_ns=rig.now_ns + 201_000_000)
    assert rig.session.step(fresh, state, Mode.TELEOP, fresh.stamp_ns).detail.startswith(
        "the newest state of the robot"
    )
    assert rig.session.step(fresh, None, Mode.TELEOP, fresh.stamp_ns).detail == "no state of the robot"


def test_a_leader_that_went_on_while_nothing_was_sent_is_aligned_anew() -> None:
    rig = Rig().following()
    rig.leader = away(0, 0.4)
    rig.now_ns += 200_000_000
    step = rig.step()
    assert (step.command, step.enabled, step.phase) == (None, False, Phase.ALIGNING)
    assert step.detail == "turn joint1 of the leader by -0.40 rad (-23°)"
    rig = Rig().following()
    rig.now_ns += 180_000_000  # no more than that is a hiccup
    assert rig.step().phase is Phase.FOLLOWING


def test_the_target_goes_after_the_leader_no_faster_than_the_speed_scale_and_stops_there() -> None:
    rig = Rig().following()
    rig.leader = away(0, 0.5)
    assert rig.step(pressed=(Button.SLOWER,) * 9).speed == 0.1
    way = [rig.position[0] for _ in range(20) if rig.step()]
    assert np.diff(way).max() == pytest.approx(0.1 * 2.0 * 0.02)
    assert rig.step(pressed=(Button.FASTER,) * 9).speed == 1.0
    rates = [0.28]
    while rig.position[0] < HOME[0] + 0.4999:
        before = rig.position[0]
        rig.step()
        rates.append((rig.position[0] - before) / 0.02)
    assert 1.0 < max(rates) <= 2.0
    assert np.abs(np.diff(rates)).max() <= 0.5 * 8.0 * 0.02 + 1e-9
    assert rates[-1] < 0.15
    rig.step(20)
    np.testing.assert_allclose(rig.position, rig.leader, atol=1e-6)


def test_a_clutched_leader_moves_alone_and_leads_from_where_it_is_then() -> None:
    rig = Rig().following()
    rig.leader = away(1, 0.6)
    step = rig.step(20, clutch=True)
    assert (step.phase, step.enabled) == (Phase.CLUTCHED, True)
    np.testing.assert_array_equal(rig.position, HOME)
    rig.step(20)
    np.testing.assert_allclose(rig.position, HOME, atol=1e-9)
    rig.leader = away(1, 0.7)
    rig.step(20)
    np.testing.assert_allclose(rig.position, away(1, 0.1), atol=1e-9)
    rig.step(held=False)
    assert rig.step(40).phase is Phase.FOLLOWING  # neither has moved since
    rig.step(held=False)
    rig.leader = away(1, 1.5)
    assert rig.step(40).detail == "turn joint2 of the leader by -1.40 rad (-80°)"  # from the truth: the clutch is over


def test_a_robot_that_does_not_follow_is_not_led_away_from_and_is_aligned_anew() -> None:
    rig = Rig().following()
    rig.follows = False
    rig.leader = away(0, 0.5)
    step = rig.step(100)
    assert step.command is not None
    assert step.command.position[0] - HOME[0] == pytest.approx(0.75 * UR5.start_distance_rad)
    rig.leader = away(0, 0.9)
    step = rig.step()
    assert (step.phase, step.command) == (Phase.ALIGNING, None)
    assert step.detail == "the leader is 0.90 rad ahead of the robot in joint1, at most 0.8 rad"
    rig = Rig().following()
    rig.position = away(0, 0.2)  # by something else
    assert rig.step().detail == "the robot is 0.20 rad from where it is led to in joint1, at most 0.15 rad"


def test_a_joint_stops_at_its_limit_and_the_others_go_on() -> None:
    rig = Rig()
    rig.position = rig.leader = away(5, UR5.upper[5] - 0.05 - HOME[5])
    rig.following()
    rig.leader = rig.leader + np.array([0.1, 0, 0, 0, 0, 0.3, 0])
    step = rig.step(60)
    assert rig.position[5] == UR5.upper[5]
    assert rig.position[0] == pytest.approx(HOME[0] + 0.1)
    assert step.detail == "joint6 is at its limit, the leader 0.25 rad beyond it"


def everywhere() -> Any:
    return replace(UR5.arms["arm"].workspace, min_m=(-3.0,) * 3, max_m=(3.0,) * 3)


def jogging(twist: tuple[float, ...] = (), **jog: Any) -> Rig:
    rig = Rig()
    rig.jogs = {"arm": Jog(np.array(twist) if twist else None, **jog)}
    return rig


def test_a_jogged_tool_goes_straight_as_fast_as_it_is_told_times_the_speed() -> None:
    rig = jogging((0.1, 0.0, -0.05, 0.0, 0.0, 0.0))
    before = KINEMATICS.tool_pose(HOME)
    assert rig.step().phase is Phase.FOLLOWING  # a jog needs no alignment
    rig.step(50)
    after = KINEMATICS.tool_pose(rig.position)
    np.testing.assert_allclose(after[:3, 3] - before[:3, 3], [0.05, 0.0, -0.025], atol=1.5e-3)
    np.testing.assert_allclose(after[:3, :3], before[:3, :3], atol=3e-4)


def test_a_jogged_tool_turns_about_its_bases_axes() -> None:
    rig = jogging((0.0, 0.0, 0.0, 0.0, 0.0, 0.4))
    before = KINEMATICS.tool_pose(HOME)
    rig.step(51)
    after = KINEMATICS.tool_pose(rig.position)
    np.testing.assert_allclose(after[:3, 3], before[:3, 3], atol=1e-4)
    c, s = np.cos(0.2), np.sin(0.2)
    np.testing.assert_allclose(after[:3, :3], np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ before[:3, :3], atol=6e-3)


def test_a_joint_jog_and_the_gripper() -> None:
    rig = jogging(joint_velocity=np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]), gripper=-0.5)
    rig.step(51)
    assert rig.position[5] - HOME[5] == pytest.approx(0.5, abs=1e-3)
    assert rig.position[6] == pytest.approx(0.5, abs=0.02)
    before = rig.position
    rig.jogs = {"arm": Jog()}
    rig.step(20)
    np.testing.assert_array_equal(rig.position, before)


def test_a_jog_stops_where_it_cannot_go_on_and_says_why() -> None:
    rig = jogging((0.0, 0.0, -0.2, 0.0, 0.0, 0.0))
    step = rig.step(400)
    edge_m = UR5.arms["arm"].workspace.min_m[2] + SETTINGS.workspace_margin_m
    assert KINEMATICS.tool_position(rig.position)[2] == pytest.approx(edge_m + 0.004, abs=3e-3)
    assert step.detail.startswith("tool would be at [-0.4")
    assert "the workspace is" in step.detail and "row" not in step.detail
    rig.jogs = {"arm": Jog(np.array([0.0, 0.0, 0.2, 0.0, 0.0, 0.0]))}
    assert rig.step(10).detail == ""  # and back is free


def test_a_jog_that_nothing_reaches_stays() -> None:
    wide = replace(UR5, arms={"arm": replace(UR5.arms["arm"], workspace=everywhere())})
    rig = jogging((-0.3, 0.0, 0.0, 0.0, 0.0, 0.0))
    rig.session = TeleopSession(wide, rig.station)
    details = [rig.step().detail for _ in range(170)]
    assert "" in details
    assert details[-1].startswith(("the tool of arm cannot go on to [-0.", "the tool of arm is led past a singularity"))
    reached = rig.position
    rig.step(5)
    np.testing.assert_allclose(rig.position, reached, atol=1e-2)


def test_an_obstacle_is_not_led_into_and_is_named() -> None:
    rig = jogging((0.0, 0.0, -0.2, 0.0, 0.0, 0.0))
    rig.station = replace(site(), fixtures={"shelf": Fixture((-0.7, -0.2, 0.0), (-0.2, 0.2, 0.15))})
    rig.session = TeleopSession(UR5, rig.station)
    step = rig.step(300)
    assert "shelf" in step.detail and "in each other" in step.detail
    assert KINEMATICS.tool_position(rig.position)[2] > 0.14


def test_of_two_arms_the_one_whose_way_is_free_goes_on() -> None:
    aloha = robot("aloha")
    rig = Rig(aloha, replace(site(), fixtures={"table": Fixture((-0.84, -0.62, -0.04), (0.16, 0.62, 0.0))}))
    down = Jog(np.array([0.0, 0.0, -0.1, 0.0, 0.0, 0.0]))
    rig.jogs = {"left": down, "right": Jog()}
    rig.step(300)
    stuck = rig.position[:6].copy()
    rig.jogs = {"left": down, "right": Jog(np.array([0.0, 0.0, 0.1, 0.0, 0.0, 0.0]), gripper=-1.0)}
    step = rig.step(25)
    assert step.detail.startswith("left_tool would be at")
    np.testing.assert_array_equal(rig.position[:6], stuck)
    assert np.abs(rig.position[7:13] - aloha.home_position[7:13]).max() > 0.01
    assert rig.position[13] < 0.7


def test_a_device_that_does_not_fit_the_robot_is_an_error() -> None:
    for jogs, text in (
        ({"left": Jog()}, "jog of arm 'left'; ur5 has: arm"),
        ({"arm": Jog(np.zeros(3))}, "must be 6 numbers"),
        ({"arm": Jog(joint_velocity=np.full(6, np.nan))}, "joint_velocity"),
        ({"arm": Jog(gripper=np.nan)}, "jog of arm: gripper is nan, must be a number"),
    ):
        rig = Rig()
        rig.jogs = jogs
        with pytest.raises(SpecError, match=text):
            rig.step(2)
    for joints in (HOME[:6], HOME * np.nan):
        rig = Rig()
        rig.leader = joints
        with pytest.raises(SpecError, match=r"joints of the leader are .* must be 7 numbers for ur5"):
            rig.step()


def test_lag_is_told_in_radians_and_in_time() -> None:
    rig = Rig().following()
    rig.follows = False
    rig.step(pressed=(Button.FASTER,) * 9)
    asked: list[FloatArray] = []
    lags = []
    for k in range(200):
        rig.leader = away(0, 0.1 * np.sin(k * 0.08))
        asked.append(rig.leader)
        rig.position = asked[max(k - 4, 0)]  # 80 ms later
        lags.append(rig.step())
    assert lags[10].lag_s is None  # it has not seen enough
    assert lags[-1].lag_s == pytest.approx(0.1, abs=0.03)
    assert 0.0 < max(lag.lag_rad or 0.0 for lag in lags) < 0.05


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("hhrlcmgg"), st.integers(0, 6), st.floats(-1.0, 1.0)), max_size=40))
def test_whatever_happens_it_is_sent_only_while_held_and_never_farther_than_its_speed_allows(
    events: list[tuple[str, int, float]],
) -> None:
    """The hand goes to the robot (g) or off (h), hold is released, the leader lost or clutched, or the mode left."""
    rig = Rig()
    last: FloatArray | None = None
    aligned, was_clutched = 0, False
    for event, joint, value in events:
        mode = Mode.POLICY if event == "m" else Mode.TELEOP
        if event == "g":
            rig.leader = rig.position
        elif event == "h":
            rig.leader = away(joint, value, rig.position)
        held, rig.mode = event != "r", mode
        for _ in range(30 if event == "g" else 8):
            before = rig.position
            if event == "l":
                rig.now_ns += PERIOD_NS
                step = rig.session.step(None, rig.state(), mode, rig.now_ns)
            else:
                step = rig.step(held=held, clutch=event == "c")
            assert rig.leader is not None
            near = was_clutched or np.abs(rig.leader - before)[:6].max() <= 0.2 + 1e-12
            if step.command is None:
                aligned = aligned + 1 if near and held and event not in "lm" else 0
                last = None
                assert not step.enabled or step.phase is Phase.LOST
                continue
            assert held and mode is Mode.TELEOP and event != "l" and step.enabled
            if last is None:
                last = before
                assert aligned >= 25  # half a second before it began
            was_clutched = was_clutched or step.phase is Phase.CLUTCHED
            speed = 0.0 if step.phase is Phase.CLUTCHED else step.speed
            bound = UR5.velocity * 0.02 * np.where(UR5.is_gripper, float(speed > 0.0), speed) + 1e-9
            assert (np.abs(step.command.position - last) <= bound).all()
            last = step.command.position
