"""Actions of every kind move the simulated arm where the policy wants it, over the wire and back through the state.

The policies close the loop by the state that they are sent: if state and action did not mean the same, in frame, form,
unit or order, the arm would not arrive.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from wire.family_conformance import FamilySitting
from wire.openpi_server import OpenpiServer, Request
from wire.seen import profile_named, robot_named

from ros_wam.policy.action_spec import ActionSpec, ToolOffset
from ros_wam.policy.execution import Execution
from ros_wam.policy.gripper_range import GripperRange
from ros_wam.policy.profile import Profile
from ros_wam.policy.reply_layout import ActionPart, ReplyLayout
from ros_wam.policy.state_input import StateInput
from ros_wam.types import FloatArray

AWAY_M = np.array([-0.03, 0.04, 0.03])
ROWS, STEP_M = 10, 0.006
ARRIVED_S = 2.5
FRANKA = robot_named("franka")


@dataclass(frozen=True)
class Walker:
    """A policy that goes `AWAY_M` from where it first saw the tool, in so many steps as it takes."""

    columns: tuple[str, ...]
    action: ActionSpec
    to_row: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    """State, the tool's next place and its first one [m] to a row without the gripper."""

    def profile(self) -> Profile:
        """pi05_libero with this policy's state and actions."""
        stock = profile_named("pi05_libero", FRANKA)
        return replace(
            stock,
            request=replace(
                stock.request, state=(StateInput("s", self.columns),), gripper=GripperRange(), prompt_at="prompt"
            ),
            reply=ReplyLayout((ActionPart("actions", (*self.columns, "gripper")),)),
            action=self.action,
            execution=Execution("receding", 5),
        )

    def answer(self) -> Callable[[Request], FloatArray]:
        """What a server answers: rows towards the goal, `STEP_M` apart, that stay there."""
        first: list[FloatArray] = []

        def rows(request: Request) -> FloatArray:
            state = request["s"]
            first.append(state[:3])
            way = first[0] + AWAY_M - state[:3]
            share = np.minimum(np.arange(1, ROWS + 1) * STEP_M / max(float(np.linalg.norm(way)), 1e-9), 1.0)
            places = state[:3] + share[:, None] * way
            if self.action.reference == "delta":
                places = np.diff(np.vstack([state[:3], places]), axis=0)
            return np.array([[*self.to_row(state, place, first[0]), 1.0] for place in places])

        return rows


HAND = ToolOffset(rpy_rad=(0.0, 0.0, -np.pi / 2))  # with axes in which a quaternion is far from changing its sign
WALKERS = {
    "absolute": Walker(
        ("arm.xyz", "arm.rot6d_rows"),
        ActionSpec("tool_pose", ROWS, tool=ToolOffset((0.0, 0.0, -0.1), (0.0, 0.0, 0.7))),
        lambda state, place, first: np.concatenate([place, state[3:]]),
    ),
    "delta": Walker(
        ("arm.xyz", "arm.rpy"),
        ActionSpec("tool_pose", ROWS, reference="delta", degrees=True),
        lambda state, step, first: np.concatenate([step, np.zeros(3)]),
    ),
    "initial": Walker(
        ("arm.xyz", "arm.quat_xyzw"),
        ActionSpec("tool_pose", ROWS, reference="initial", frame="mixed", tool=HAND),
        lambda state, place, first: np.concatenate([place - first, [0.0, 0.0, 0.0, 1.0]]),
    ),
    "relative": Walker(
        ("arm.xyz", "arm.rotvec"),
        ActionSpec("tool_pose", ROWS, reference="relative", tool=HAND),
        lambda state, place, first: np.concatenate([place - state[:3], np.zeros(3)]),
    ),
}


def in_motion(profile: Profile, answer: Callable[[Request], FloatArray], folder: Path) -> list[Request]:
    """Return the requests of a trial in which no answer was refused."""
    with OpenpiServer(answer) as server:
        with closing(FamilySitting(profile, "franka", server, folder, ARRIVED_S)) as sitting:
            seen = sitting.run()
        assert seen.trial["valid"], seen.trial["comment"]
        assert [step["refused_detail"] for step in seen.inferences if step["refused"]] == []
        return server.requests


@pytest.mark.slow
@pytest.mark.virtual
@pytest.mark.parametrize("kind", WALKERS)
def test_the_tool_arrives_where_the_policy_goes(kind: str, tmp_path: Path) -> None:
    walker = WALKERS[kind]
    states = np.array([request["s"] for request in in_motion(walker.profile(), walker.answer(), tmp_path)])
    np.testing.assert_allclose(states[-1, :3], states[0, :3] + AWAY_M, atol=0.004)
    turned = np.abs(states[-1, 3:] - states[0, 3:])
    assert np.minimum(turned, 2.0 * np.pi - turned).max() < 0.02  # a roll of -pi is one of pi


@pytest.mark.slow
@pytest.mark.virtual
def test_the_joints_arrive_where_velocities_lead(tmp_path: Path) -> None:
    goal = FRANKA.home_position[:7] + np.array([0.2, 0.1, -0.1, -0.1, 0.1, -0.2, 0.3])

    def towards_goal(request: Request) -> FloatArray:
        """DROID's rows: 1 is 3 rad/s, far beyond what this robot may; a tenth of the way with each row."""
        way = (goal - request["observation/joint_position"]) * 0.9 ** np.arange(15)[:, None]
        return np.hstack([0.1 * way * 15.0 / 3.0, np.zeros((15, 1))])

    requests = in_motion(profile_named("pi05_droid", FRANKA), towards_goal, tmp_path)
    np.testing.assert_allclose(requests[-1]["observation/joint_position"], goal, atol=0.02)
