"""The versions of vendor libraries and controllers that this package was tried with, by driver."""

from collections.abc import Mapping
from typing import NamedTuple

from ros_wam.doctor.check import Check

NOT_TOLD = "not told"


class Tried(NamedTuple):
    """`library` as the driver tells it; `firmware`: how what the device tells may begin, empty if any will do."""

    library: str
    firmware: tuple[str, ...]


TRIED = {
    "ur5": Tried("ur_rtde 1.6.5", ("URSoftware 3.", "URSoftware 5.")),
    "franka": Tried("franky 2.0.0", ()),
    "arx5": Tried("arx5_interface 0.1.5", ()),
    "aloha": Tried("dynamixel_sdk 4.1.0", ()),
}
"""Libraries as in setup.py. Firmware: the generation that the emulators speak for; none was tried on a robot."""
ANY = "any"


def version_checks(driver: str, facts: Mapping[str, str]) -> list[Check]:
    """Return the rows of library and firmware; of a driver that is not listed any version will do."""
    library, firmware = facts.get("library", NOT_TOLD), facts.get("firmware", NOT_TOLD)
    tried = TRIED.get(driver, Tried(ANY, ()))
    right = library == tried.library or tried.library == ANY
    begins = not tried.firmware or firmware.startswith(tried.firmware)
    return [
        Check("library", bool(facts) and right, library, tried.library),
        Check("firmware", bool(facts) and begins, firmware, " or ".join(tried.firmware) or _any(firmware)),
    ]


def _any(firmware: str) -> str:
    """Say why any will do: nobody knows which will not."""
    return f"{ANY}: {NOT_TOLD} by this robot" if firmware == NOT_TOLD else f"{ANY}: not compared"
