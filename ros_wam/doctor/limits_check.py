"""Does the robot file allow no more than the robot's maker does?"""

from pathlib import Path

from ros_wam.doctor.check import Check
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.vendor_limits import load_vendor_limits, wider_limits


def limits_check(embodiment: Embodiment, robot: Path) -> Check:
    """Return the row of the limits that the control process has loaded from the file `robot`.

    Where the maker's limits are not written down nobody knows, and that is no reason to go.
    """
    limit = "none wider than the vendor's"
    try:
        wider = wider_limits(embodiment, load_vendor_limits(robot, embodiment.name))
    except ConfigError as error:
        return Check("limits", False, str(error), limit)
    loaded = f"of {len(embodiment.joint_names)} joints, none wider"
    return Check("limits", not wider, "; ".join(wider) or loaded, limit)
