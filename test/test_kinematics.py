"""Kinematics against the robots' own MJCF, and against a pose worked out by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ConfigError, PoseUnreachable
from ros_wam.kinematics import Kinematics

ROBOTS = Path(__file__).resolve().parents[1] / "robots"


@pytest.fixture(scope="module", params=["ur5", "ur5e"])
def embodiment(request: pytest.FixtureRequest) -> Embodiment:
    return load_embodiment(ROBOTS / f"{request.param}.yaml")


def test_solving_a_tool_pose_gives_joints_that_reach_it(embodiment: Embodiment) -> None:
    kinematics = Kinematics(embodiment)
    rng = np.random.default_rng(0)
    for _ in range(30):
        wanted = embodiment.home_position + np.append(rng.uniform(-0.5, 0.5, 6), 0.0)
        pose = kinematics.tool_pose(wanted)
        found = kinematics.solve(pose, embodiment.home_position)
        np.testing.assert_allclose(kinematics.tool_pose(found), pose, atol=2e-4)
        assert (found >= embodiment.lower).all()
        assert (found <= embodiment.upper).all()
        assert found[-1] == embodiment.home_position[-1]


@pytest.mark.parametrize("name", ["ur5", "franka", "arx5", "aloha"])
def test_a_pose_at_a_joints_limit_is_reached_from_nearby(name: str) -> None:
    robot = load_embodiment(ROBOTS / f"{name}.yaml")
    kinematics, rng = Kinematics(robot), np.random.default_rng(1)
    arm = ~robot.is_gripper
    for joint in np.flatnonzero(arm).repeat(2):
        wanted = robot.home_position + arm * rng.uniform(-0.6, 0.6, len(arm))
        wanted[joint] = (robot.lower if rng.random() < 0.5 else robot.upper)[joint]
        wanted = np.clip(wanted, robot.lower, robot.upper)
        for tool in robot.arms:
            pose = kinematics.tool_pose(wanted, tool)
            nearby = np.clip(wanted + arm * rng.uniform(-0.05, 0.05, len(arm)), robot.lower, robot.upper)
            found = kinematics.solve(pose, nearby, tool)
            np.testing.assert_allclose(kinematics.tool_pose(found, tool), pose, atol=2e-4)
            assert ((robot.lower <= found) & (found <= robot.upper))[arm].all()


def test_a_seed_outside_the_limits_does_not_lead_outside_of_them(embodiment: Embodiment) -> None:
    kinematics = Kinematics(embodiment)
    beyond = embodiment.home_position.copy()
    beyond[2] = embodiment.upper[2] + 0.01
    pose = kinematics.tool_pose(beyond)
    found = kinematics.solve(pose, beyond)  # the elbow a little off its limit, the others make up for it
    np.testing.assert_allclose(kinematics.tool_pose(found), pose, atol=2e-4)
    assert ((embodiment.lower <= found) & (found <= embodiment.upper)).all()
    assert np.abs(found - beyond).max() < 0.3


def test_a_pose_out_of_reach_is_an_error_that_says_what_is_missing(embodiment: Embodiment) -> None:
    pose = np.eye(4)
    pose[:3, 3] = [3.0, 0.0, 0.0]
    with pytest.raises(PoseUnreachable, match="mm and"):
        Kinematics(embodiment).solve(pose, embodiment.home_position)


def test_the_stretched_ur5_reaches_as_far_as_its_link_lengths_say() -> None:
    embodiment = load_embodiment(ROBOTS / "ur5.yaml")
    pose = Kinematics(embodiment).tool_pose(np.zeros(7))
    # DH parameters of the UR5 (Universal Robots): a2 + a3 along -x, d4 + d6 and 145 mm to the tool along -y.
    np.testing.assert_allclose(
        pose[:3, 3], [-0.425 - 0.39225, -0.10915 - 0.0823 - 0.145, 0.089159 - 0.09465], atol=1e-6
    )


def test_a_model_without_the_tool_site_is_refused(tmp_path: Path) -> None:
    embodiment = load_embodiment(ROBOTS / "ur5.yaml")
    arm = replace(embodiment.arms["arm"], tool_site="hook")
    with pytest.raises(ConfigError, match="hook"):
        Kinematics(replace(embodiment, arms={"arm": arm}))
    (tmp_path / "broken.xml").write_text("<mujoco><nonsense/></mujoco>")
    with pytest.raises(ConfigError, match="cannot load"):
        Kinematics(replace(embodiment, model=tmp_path / "broken.xml"))
