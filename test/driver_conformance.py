"""What every driver keeps: a test class that each driver inherits, with its real vendor library and an emulator."""

import contextlib
from collections.abc import Mapping

import numpy as np
import pytest
from driver_rig import DriverRig as DriverRig
from gripper_conformance import GripperConformance

from ros_wam.errors import CommandInvalid, DriverError, DriverSpent, RobotStopped, StateStale
from ros_wam.types import Command

FRESH_NS = 500_000_000
"""No state that is read may be older; on a busy machine the emulator itself comes late."""
TOLD_NS = 2_000_000_000
"""A lost link or a stopped robot is told within this."""
REST_RAD = 2e-3
AWAY_RAD = 0.045
"""What must not arrive lies this far away: less than any driver's largest first step, which would be refused."""
FACTS = {"library", "firmware", "safety_mode"}
NOT_NAMED = pytest.mark.skip(reason="its test class does not name them: set `losses` and `stops`")
HAS_NONE = pytest.mark.skip(reason="this robot has none")


class DriverConformance(GripperConformance):
    """What every driver keeps. Provide the fixture `rig`, and name the faults of its emulator.

    `losses` are those that lose the link, `stops` those after which the robot stopped by itself, each with a pattern of
    what is told then; a robot that can have none names nothing. Where losing the link may crash the vendor library,
    override the fixture `lossy_rig` by one whose driver is in a process of its own (`driver_process.py`).
    """

    losses: tuple[str, ...] | None = None
    stops: Mapping[str, str] | tuple[()] | None = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for argument, names in (("loss", self.losses), ("stop", self.stops)):
            if argument in metafunc.fixturenames:
                why = NOT_NAMED if names is None else HAS_NONE
                metafunc.parametrize(argument, list(names or ()) or [pytest.param("", marks=why)])

    @pytest.fixture
    def lossy_rig(self, rig: DriverRig) -> DriverRig:
        return rig

    # ---- connect, read ----

    def test_states_are_fresh_and_in_order(self, rig: DriverRig) -> None:
        rig.driver.connect()
        states = []
        for _ in range(20):
            rig.step()
            state = rig.read()
            assert 0 <= rig.clock.now_ns() - state.stamp_ns < FRESH_NS
            assert state.position.shape == (len(rig.embodiment.joint_names),)
            states.append(state)
        stamps = [state.stamp_ns for state in states]
        assert stamps == sorted(stamps) and len(set(stamps)) > 5

    def test_connecting_does_not_move(self, rig: DriverRig) -> None:
        if rig.truth is not None:
            rig.steps(20)  # what a test before began comes to rest
            start = rig.truth()
        rig.driver.connect()
        before = rig.read().position
        rig.steps(20)
        np.testing.assert_allclose(rig.read().position, before, atol=REST_RAD)
        if rig.truth is not None:
            np.testing.assert_allclose(rig.truth(), start, atol=REST_RAD)

    def test_states_come_at_the_control_rate(self, rig: DriverRig) -> None:
        rig.driver.connect()
        median_s = min(rig.median_interval_s() for _ in range(3))
        assert median_s < 1.5 * rig.embodiment.period_s

    def test_facts_are_told_once_connected(self, rig: DriverRig) -> None:
        with pytest.raises(DriverError):
            rig.driver.facts()
        rig.driver.connect()
        facts = dict(rig.driver.facts())
        assert set(facts) == FACTS
        assert all(isinstance(value, str) and value.strip() for value in facts.values()), facts

    # ---- send ----

    def test_what_is_sent_arrives_and_is_followed_joint_by_joint(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        end = rig.inwards(start, 0.06 + 0.01 * np.arange(len(start)))  # no two joints have the same way
        before = len(rig.received())
        path = [start + share * (end - start) for share in np.linspace(0.0, 1.0, 60)]
        for position in path:
            np.testing.assert_array_equal(rig.hold(position).position, position)
        arm = rig.arm
        rig.run_until(lambda state: np.abs(state.position - end)[arm].max() < 3e-3, end)
        arrived = rig.received()[before:]
        for position in np.array(path)[:, arm]:
            assert np.abs(arrived - position).max(axis=1).min() <= rig.resolution_rad
        low, high = np.minimum(start, end)[arm], np.maximum(start, end)[arm]
        slack = max(
            rig.resolution_rad, REST_RAD
        )  # where it rests it may be told to stay where it was told to go before
        assert ((arrived >= low - slack) & (arrived <= high + slack)).all()

    def test_velocity_is_the_rate_of_the_position(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        states = rig.go(start, rig.inwards(start, 0.3 * rig.embodiment.velocity.min()), periods=_periods(rig, 0.6))
        stamps_s = np.array([state.stamp_ns for state in states]) * 1e-9
        velocity = np.array([state.velocity for state in states])[:, rig.arm]
        steps, durations_s = np.diff([state.position[rig.arm] for state in states], axis=0), np.diff(stamps_s)
        near = durations_s < 4 * rig.embodiment.period_s  # between others the machine paused, and the speed changed
        integral = (0.5 * (velocity[1:] + velocity[:-1]) * durations_s[:, None])[near].sum(axis=0)
        way = steps[near].sum(axis=0)
        assert np.abs(way).min() > 0.1
        np.testing.assert_allclose(integral, way, rtol=0.15, atol=0.01)

    def test_a_wrong_command_reaches_nothing(self, rig: DriverRig) -> None:
        rig.driver.connect()
        rig.steps(20)  # what a test before began comes to rest
        start = rig.read().position
        wrong = {"short": start[:-1], "long": np.append(start, 0.0)}
        for k, name in enumerate(rig.embodiment.joint_names):
            only = np.arange(len(start)) == k
            wrong |= {f"{name} {value}": np.where(only, value, start) for value in (np.nan, np.inf, -np.inf)}
            if rig.arm[k]:
                wrong[f"{name} above"] = np.where(only, rig.embodiment.upper + 0.1, start)
                wrong[f"{name} below"] = np.where(only, rig.embodiment.lower - 0.1, start)
                wrong[f"{name} leap"] = np.where(only, rig.inwards(start, 0.5), start)
        before = len(rig.received())
        for name, position in wrong.items():
            with pytest.raises(CommandInvalid):
                rig.driver.send(Command(rig.clock.now_ns(), position))
            rig.hold(start)
            self._nothing_else_arrived(rig, before, start, name)
        np.testing.assert_allclose(rig.read().position, start, atol=REST_RAD)

    def test_a_leap_from_where_nobody_has_looked_is_refused(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        away = rig.inwards(start, 0.4)
        for share in np.linspace(0.0, 1.0, _periods(rig, 1.0)):  # nothing is read here, nor after connecting again
            rig.hold(start + share * (away - start))
        rig.steps(_periods(rig, 0.5))
        rig.driver.close()
        rig.driver.connect()
        with pytest.raises(CommandInvalid):
            rig.driver.send(Command(rig.clock.now_ns(), start))

    # ---- rest ----

    def test_a_stream_that_ends_leaves_the_robot_at_rest(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        end = rig.inwards(start, 0.1)
        rig.go(start, end, periods=_periods(rig, 0.3))
        rig.steps(_periods(rig, 0.8))
        rest = _position(rig)
        rig.steps(_periods(rig, 0.4))
        np.testing.assert_allclose(_position(rig), rest, atol=REST_RAD)
        np.testing.assert_allclose(rest[rig.arm], end[rig.arm], atol=0.02)

    def test_stopping_twice_rests_and_motion_may_go_on(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        rig.go(start, rig.inwards(start, 10 * rig.embodiment.period_s * rig.embodiment.velocity.min()), periods=20)
        rig.driver.stop()
        rig.driver.stop()
        rig.steps(50)
        rest = rig.read().position
        rig.steps(50)
        state = rig.read()
        np.testing.assert_allclose(state.position, rest, atol=REST_RAD)
        for _ in range(10):
            rig.hold(state.position)

    def test_a_closed_driver_neither_reads_nor_sends_and_connects_again(self, rig: DriverRig) -> None:
        rig.driver.connect()
        position = rig.read().position
        rig.driver.close()
        rig.driver.close()
        for use in (rig.driver.read, rig.driver.facts, lambda: rig.driver.send(Command(rig.clock.now_ns(), position))):
            with pytest.raises(DriverError):
                use()
        rig.driver.stop()
        rig.driver.connect()
        rig.step()
        rig.hold(rig.read().position)

    # ---- faults ----

    def test_a_lost_link_is_told_and_nothing_moves_until_it_is_back(self, lossy_rig: DriverRig, loss: str) -> None:
        rig = lossy_rig
        rig.driver.connect()
        hold = rig.read().position
        for _ in range(10):
            rig.hold(hold)
        before = len(rig.received())
        rig.inject(loss)
        self._until_told(rig, hold)
        with contextlib.suppress(DriverError, DriverSpent):
            rig.driver.stop()  # as the control loop does
        for _ in range(20):
            rig.step()
            with pytest.raises((DriverError, DriverSpent)) as told:
                rig.driver.read()
            if not isinstance(told.value, StateStale):  # what is merely stale is sent to: so it is made to brake
                rig.refuses(hold, AWAY_RAD, (DriverError, DriverSpent))
        rig.clear()
        rig.recover()
        self._nothing_else_arrived(rig, before, hold, loss)
        self._follows_from(rig, hold)

    def test_a_robot_that_stopped_by_itself_is_told_and_recovers_without_moving(
        self, rig: DriverRig, stop: str
    ) -> None:
        rig.driver.connect()
        hold = rig.read().position
        for _ in range(10):
            rig.hold(hold)
        rig.inject(stop)
        deadline_ns = rig.clock.now_ns() + TOLD_NS
        assert isinstance(self.stops, Mapping)
        with pytest.raises(RobotStopped, match=self.stops[stop]):
            while rig.clock.now_ns() < deadline_ns:
                rig.step()
                rig.read()
        assert set(rig.driver.facts()) == FACTS
        before = len(rig.received())
        with pytest.raises(RobotStopped):
            rig.driver.send(Command(rig.clock.now_ns(), hold))
        rig.driver.stop()
        for _ in range(5):
            rig.refuses(hold, AWAY_RAD, RobotStopped)
            rig.step()
        self._nothing_else_arrived(rig, before, hold, stop)
        rig.clear()
        rig.recover()
        self._follows_from(rig, hold)

    # ---- what the tests are made of ----

    def _nothing_else_arrived(self, rig: DriverRig, before: int, position: np.ndarray, why: str) -> None:
        arrived = rig.received()[before:]
        slack = min(max(rig.resolution_rad, REST_RAD), AWAY_RAD / 3.0) + rig.sag_rad
        assert (np.abs(arrived - position[rig.arm]) <= slack).all(), f"{why}: {arrived.tolist()}"

    def _until_told(self, rig: DriverRig, hold: np.ndarray) -> None:
        """Go on as the control loop does until `read` tells the loss; no state that it returns before that is old."""
        begin_ns = rig.clock.now_ns()
        stamps, told_ns = [0], 0
        while rig.clock.now_ns() < begin_ns + TOLD_NS:
            try:
                stamps.append(rig.driver.read().stamp_ns)
                assert rig.clock.now_ns() - stamps[-1] < FRESH_NS
                told_ns = 0
            except StateStale:
                told_ns = told_ns or rig.clock.now_ns()
            except (DriverError, DriverSpent):
                told_ns = told_ns or rig.clock.now_ns()
                break
            with contextlib.suppress(DriverError, DriverSpent):
                rig.driver.send(Command(rig.clock.now_ns(), hold))
            rig.step()
        assert told_ns, f"a lost link was not told within {TOLD_NS / 1e9} s"
        assert told_ns - begin_ns < TOLD_NS, f"it took {(told_ns - begin_ns) / 1e9} s to tell a lost link"
        assert stamps == sorted(stamps)

    def _follows_from(self, rig: DriverRig, hold: np.ndarray) -> None:
        state = rig.read()
        tolerance = np.full(len(hold), 2 * REST_RAD)
        tolerance[rig.arm] += rig.sag_rad
        assert (np.abs(state.position - hold) <= tolerance).all(), f"{hold.tolist()} became {state.position.tolist()}"
        end = rig.inwards(state.position, 0.03)
        rig.go(state.position, end, periods=_periods(rig, 0.2))
        rig.run_until(lambda state: np.abs(state.position - end)[rig.arm].max() < 3e-3, end)


def _periods(rig: DriverRig, duration_s: float) -> int:
    return round(duration_s / rig.embodiment.period_s)


def _position(rig: DriverRig) -> np.ndarray:
    """Where the robot is; one that stops by itself when it hears nothing is recovered to be asked."""
    try:
        return rig.read().position
    except RobotStopped:
        rig.recover()
        return rig.read().position
