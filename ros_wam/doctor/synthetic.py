"""What a robot at home would show a policy, where there is no robot."""

import functools
from collections.abc import Callable

import numpy as np

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.policy.image import Picture
from ros_wam.policy.profile import Profile
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.task import load_task, task_for
from ros_wam.texture import textured
from ros_wam.types import CameraFrame, DepthImage, JointState, Observation

HEIGHT, WIDTH = 480, 640
DEPTH_MM = 800
FOCAL_PX = 600.0
PROMPT = "pick up the object and put it into the box"


@functools.cache
def _picture(seed: int) -> Picture:
    picture = textured(seed, HEIGHT, WIDTH)
    picture.setflags(write=False)
    return picture


def synthetic_observations(profile: Profile, robot: Embodiment, clock: Clock) -> Callable[[], Observation]:
    """Return what gives an observation of now each time: a robot at rest at home, textured pictures 480x640, all depth
    0.8 m, the prompt of the first task that suits the robot.

    It is at rest, so earlier pictures are the same ones.
    """
    matrix = np.array([[FOCAL_PX, 0.0, WIDTH / 2], [0.0, FOCAL_PX, HEIGHT / 2], [0.0, 0.0, 1.0]])
    depth = DepthImage(np.full((HEIGHT, WIDTH), DEPTH_MM, np.uint16), matrix)
    still = np.zeros(len(robot.joint_names))
    task = task_for(robot.name, SIM_TASKS)
    prompt = PROMPT if task is None else load_task(task).prompt
    asked = 0

    def observe() -> Observation:
        nonlocal asked
        stamp_ns = clock.now_ns()
        views = enumerate(profile.views)
        frames = {view: CameraFrame(view, stamp_ns, _picture(seed), depth) for seed, view in views}
        state = JointState(stamp_ns, np.asarray(robot.home_position, np.float64), still, still)
        history = {(view, row): frames[view] for view, rows in profile.lookback.items() for row in rows if asked}
        asked += 1
        return Observation(stamp_ns, frames, state, prompt, history=history)

    return observe
