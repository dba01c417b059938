"""The example in docs/cameras.md is one that is taken."""

import re
from pathlib import Path
from typing import Any

import yaml

from ros_wam.calibration import CameraStation
from ros_wam.cameras import CAMERAS
from ros_wam.cameras.realsense_settings import read_realsense_settings
from ros_wam.cameras.usb_settings import read_usb_settings
from ros_wam.config import build

TEXT = (Path(__file__).parents[1] / "docs/cameras.md").read_text(encoding="utf-8")
READ = {"realsense": read_realsense_settings, "usb": read_usb_settings}


def cameras() -> dict[str, Any]:
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    return dict(yaml.safe_load(block)["cameras"])


def test_the_example_has_every_driver_of_a_real_camera() -> None:
    assert {camera["driver"] for camera in cameras().values()} == CAMERAS.keys() - {"sim"} == READ.keys()


def test_the_example_is_taken() -> None:
    for view, camera in cameras().items():
        station = build(camera, CameraStation, view)
        READ[station.driver](view, station)
