"""The scene: cameras are where the calibration says, however the robot's MJCF is written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_wam.calibration import load_view
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import SimError
from ros_wam.sim.scene import build_scene
from ros_wam.sim.tasks import sim_task

ROOT = Path(__file__).parents[1]
CALIBRATION = ROOT / "calib/arx5/sim"
ARX5 = load_embodiment(ROOT / "robots/arx5.yaml")
WRITTEN = 'quat="0.5 -0.5 0.5 -0.5"'


@pytest.mark.parametrize("turned", [WRITTEN, 'quat="1 -1 1 -1"', 'xyaxes="0 -1 0 0 0 -1"', 'zaxis="0 0 1"'])
def test_a_wrist_camera_is_mounted_at_the_tool_however_its_site_is_turned(tmp_path: Path, turned: str) -> None:
    text = ARX5.model.read_text()
    assert WRITTEN in text
    (tmp_path / "arm.xml").write_text(text.replace(WRITTEN, turned))
    model = build_scene(replace(ARX5, model=tmp_path / "arm.xml"), CALIBRATION, sim_task("turn_on_light_switch"))
    offset = load_view(CALIBRATION, "wrist").T_frame_camera[:3, 3]
    site, camera = model.site("tool"), model.camera("wrist")
    w, *v = site.quat
    turned_offset = offset + 2 * np.cross(v, np.cross(v, offset) + w * offset)
    np.testing.assert_allclose(camera.pos, site.pos + turned_offset, atol=1e-9)


def test_a_calibration_that_names_no_frame_of_the_robot_is_told(tmp_path: Path) -> None:
    for view in ARX5.views:
        text = (CALIBRATION / f"{view}.yaml").read_text()
        (tmp_path / f"{view}.yaml").write_text(text.replace("frame: tool", "frame: hand"))
    with pytest.raises(SimError, match="names the frame 'hand'"):
        build_scene(ARX5, tmp_path, sim_task("turn_on_light_switch"))
