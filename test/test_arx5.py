"""The ARX-5 driver with the real arx5-interface against emulated motors, L5 and X5, in real time."""

import contextlib
import re
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from arx5_rig import FAILING, RESOLUTION_RAD, child_of, connected_child, emulated, follow, rig_of, until_lost
from driver_process import DriverProcess
from emulated_arx import EmulatedArx

from conformance import DriverConformance, DriverRig
from ros_wam.drivers.driver import Driver
from ros_wam.errors import DriverSpent, DriverUnreachable
from ros_wam.sim.emulators.arx import OVER_CURRENT_RAD
from ros_wam.types import JointState

pytest.importorskip("arx5_interface")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

SWITCHED_OFF = {"L5": "overload", "X5": "error 2"}
SAG_RAD = 0.1
"""How far a new process may let the arm sink: 0.2 s at the 0.5 rad/s of the emulated joint2."""


@pytest.fixture(scope="module", params=["L5", pytest.param("X5", marks=pytest.mark.thorough)])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def motors(model: str) -> Iterator[EmulatedArx]:
    with emulated(model) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(motors: EmulatedArx) -> Iterator[DriverProcess]:
    """A driver that outlives its tests: to close and to connect it again starts no library."""
    child = connected_child(motors)
    child.close()
    yield child
    child.end()


@pytest.fixture
def rig(lasting: DriverProcess, motors: EmulatedArx) -> Iterator[DriverRig]:
    yield from rig_of(lasting, motors)


@pytest.fixture(scope="module")
def others(model: str) -> Iterator[EmulatedArx]:
    """Motors on a bus of their own: of two libraries on one bus each aborts at what the other says."""
    with emulated(model) as made:
        yield made


@pytest.fixture
def brittle(others: EmulatedArx) -> Iterator[DriverRig]:
    """A driver for a test that uses it up."""
    for rig in rig_of(child_of(others), others):
        yield rig
        assert isinstance(rig.driver, DriverProcess)
        rig.driver.end()


class TestArx5Conformance(DriverConformance):
    """What every driver keeps."""

    losses = ("freeze", "silent_servo", "motor_off", "gripper_freeze")
    stops = ()

    @pytest.fixture
    def lossy_rig(self, brittle: DriverRig, others: EmulatedArx) -> DriverRig:
        """Once a motor was silent too long only a new process helps."""

        def reopen() -> Driver:
            assert isinstance(brittle.driver, DriverProcess)
            brittle.driver.end()
            return child_of(others)

        brittle.reopen = reopen
        brittle.sag_rad = SAG_RAD * (np.arange(6) == 1)
        return brittle


def test_one_silent_motor_is_told_by_its_number_and_joint_and_ends_the_library(
    brittle: DriverRig, others: EmulatedArx
) -> None:
    brittle.driver.connect()
    hold = brittle.read().position
    others.inject("silent_servo")
    *stale, lost = until_lost(brittle, hold)
    failing = FAILING[others.model]
    assert all(failing in each and each.count("motor ") == 1 for each in (*stale, lost))
    assert stale
    others.clear()
    with pytest.raises(DriverSpent, match="only a new process"):
        brittle.driver.recover()
    brittle.driver.close()
    with pytest.raises(DriverSpent, match=re.escape(failing)):
        brittle.driver.connect()


def test_a_motor_that_switched_itself_off_is_told_though_it_answers(brittle: DriverRig, others: EmulatedArx) -> None:
    brittle.driver.connect()
    hold = brittle.read().position
    others.inject("motor_off")
    (told,) = until_lost(brittle, hold)
    assert f"{FAILING[others.model]}: {SWITCHED_OFF[others.model]}" in told


