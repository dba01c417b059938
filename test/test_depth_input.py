"""What a policy that needs depth asks of the station."""

from dataclasses import replace

import pytest

from ros_wam.calibration import load_station
from ros_wam.errors import ConfigError
from ros_wam.policy.depth_input import check_depth
from ros_wam.share import share_dir

STATION = load_station(share_dir() / "calib/aloha/sim")
DEEP = replace(STATION, cameras={view: replace(camera, depth=True) for view, camera in STATION.cameras.items()})


def test_station_whose_cameras_send_depth_suits() -> None:
    check_depth("holobrain_aloha", ("high", "left_wrist"), DEEP)
    check_depth("baseline", (), replace(STATION, cameras={}))


def test_views_without_depth_are_told() -> None:
    some = replace(DEEP, cameras={**DEEP.cameras, "high": replace(DEEP.cameras["high"], depth=False)})
    with pytest.raises(
        ConfigError, match="policy holobrain_aloha needs depth of high, which no camera of this station"
    ):
        check_depth("holobrain_aloha", ("high", "left_wrist"), some)
    with pytest.raises(ConfigError, match="needs depth of side, "):
        check_depth("holobrain_aloha", ("side",), DEEP)
