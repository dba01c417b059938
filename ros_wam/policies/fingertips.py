"""How far a gripper's fingers reach, from the robot's MJCF."""

import itertools

import mujoco
import numpy as np

from ros_wam.collision import joints_of_actuator
from ros_wam.embodiment import Embodiment


def reach_m(embodiment: Embodiment, arm: str) -> float:
    """Return how far the fingers of `arm` reach beyond its tool site, along the tool's z [m].

    Raises ConfigError if the MJCF lacks the gripper.
    """
    model = mujoco.MjModel.from_xml_path(str(embodiment.model))
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    gripper, tool = embodiment.arms[arm].gripper, data.site(embodiment.arms[arm].tool_site)
    fingers = model.jnt_bodyid[joints_of_actuator(model, gripper, embodiment)]
    along = tool.xmat.reshape(3, 3)[:, 2]
    reach = 0.0
    for geom in np.flatnonzero(np.isin(model.geom_bodyid, fingers)):
        centre, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
        corners = centre + half * np.array(list(itertools.product((-1, 1), repeat=3)))
        in_world = corners @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]
        reach = max(reach, float(((in_world - tool.xpos) @ along).max()))
    return reach