def test_while_a_motor_stays_off_a_new_process_leaves_the_others_holding(
    brittle: DriverRig, others: EmulatedArx
) -> None:
    if others.model == "X5":
        pytest.skip("an EC motor says nothing before the library asks it")
    brittle.driver.connect()
    hold = brittle.read().position
    others.inject("motor_off")
    until_lost(brittle, hold)
    told = others.targets()[-1]
    assert isinstance(brittle.driver, DriverProcess)
    brittle.driver.end()
    brittle.driver = child_of(others)
    for _ in range(2):
        with pytest.raises(DriverUnreachable, match=r"motor 5 \(joint4\): overload"):
            brittle.driver.connect()
    np.testing.assert_allclose(others.truth(), told, atol=RESOLUTION_RAD + 1e-3)
    others.clear()
    brittle.driver.connect()
    brittle.hold(brittle.read().position)


def test_three_frames_of_four_may_be_lost(rig: DriverRig, motors: EmulatedArx) -> None:
    rig.driver.connect()
    start = rig.read().position
    motors.inject("drop")
    end = rig.inwards(start, 0.1)
    rig.go(start, end)
    rig.run_until(lambda state: np.abs(state.position - end)[rig.arm].max() < 3e-3, end)


def test_a_motor_that_answers_but_does_not_follow_is_seen_where_it_is(rig: DriverRig, motors: EmulatedArx) -> None:
    rig.driver.connect()
    start = rig.read().position
    motors.inject("stuck_motor")
    end = rig.inwards(start, 0.1)
    rig.go(start, end)
    state = follow(rig, end, 0.3)
    assert np.flatnonzero(np.abs(state.position - end) > 0.05).tolist() == [1]
    motors.clear()
    rig.go(end, start)


def test_over_current_is_relieved_and_told_if_it_comes_back_before_the_library_hangs(
    brittle: DriverRig, others: EmulatedArx
) -> None:
    brittle.driver.connect()
    hold = np.where(brittle.embodiment.is_gripper, 1.0, brittle.read().position)
    brittle.run_until(lambda state: float(state.position[-1]) > 0.98, hold)
    before_rad = others.ask("grip")
    others.inject("over_current")
    assert "over-current: gripper" in until_lost(brittle, hold)[-1]
    brittle.driver.stop()
    brittle.driver.close()
    with pytest.raises(DriverSpent, match="over-current"):
        brittle.driver.connect()
    for _ in range(50):  # were the library to hang, it would have by now
        brittle.step()
    assert others.ask("grip") == pytest.approx(before_rad - np.sign(before_rad) * OVER_CURRENT_RAD, abs=0.01)
    assert np.abs(others.targets()[-1] - others.truth()).max() < RESOLUTION_RAD + 1e-3


def test_an_object_is_held_also_after_closing_and_connecting(rig: DriverRig, motors: EmulatedArx) -> None:
    rig.driver.connect()
    start = rig.read().position
    opened, closed = (np.where(rig.embodiment.is_gripper, opening, start) for opening in (1.0, 0.0))
    rig.run_until(lambda state: float(state.position[-1]) > 0.98, opened)
    motors.ask("object_at", 0.4)
    rig.go(opened, closed, periods=120)
    assert_held(follow(rig, closed, 0.3), rig)
    rig.driver.close()
    rig.steps(5)
    rig.driver.connect()
    taken_up = rig.read()
    assert_held(taken_up, rig)
    assert_held(follow(rig, taken_up.position, 0.2), rig)
    motors.ask("object_at", None)
    rig.run_until(lambda state: float(state.position[-1]) > 0.5, np.where(rig.embodiment.is_gripper, 0.6, start))


def test_motors_that_are_silent_at_the_start_are_told_and_waited_for(brittle: DriverRig, others: EmulatedArx) -> None:
    others.inject("gripper_freeze")
    for _ in range(2):
        with pytest.raises(DriverUnreachable, match=r"no answer of motor 8 \(gripper\)"):
            brittle.driver.connect()
    others.clear()
    brittle.driver.connect()
    brittle.hold(brittle.read().position)


def turn(rig: DriverRig, motors: EmulatedArx, angle_rad: float) -> None:
    """Turn joint6 to an angle by hand."""
    motors.ask("turn", [5, angle_rad])
    rig.clock.sleep_until_ns(rig.clock.now_ns() + 1_000_000_000)
    assert motors.truth()[5] == pytest.approx(angle_rad, abs=RESOLUTION_RAD)


