"""The Franka driver against a controller that is not ours: franky-sim 1.0.4 (`pip install '.[franky-sim]'`, 661 MB).

As it comes, franky-sim cannot be streamed to. It tells as dq_d the difference of the commanded positions smoothed over
some 20 cycles (FiniteDifferenceTracker, alpha 0.95), and as ddq_d the smoothed change of the *measured* velocity, where
libfranka's limitRate counts on the velocity and acceleration commanded last. franky begins every target's plan from
them, brakes too late, and swings past: the same with its own JointMotions, at any rate and in lockstep, so it is no
matter of a slow machine. Told by the rule, franky-sim and our emulator see the same motion.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from franka_streaming import Client, swing
from franky_sim_controller import FrankySimController
from lockstep_fci import LockstepFci

from ros_wam.clock import StationClock
from ros_wam.drivers.franka import open_driver
from ros_wam.drivers.franka_link import connected
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import StateStale
from ros_wam.kinematics import Kinematics
from ros_wam.types import JointState

franky_sim = pytest.importorskip("franky_sim")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

FRANKA = load_embodiment(Path(__file__).parents[1] / "robots/franka.yaml")
TIMEOUT_NS, PAUSE_NS = 10_000_000_000, 5_000_000
TOOL_OF_HAND = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""Our tool's x is the hand's y."""


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> Iterator[LockstepFci]:
    """As it comes, or told by the rule where a test asks for that."""
    controller = LockstepFci(FrankySimController, by_the_rule=getattr(request, "param", False))
    yield controller
    controller.close()


def test_the_driver_connects_and_reads(controller: LockstepFci) -> None:
    clock = StationClock()
    driver = open_driver(FRANKA, {"address": controller.address, "fci_version": 10, "realtime": "ignore"}, clock)
    driver.connect()
    deadline_ns = clock.now_ns() + TIMEOUT_NS

    def read() -> JointState:
        while True:
            try:
                return driver.read()
            except StateStale:
                assert clock.now_ns() < deadline_ns, "no fresh state"
                clock.sleep_until_ns(clock.now_ns() + PAUSE_NS)

    opening = franky_sim.DEFAULT_HAND_INITIAL_WIDTH / franky_sim.FRANKA_HAND_MAX_WIDTH
    np.testing.assert_allclose(read().position, [*franky_sim.DEFAULT_INITIAL_JOINT_POS, opening], atol=0.02)
    assert driver.facts()["safety_mode"] == "normal"
    driver.close()


def test_a_plain_motion_arrives_where_our_kinematics_say(controller: LockstepFci) -> None:
    import franky

    robot = connected(controller.address, enforce_realtime=False)
    target = np.array(robot.state.q) + 0.1
    robot.move(franky.JointMotion(franky.JointState(target), relative_dynamics_factor=0.3))
    clock = StationClock()
    deadline_ns = clock.now_ns() + TIMEOUT_NS
    while np.abs(np.array(robot.state.q) - target).max() > 0.01:
        assert clock.now_ns() < deadline_ns, f"the arm is {np.array(robot.state.q) - target} rad away"
    state = robot.state
    pose = Kinematics(FRANKA).tool_pose(np.append(state.q_d, 1.0))  # its O_T_EE is the pose of q_d
    np.testing.assert_allclose(pose[:3, 3], state.O_T_EE.matrix[:3, 3], atol=1e-3)
    np.testing.assert_allclose(pose[:3, :3], state.O_T_EE.matrix[:3, :3] @ TOOL_OF_HAND, atol=2e-3)


@pytest.mark.parametrize(("controller", "follows"), [(True, True), (False, False)], indirect=["controller"])
def test_the_stream_is_followed_where_the_desired_state_is_what_was_commanded(
    controller: LockstepFci, follows: bool
) -> None:
    """Once franky-sim as it comes is followed too, its correction can go."""
    client = Client(controller)
    error_rad, _ = swing(client)
    client.end()
    assert (error_rad < 0.01) == follows, f"{error_rad} rad from what was sent"
