"""Does `move_objects_into_box` from the simulator's own state: shows that the task can be done."""

from collections.abc import Iterator

import mujoco
import numpy as np

from ros_wam.sim.robot import SimRobot
from ros_wam.sim.scoring import Scorer
from ros_wam.sim.tasks.move_objects_into_box import OBJECTS
from ros_wam.sim.world import STEP_NS

ABOVE_M = 0.12
GRASP_M = 0.016
SPEED_M_S = 0.35
SETTLE_S = 0.4
UP = np.array([0.0, 0.0, 1.0])


def solve(robot: SimRobot, position_m: np.ndarray, yaw_rad: float, seed: np.ndarray) -> np.ndarray:
    """Damped least squares for the tool at `position_m`, pointing down, its x axis at `yaw_rad`."""
    model = robot.world.model
    data = mujoco.MjData(model)
    q = seed.copy()
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    wanted = np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])
    jacobian = np.zeros((6, model.nv))
    for _ in range(60):
        data.qpos[:6] = q
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        tool = data.site("tool")
        turn = tool.xmat.reshape(3, 3)
        rotation = 0.5 * sum(np.cross(turn[:, i], wanted[:, i]) for i in range(3))
        error = np.concatenate([position_m - tool.xpos, rotation])
        if np.linalg.norm(error) < 1e-5:
            return q
        mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], tool.id)
        arm = jacobian[:, :6]
        q = q + arm.T @ np.linalg.solve(arm @ arm.T + 1e-5 * np.eye(6), error)
    raise AssertionError(f"no way to {position_m} at yaw {yaw_rad}: {error}")


def waypoints(robot: SimRobot) -> Iterator[tuple[np.ndarray, float, float]]:
    """Yield tool position [m], yaw [rad] and gripper of the whole task."""
    data = robot.world.data
    for k, item in enumerate(OBJECTS):
        body = data.body(item.name)
        at, turn = body.xpos.copy(), body.xmat.reshape(3, 3)
        across = np.arctan2(turn[1, 1], turn[0, 1])  # the bar is thin along its y
        yaw = np.pi / 2 + (across - np.pi / 2 + np.pi / 2) % np.pi - np.pi / 2
        box = data.body("box").xpos + np.array([0.07 * (k - 1), 0.0, 0.0])
        low, high = np.array([at[0], at[1], GRASP_M]), np.array([at[0], at[1], ABOVE_M])
        yield high, yaw, 1.0
        yield low, yaw, 1.0
        yield low, yaw, 0.0
        yield high + 0.06 * UP, yaw, 0.0
        yield box + 0.18 * UP, np.pi / 2, 0.0
        yield box + 0.09 * UP, np.pi / 2, 0.0
        yield box + 0.09 * UP, np.pi / 2, 1.0
        yield box + 0.20 * UP, np.pi / 2, 1.0


def do_task(robot: SimRobot, scorer: Scorer) -> float:
    """Do the task, scoring every 10 ms; return how long it took [s]."""
    q = robot.world.embodiment.home_position[:6]
    begin_ns, last = robot.world.time_ns, robot.world.data.site("tool").xpos.copy()
    for position, yaw, gripper in waypoints(robot):
        goal = solve(robot, position, yaw, q)
        duration_s = max(float(np.linalg.norm(position - last)) / SPEED_M_S, float(np.abs(goal - q).max()) / 1.2)
        for share in np.linspace(0, 1, max(int(duration_s * 125), 1)):
            smooth = share * share * (3 - 2 * share)
            robot.set_target(np.append(q + (goal - q) * smooth, gripper))
            _run(robot, scorer, 0.008)
        _run(robot, scorer, SETTLE_S)
        q, last = goal, position
    return (robot.world.time_ns - begin_ns) * 1e-9


def _run(robot: SimRobot, scorer: Scorer, duration_s: float) -> None:
    for _ in range(max(round(duration_s * 1e9 / STEP_NS / 4), 1)):
        robot.step(4)
        scorer.update(robot.world.time_ns)
