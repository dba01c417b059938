"""The versions of vendor libraries and controllers that this package was tried with, by driver."""

from collections.abc import Mapping
from typing import NamedTuple

from ros_wam.doctor.check import Check

NOT_TOLD = "not told"


class Tried(NamedTuple):
    """`library` as the driver tells it; `firmware`: how what the device tells may begin."""

    library: str
    firmware: tuple[str, ...]


TRIED = {
    "ur5": Tried("ur_rtde 1.6.5", ("URSoftware 3.", "URSoftware 5.")),
    "arx5": Tried("arx5_interface 0.1.5", (NOT_TOLD,)),
}
"""Libraries as in setup.py. Firmware: the generation that the emulators speak for; none was tried on a robot."""


def version_checks(driver: str, facts: Mapping[str, str]) -> list[Check]:
    """Return the rows of library and firmware; of a driver that is not listed any version will do."""
    library, firmware = facts.get("library", NOT_TOLD), facts.get("firmware", NOT_TOLD)
    tried = TRIED.get(driver)
    if tried is None:
        any_version = "any"
        return [
            Check("library", library != NOT_TOLD, library, any_version),
            Check("firmware", bool(facts), firmware, any_version),
        ]
    return [
        Check("library", library == tried.library, library, tried.library),
        Check("firmware", bool(facts) and firmware.startswith(tried.firmware), firmware, " or ".join(tried.firmware)),
    ]