def test_an_arm_outside_its_limits_moves_only_once_it_is_turned_back(brittle: DriverRig, others: EmulatedArx) -> None:
    others.forget_targets()
    turn(brittle, others, 2.6)
    with pytest.raises(DriverUnreachable, match=r"joint6: 2\.\d+ rad is outside -2.0000 … 2.0000: turn it back"):
        brittle.driver.connect()
    assert others.truth()[5] == pytest.approx(2.6, abs=2 * RESOLUTION_RAD)
    assert len(others.targets()) == 0
    turn(brittle, others, 1.9)
    brittle.driver.connect()
    brittle.step()
    assert np.abs(others.targets()[:, 5] - others.truth()[5]).max() < RESOLUTION_RAD + 1e-3


def test_a_process_that_dies_leaves_the_arm_where_it_was_sent_and_the_next_takes_it_up(
    brittle: DriverRig, others: EmulatedArx
) -> None:
    brittle.driver.connect()
    start = brittle.read().position
    end = brittle.inwards(start, 0.1)
    brittle.go(start, end)
    assert isinstance(brittle.driver, DriverProcess)
    brittle.driver.process.kill()
    brittle.driver.end()
    brittle.clock.sleep_until_ns(brittle.clock.now_ns() + 500_000_000)
    rest = others.truth()
    np.testing.assert_allclose(rest, end[:-1], atol=RESOLUTION_RAD + 1e-3)
    brittle.driver = child_of(others)
    brittle.driver.connect()
    sunk = others.truth() - rest
    assert 0.0 < sunk[1] < SAG_RAD
    np.testing.assert_allclose(np.delete(sunk, 1), 0.0, atol=RESOLUTION_RAD + 1e-3)
    here = brittle.read().position
    brittle.go(here, brittle.inwards(here, 0.05))
    brittle.driver.close()
    assert brittle.driver.end() == 0


def assert_held(state: JointState, rig: DriverRig) -> None:
    """The object is there, and the gripper presses with the robot file's force."""
    (limits,) = rig.embodiment.grippers.values()
    assert state.position[-1] == pytest.approx(0.4, abs=0.02)
    assert -1.05 * limits.force_n < state.effort[-1] < -0.8 * limits.force_n


def test_an_interface_that_is_not_there_is_told(others: EmulatedArx) -> None:
    opened = child_of(others, interface="can7")
    with pytest.raises(DriverUnreachable, match="no CAN interface can7: No such device"):
        opened.connect()
    opened.end()


def test_the_x5_with_its_ec_motors_is_driven_alike() -> None:
    """In brief; the whole contract is for `make thorough`."""
    with emulated("X5") as motors:
        driver = child_of(motors)
        try:
            for rig in rig_of(driver, motors):
                motors.inject("silent_servo")
                with pytest.raises(DriverUnreachable, match=re.escape(FAILING["X5"])):
                    driver.connect()
                gets_power = threading.Timer(0.05, motors.clear)  # while the driver waits for it
                gets_power.start()
                with contextlib.suppress(DriverUnreachable):  # on a busy machine it gets none in time
                    driver.connect()
                gets_power.join()
                driver.connect()
                assert np.abs(motors.targets() - motors.truth()).max() < SAG_RAD
                rig.steps(40)  # until it sinks no more
                DriverConformance().test_what_is_sent_arrives_and_is_followed_joint_by_joint(rig)
                motors.inject("motor_off")
                assert f"{FAILING['X5']}: error 2" in until_lost(rig, rig.read().position)[-1]
        finally:
            driver.end()


def test_a_state_that_is_read_twice_keeps_its_stamp(rig: DriverRig) -> None:
    rig.driver.connect()
    stamps_ns = [rig.read().stamp_ns for _ in range(400)]
    steps_ns = np.diff(np.unique(stamps_ns))
    assert np.median(steps_ns) > 1e6  # the library takes over a new state every 2 ms
