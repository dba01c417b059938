"""Calibration folders: what cannot be is refused before anything moves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_wam.calibration import CameraStation, Fixture, SafetySettings, load_station, load_view
from ros_wam.errors import ConfigError

CALIB = Path(__file__).parents[1] / "calib"
VIEW = load_view(CALIB / "ur5" / "sim", "global")
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("folder", sorted(CALIB.glob("*/*")), ids=lambda folder: folder.parent.name)
def test_what_ships_is_valid(folder: Path) -> None:
    for view in load_station(folder).cameras:
        transform = load_view(folder, view).T_frame_camera
        np.testing.assert_allclose(transform[:3, :3] @ transform[:3, :3].T, np.eye(3), atol=1e-9)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        *[("latency_s", value, "0 to 1 s") for value in (-0.001, 1.1, NAN, INF)],
        *[("rate_hz", value, "1 to 1000 Hz") for value in (0.0, 0.1, -30.0, 1001.0, NAN, INF)],
    ],
)
def test_camera_that_cannot_be_is_refused(name: str, value: float, wanted: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is {value!r}, must be {wanted}"):
        CameraStation(**{"driver": "sim", "latency_s": 0.0, "rate_hz": 30.0, name: value})


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        *[(name, 0, "above 0 px") for name in ("width", "height", "fx", "fy")],
        *[(name, value, "above 0 px") for name in ("fx", "fy") for value in (-1.0, NAN, INF)],
        *[(name, value, "finite") for name in ("cx", "cy") for value in (NAN, INF)],
        ("distortion", (0.0, NAN, 0.0, 0.0), "finite"),
        ("distortion", (0.1, 0.2, 0.3), "of one of the lengths"),
        ("position_m", (0.0, 0.0, NAN), "finite"),
        ("quat_xyzw", (0.0, 0.0, 0.0, 0.0), "of norm 1, has 0"),
        ("quat_xyzw", (0.0, 0.0, 0.0, 1.002), "of norm 1"),
        ("quat_xyzw", (0.0, 0.0, 0.0, NAN), "of norm 1"),
    ],
)
def test_view_that_cannot_be_is_refused(name: str, value: Any, wanted: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is .*, must be {wanted}"):
        replace(VIEW, **{name: value})


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        *[(value, 1.0, f"min_m of {{}} is {value}, must be finite") for value in (NAN, INF, -INF)],
        *[(0.0, high, f"max_m of {{}} is {high}, must be .* above min_m, 0.0 m") for high in (0.0, -1.0, NAN, INF)],
    ],
)
def test_fixture_that_is_no_box_is_refused(axis: int, low: float, high: float, message: str) -> None:
    Fixture((0.0,) * 3, (1e-3,) * 3)
    min_m, max_m = [0.0] * 3, [1.0] * 3
    min_m[axis], max_m[axis] = low, high
    with pytest.raises(ConfigError, match=f"^{message.format('xyz'[axis])}"):
        Fixture((min_m[0], min_m[1], min_m[2]), (max_m[0], max_m[1], max_m[2]))


def test_station_without_fixtures_is_refused(tmp_path: Path) -> None:
    safety = "{speed_override: 1.0, joint_margin_rad: 0.0, workspace_margin_m: 0.0}"
    fixtures = "{table: {min_m: [0, 0, 0]}}"
    (tmp_path / "station.yaml").write_text(f"robot: {{}}\ncameras: {{}}\nsafety: {safety}\nfixtures: {fixtures}\n")
    with pytest.raises(ConfigError, match=r"fixtures: table: missing key max_m"):
        load_station(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        *[("speed_override", value, "above 0 and at most 1") for value in (0.0, -0.5, 1.001, NAN, INF)],
        *[("joint_margin_rad", value, "0 rad or more") for value in (-0.001, NAN, INF)],
        *[("workspace_margin_m", value, "0 m or more") for value in (-0.001, NAN, INF)],
    ],
)
def test_safety_settings_that_widen_or_are_no_numbers_are_refused(name: str, value: float, wanted: str) -> None:
    settings = SafetySettings(speed_override=1.0, joint_margin_rad=0.0, workspace_margin_m=0.0)
    with pytest.raises(ConfigError, match=f"{name} is {value!r}, must be {wanted}"):
        replace(settings, **{name: value})


def test_error_names_the_file_and_the_view(tmp_path: Path) -> None:
    text = (CALIB / "ur5" / "sim" / "station.yaml").read_text()
    (tmp_path / "station.yaml").write_text(text.replace("30.0}", "0.0}"))
    with pytest.raises(ConfigError, match=r"station\.yaml: cameras: wrist: rate_hz is 0\.0, must be 1 to 1000 Hz"):
        load_station(tmp_path)
