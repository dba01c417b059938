"""What is known of the buttons beforehand, what a prompt asks for, and where the buttons have been seen."""

import re

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import SpecError
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.scene_memory import Sighting, better, spot
from ros_wam.policies.things import Colour, Thing
from ros_wam.policies.vision import hsv_of

_CAP_M = (0.050, 0.050, 0.018)
_HOUSING_M = 0.040  # high

BUTTONS = {
    name: Thing(name, colour, _CAP_M, round=True, floor_m=_HOUSING_M)
    for name, colour in {
        "pink": Colour(167, 10, (90, 255), (60, 255)),
        "blue": Colour(115, 15, (110, 255), (30, 255)),
        "green": Colour(67, 17, (110, 255), (30, 255)),
    }.items()
}
"""The caps, which stand out of their housings, by colour."""
TOP_M = _HOUSING_M + _CAP_M[2]
"""Height of a button that is not pressed above the table."""


def asked_for(prompt: str) -> tuple[str, ...]:
    """Return the colours that `prompt` names, in its order; raises SpecError when it names none that is known."""
    colours = tuple(re.findall(rf"\b({'|'.join(BUTTONS)})\b", prompt.lower()))
    if not colours:
        raise SpecError(f"prompt {prompt!r} names no button; there are: {', '.join(BUTTONS)}")
    return colours


class ButtonMemory:
    """Where each button was seen, by colour."""

    def __init__(self) -> None:
        self.seen: dict[str, Sighting] = {}

    def look(
        self, image: NDArray[np.uint8], camera: PlacedCamera, now_ns: int, speed_m_s: float = 0.0, skip: str = ""
    ) -> None:
        """Take in one RGB picture, taken while the camera moved at `speed_m_s`; `skip` is being pressed."""
        hsv = hsv_of(image)
        for colour, thing in BUTTONS.items():
            known = self.seen.get(colour)
            sighting = None if colour == skip else spot(thing, hsv, camera, now_ns, speed_m_s, known)
            if sighting is not None:
                self.seen[colour] = sighting if known is None else better(known, sighting, now_ns)
