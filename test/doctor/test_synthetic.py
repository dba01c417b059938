"""What a robot at home would show a policy: enough for every profile that ships."""

from pathlib import Path

import numpy as np
import pytest
from fake_policy import BASELINE, ROOT, UR5, with_request

from ros_wam.clock import FakeClock
from ros_wam.doctor.synthetic import PROMPT, synthetic_observations
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policy.depth_input import DepthInput
from ros_wam.policy.image_input import ImageInput
from ros_wam.policy.profile import load_profile
from ros_wam.policy.shipped import fitting_robots, shipped_robots

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

PROFILES = sorted((ROOT / "config" / "policies").glob("*.yaml"))
ROBOTS = shipped_robots()


@pytest.mark.parametrize("path", PROFILES, ids=[path.stem for path in PROFILES])
def test_every_profile_that_ships_fits_a_robot_and_can_be_asked_with_it(path: Path) -> None:
    profile = load_profile(path)
    robot = next(fitting_robots(profile, ROBOTS))
    fitted = profile.for_robot(robot)
    observe = synthetic_observations(fitted, robot, FakeClock(5))
    kinematics = Kinematics(robot)
    for _ in range(2):
        seen = observe()
        assert seen.prompt
        try:
            assert fitted.request.build(robot, seen, seen.prompt, fitted.reply.columns, kinematics.tool_pose)
        except ConfigError as error:  # of a profile that waits for what a lab has to fill in
            assert "it comes with the policy's checkpoint" in str(error)


def test_the_robot_is_at_home_and_the_pictures_are_of_now() -> None:
    clock = FakeClock(7)
    observe = synthetic_observations(BASELINE, UR5, clock)
    clock.advance_ns(3)
    seen = observe()
    assert (seen.stamp_ns, {frame.stamp_ns for frame in seen.frames.values()}) == (10, {10})
    np.testing.assert_array_equal(seen.joint_state.position, UR5.home_position)
    assert not seen.joint_state.velocity.any()
    pictures = [frame.image for frame in seen.frames.values()]
    assert {picture.shape for picture in pictures} == {(480, 640, 3)}
    assert not np.array_equal(*pictures)
    assert seen.prompt != PROMPT  # that of a task


def test_there_is_a_past_only_after_the_first_observation() -> None:
    images = (ImageInput({"wrist": "obs > w"}, axes="THWC", history=(-4, 0)),)
    profile = with_request(BASELINE, images=images, depth=(DepthInput("wrist", "obs > depth"),))
    observe = synthetic_observations(profile, UR5, FakeClock())
    first, second = observe(), observe()
    assert not first.history
    assert list(second.history) == [("wrist", -4)]
    depth = second.frames["wrist"].depth
    assert depth is not None
    assert depth.distance_mm.shape == (480, 640)
