"""Who touches whom, from MuJoCo's contact list."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def touching(model: Any, data: Any, body: str) -> set[str]:
    """Return the names of the bodies in contact with `body` now; the table and the floor are `world`."""
    return {model.body(other).name for other in _touching(model, data, model.body(body).id)}


def touches_robot(model: Any, data: Any, body: str) -> bool:
    """Return whether any part of the robot, the tree that hangs on `base`, touches `body` now."""
    others = _touching(model, data, model.body(body).id)
    return bool((model.body_rootid[others] == model.body("base").id).any())


def _touching(model: Any, data: Any, body: int) -> NDArray[np.int32]:
    pairs = model.geom_bodyid[data.contact.geom]
    pairs = pairs[(pairs == body).any(axis=1)]
    return np.asarray(pairs[pairs != body])
