"""What every driver keeps: a test class that each driver inherits, with its real vendor library and an emulator."""

import contextlib
from collections.abc import Mapping

import numpy as np
import pytest
from driver_rig import REST_RAD
from driver_rig import DriverRig as DriverRig
from gripper_conformance import GripperConformance
from rest_conformance import RestConformance

from ros_wam.errors import CommandInvalid, DriverError, DriverSpent, RobotStopped, StateStale
from ros_wam.types import Command

FRESH_NS = 500_000_000
"""No state that is read may be older; on a busy machine the emulator itself comes late."""
STALE_SHARE = 0.2
"""Of the looks at a robot that does nothing this many may find no fresh state: a busy machine's pauses."""
TOLD_NS = 2_000_000_000
"""A lost link or a stopped robot is told within this."""
AWAY_RAD = 0.045
"""What must not arrive lies this far away: less than any driver's largest first step, which would be refused."""
SEEN_S, AT_REST_RAD = 0.06, 5e-3
"""Within this a leap is seen in what arrives: farther from where the robot rests than any bus rounds."""
FACTS = {"library", "firmware", "safety_mode"}
HAS_NONE = pytest.mark.skip(reason="this robot has none")


class DriverConformance(GripperConformance, RestConformance):
    """What every driver keeps. Provide the fixture `rig`, and name the faults of its emulator.

    `losses` are those that lose the link, `stops` those after which the robot stopped by itself, each with a pattern of
    what is told then; a robot that can have none says so by an empty tuple. Where losing the link may crash the vendor
    library, override the fixture `lossy_rig` by one whose driver is in a process of its own (`driver_process.py`).
    """

    losses: tuple[str, ...] | None = None
    stops: Mapping[str, str] | tuple[()] | None = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for argument, names in (("loss", self.losses), ("stop", self.stops)):
            if argument in metafunc.fixturenames:
                if names is None:
                    raise TypeError(f"{metafunc.cls} names no `{argument}`s: set `losses` and `stops`, () for none")
                metafunc.parametrize(argument, list(names) or [pytest.param("", marks=HAS_NONE)])

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

    def test_states_come_oftener_than_every_other_period(self, rig: DriverRig) -> None:
        rig.driver.connect()
        median_s = min(rig.median_interval_s() for _ in range(3))
        assert median_s < 1.5 * rig.embodiment.period_s
        assert rig.stale_looks < STALE_SHARE * rig.looks

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
        states = rig.go(start, rig.inwards(start, 0.3 * rig.embodiment.velocity.min()), periods=rig.periods(0.6))
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
        leap, above, below = rig.inwards(start, 0.5), rig.embodiment.upper + 0.1, rig.embodiment.lower - 0.1
        wrong = [start[:-1], np.append(start, 0.0)]
        for k, is_arm in enumerate(rig.arm):
            values = (np.nan, np.inf, -np.inf, *((leap, above, below) if is_arm else ()))
            wrong += [np.where(np.arange(len(start)) == k, value, start) for value in values]
        before = len(rig.received())
        for position in wrong:
            with pytest.raises(CommandInvalid):
                rig.driver.send(Command(rig.clock.now_ns(), position))
            if np.isfinite(position).all():
                rig.steps(rig.periods(SEEN_S))  # were it on its way, a planner would have come so far
            rig.hold(start)
        assert len(rig.received()) > before
        self._nothing_else_arrived(rig, before, start, "after wrong commands", AT_REST_RAD)
        np.testing.assert_allclose(rig.read().position, start, atol=REST_RAD)

    def test_a_leap_from_where_nobody_has_looked_is_refused(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        away = rig.inwards(start, 0.4)
        for share in np.linspace(0.0, 1.0, rig.periods(1.0)):  # nothing is read here, nor after connecting again
            rig.hold(start + share * (away - start))
        rig.steps(rig.periods(0.5))
        rig.driver.close()
        rig.driver.connect()
        with pytest.raises(CommandInvalid):
            rig.driver.send(Command(rig.clock.now_ns(), start))

    # ---- close ----

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
        hold = rig.fingers_in_motion()  # what a gripper is in the middle of must not make the loss worse
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

    def _nothing_else_arrived(
        self, rig: DriverRig, before: int, position: np.ndarray, why: str, nearest_rad: float = AWAY_RAD / 3.0
    ) -> None:
        arrived = rig.received()[before:]
        slack = min(max(rig.resolution_rad, REST_RAD), nearest_rad) + rig.sag_rad
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
        away = np.abs(state.position - hold)[rig.arm]
        assert (away <= 2 * REST_RAD + rig.sag_rad).all(), f"{hold.tolist()} became {state.position.tolist()}"
        end = rig.inwards(state.position, 0.03)
        rig.go(state.position, end, periods=rig.periods(0.2))
        rig.run_until(lambda state: np.abs(state.position - end)[rig.arm].max() < 3e-3, end)
