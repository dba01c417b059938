"""Where bowls were last seen standing on the table, and how surely. All in the base frame; the table is z = 0."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ros_wam.policies.bowls import LARGEST, SMALLER
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.scene_memory import Sighting, better, fits, sighting
from ros_wam.policies.silhouette import fit_silhouette
from ros_wam.policies.things import Thing
from ros_wam.policies.vision import blobs, hsv_of


class BowlMemory:
    """The bowls that stand on the table, by name."""

    def __init__(self) -> None:
        self.bowls: dict[str, Sighting] = {}

    @property
    def target(self) -> Sighting | None:
        """Where the largest bowl stands."""
        return self.bowls.get(LARGEST.name)

    def look(
        self,
        image: NDArray[np.uint8],
        camera: PlacedCamera,
        now_ns: int,
        speed_m_s: float = 0.0,
        skip: Collection[str] = (),
    ) -> None:
        """Take in one RGB picture, taken while the camera moved at `speed_m_s`; `skip` names what is in the hand."""
        hsv = hsv_of(image)
        for bowl in (LARGEST, *SMALLER):
            if bowl.name in skip:
                continue
            seen = _find(bowl, hsv, camera, now_ns, speed_m_s)
            if seen is not None and not self._is_in_largest(bowl, seen):
                known = self.bowls.get(bowl.name)
                self.bowls[bowl.name] = seen if known is None else better(known, seen, now_ns)

    def _is_in_largest(self, bowl: Thing, seen: Sighting) -> bool:
        """A bowl that is stacked stands higher than it is taken to, and so seems to be a little off."""
        if bowl is LARGEST or self.target is None:
            return False
        return float(np.hypot(seen.x_m - self.target.x_m, seen.y_m - self.target.y_m)) < LARGEST.rim_m


def _find(bowl: Thing, hsv: NDArray[np.uint8], camera: PlacedCamera, now_ns: int, speed_m_s: float) -> Sighting | None:
    blob = next(iter(blobs(hsv, bowl.colour)), None)
    if blob is None or blob.touches_edge:
        return None
    fit = fit_silhouette(blob, bowl, camera)
    return sighting(fit, camera, now_ns, speed_m_s) if fit is not None and fits(fit) else None
