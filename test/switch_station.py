"""A simulated ARX-5 before a light switch, in one thread: pictures in, rows out, no loops and no wire between."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import ViewCalibration, load_view
from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies.session import RATE_HZ, Session
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.scoring import SCORE_PERIOD_NS, Scorer
from ros_wam.sim.world import STEP_NS, World
from ros_wam.task import load_task

ROOT = Path(__file__).parents[1]
ARX5 = load_embodiment(ROOT / "robots/arx5.yaml")
CALIBRATION = ROOT / "calib/arx5/sim"
VIEWS = {view: load_view(CALIBRATION, view) for view in ARX5.views}
KINEMATICS = Kinematics(ARX5)
TASK = load_task(ROOT / "config/tasks/turn_on_light_switch.yaml")
ROWS = 15
"""So many of an answer's rows are executed before the next look."""


def turned(view: ViewCalibration, axis: tuple[float, float, float], angle_rad: float) -> ViewCalibration:
    """Return a calibration that is wrong by an angle about an axis of the camera."""
    x, y, z, w = view.quat_xyzw
    p, q, r = np.array(axis) * np.sin(angle_rad / 2)
    s = np.cos(angle_rad / 2)
    wrong = (w * p + x * s + y * r - z * q, w * q - x * r + y * s + z * p, w * r + x * q - y * p + z * s)
    return replace(view, quat_xyzw=(*wrong, w * s - x * p - y * q - z * r))


class SwitchStation:
    """One world; `reset` begins another trial."""

    def __init__(self) -> None:
        self.world = World(ARX5, CALIBRATION, TASK.name, 0)
        self.robot = SimRobot(self.world)
        self.renderer = Renderer(self.world.model, VIEWS)

    def reset(self, seed: int) -> None:
        """Put the robot home and lay the switch out."""
        self.robot.place(ARX5.home_position)
        self.world.reset(seed)
        self.scorer = Scorer(self.world, TASK)

    def look(self) -> dict[str, NDArray[np.uint8]]:
        """Return what the cameras see."""
        return {view: self.renderer.render(self.world.snapshot(), view) for view in VIEWS}

    def follow(self, session: Session, duration_s: float, until_done: bool = True) -> float:
        """Let `session` move the robot, at most until the task is done; return the largest force at the tool [N]."""
        force_n = 0.0
        for _ in range(round(duration_s * RATE_HZ / ROWS)):
            rows = session.step(self.world.time_ns, self.look(), self.world.joint_position())
            for row in rows[:ROWS]:
                self.robot.set_target(row)
                for _ in range(round(1e9 / RATE_HZ / SCORE_PERIOD_NS)):
                    self.robot.step(SCORE_PERIOD_NS // STEP_NS)
                    self.scorer.update(self.world.time_ns)
                    force_n = max(force_n, float(self.world.tool_force_n().max()))
            if until_done and self.scorer.succeeded():
                break
        return force_n
