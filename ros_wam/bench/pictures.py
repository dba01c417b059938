"""What simulated cameras see, larger than they are."""

from dataclasses import replace

from ros_wam import share
from ros_wam.calibration import load_view
from ros_wam.embodiment import load_embodiment
from ros_wam.policy.image import Picture
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.world import World

HEIGHT, WIDTH = 480, 640
TASK = "move_objects_into_box"


def rendered(robot: str, views: tuple[str, ...]) -> list[Picture]:
    """Return what the simulated cameras of `robot` see at the task's beginning, 480x640x3 RGB."""
    path = share.find("robots", robot)
    calibration = share.calibration_dir(path, sim=True)
    half = {view: load_view(calibration, view) for view in views}
    large = {view: replace(each, width=WIDTH, height=HEIGHT) for view, each in half.items()}
    world = World(load_embodiment(path), calibration, TASK, 0)
    renderer = Renderer(world.model, large)
    try:
        return [renderer.render(world.snapshot(), view) for view in views]
    finally:
        renderer.close()
