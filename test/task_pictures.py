"""Writes `docs/tasks/<task>.png`: every view of a robot, side by side, as a trial with seed 1 begins."""

from pathlib import Path

import cv2
import numpy as np

from ros_wam.calibration import load_view
from ros_wam.embodiment import load_embodiment
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.world import World

ROOT = Path(__file__).parents[1]
SHOWN = {
    "move_objects_into_box": "ur5",
    "press_three_buttons": "franka",
    "turn_on_light_switch": "arx5",
    "stack_bowls": "aloha",
}
PNG = [cv2.IMWRITE_PNG_COMPRESSION, 9]


def write_picture(task: str, robot: str) -> None:
    embodiment, calibration = load_embodiment(ROOT / f"robots/{robot}.yaml"), ROOT / f"calib/{robot}/sim"
    world = World(embodiment, calibration, task, 1)
    renderer = Renderer(world.model, {view: load_view(calibration, view) for view in embodiment.views})
    pictures = [renderer.render(world.snapshot(0), view) for view in embodiment.views]
    renderer.close()
    cv2.imwrite(str(ROOT / f"docs/tasks/{task}.png"), np.hstack(pictures)[:, :, ::-1], PNG)


if __name__ == "__main__":
    for task, robot in SHOWN.items():
        write_picture(task, robot)
