"""Writes `docs/images/desk_desktop.png` and `desk_phone.png`: the operator's page with a simulated station's views.

With a folder, and names of scenes if not all are wanted, it writes the page in each scene there, all of a long one.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import cv2
from desk_station import MS, DeskStation
from playwright.sync_api import Browser, sync_playwright

from ros_wam.calibration import load_view
from ros_wam.desk.serve import DeskServer
from ros_wam.embodiment import load_embodiment
from ros_wam.jpeg import encode_jpeg
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.world import World
from ros_wam.task import load_task

ROOT = Path(__file__).parents[1]
TASK, ROBOT = "move_objects_into_box", "franka"
VIEWS = {"global": 30.0, "side": 30.0, "wrist": 30.0}
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def render(seed: int) -> dict[str, bytes]:
    """Return every view of the simulated station with the scene of this seed."""
    embodiment, calibration = load_embodiment(ROOT / f"robots/{ROBOT}.yaml"), ROOT / f"calib/{ROBOT}/sim"
    world = World(embodiment, calibration, TASK, seed)
    renderer = Renderer(world.model, {view: load_view(calibration, view) for view in embodiment.views})
    pictures = {view: encode_jpeg(renderer.render(world.snapshot(0), view)) for view in embodiment.views}
    renderer.close()
    return pictures


def station(folder: Path) -> DeskStation:
    """Return a station in the midst of a trial of the task."""
    made, task = DeskStation(folder, VIEWS), load_task(ROOT / f"config/tasks/{TASK}.yaml")
    stages = [
        {"name": stage.name, "points": 0.0, "max_points": stage.points, "retries": 0, "achieved": False}
        for stage in task.stages
    ]
    for index, retries in ((0, 0), (1, 0), (2, 1), (3, 1)):
        points = stages[index]["max_points"] - 0.5 * retries
        stages[index] |= {"points": points, "retries": retries, "achieved": True}
    made.event |= {"stages": stages, "prompt": task.prompt, "task": task.name, "robot": ROBOT, "time_limit_s": 90.0}
    made.event |= {
        "elapsed_s": 37.2,
        "latency_ms": 84.0,
        "reset": list(task.reset),
        "teleop": {"phase": "elsewhere", "detail": "", "lag_rad": ""},
        "policy": "baseline",
    }
    return made


SCENES = {
    "running": {"can": ["stop", "success", "failure", "take_over", "stage", "retry", "comment", "failure_class"]},
    "resetting": {"state": "resetting", "mode": "HOLD", "can": ["start", "stop"]},
    "scoring": {
        "state": "marking",
        "mode": "HOLD",
        "success": False,
        "outcome": "failure",
        "failure_class": "action_error",
        "comment": "knocked the bar over with the wrist",
        "can": ["stage", "retry", "failure_class", "comment", "seal", "success", "failure"],
    },
    "fault": {"mode": "FAULT", "can": ["stop", "failure_class", "comment"]},
    "teleop": {"mode": "TELEOP", "takeovers": 1, "can": ["stop", "success", "failure", "hand_back", "stage", "retry"],
               "teleop": {"phase": "following", "detail": "", "lag_rad": "0.0312", "lag_s": "0.062"}},
    "demonstration": {
        "kind": "demonstrations", "policy": "teleop", "mode": "TELEOP", "can": ["stop", "success", "discard"],
        "teleop": {"phase": "following", "detail": "gello", "lag_rad": "0.0312", "lag_s": "0.062"},
        "quality": [
            {"check": "view_skew", "severity": "bad", "detail": "wrist and side are up to 61 ms apart"},
            {"check": "idle_head", "severity": "warn", "detail": "nothing moves for the first 1.8 s"},
        ],
    },
}  # fmt: skip


def shoot(browser: Browser, address: str, size: dict[str, int], path: Path, full: bool = False) -> None:
    page = browser.new_page(viewport=size, device_scale_factor=1, has_touch=size == PHONE, is_mobile=size == PHONE)
    page.goto(address)
    page.wait_for_selector("#main .frame.has")
    page.wait_for_function("document.querySelectorAll('.thumbs .frame.has').length >= 2")
    page.wait_for_timeout(400)
    page.screenshot(path=str(path), full_page=full)
    page.close()
    cv2.imwrite(str(path), cv2.imread(str(path)), [cv2.IMWRITE_PNG_COMPRESSION, 9])


SHOWN = {"desk_desktop": ("resetting", DESKTOP), "desk_phone": ("running", PHONE)}


def begin(made: DeskStation, scene: str) -> None:
    """Bring a station that is new to a scene."""
    untouched = [{**stage, "points": 0.0, "retries": 0, "achieved": False} for stage in made.event["stages"]]
    made.event |= {**SCENES[scene], **({"stages": untouched} if scene == "resetting" else {})}
    made.tell()
    why = {"cause": "protective_stop", "detail": "joint 4: 61 N m"} if scene == "fault" else {}
    made.state.safety({"mode": made.event["mode"], **why}, made.clock.now_ns())


def main(out: Path | None, scenes: list[str]) -> None:
    pictures, reference = render(1), render(2)
    wanted = [
        (scene, size, f"{scene}_{name}") for scene in scenes for name, size in (("desktop", DESKTOP), ("phone", PHONE))
    ]
    if out is None:
        wanted = [(scene, size, name) for name, (scene, size) in SHOWN.items()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scene, size, name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                made = station(Path(folder))
                made.references.capture(3, reference)
                for index, (view, jpeg) in enumerate(pictures.items()):
                    made.state.picture(view, made.clock.now_ns() - (21 + 6 * index) * MS, jpeg)
                begin(made, scene)
                server = DeskServer(made.desk, "127.0.0.1", 0, None)
                path = (out or ROOT / "docs/images") / f"{name}.png"
                shoot(browser, f"http://127.0.0.1:{server.port}/", size, path, out is not None and size == PHONE)
                server.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None, sys.argv[2:] or list(SCENES))
