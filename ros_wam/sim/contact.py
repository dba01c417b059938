"""Who touches whom, from MuJoCo's contact list."""

from typing import Any


def touching(model: Any, data: Any, body: str) -> set[str]:
    """Return the names of the bodies in contact with `body` now; the table and the floor are `world`."""
    wanted = model.body(body).id
    pairs = model.geom_bodyid[data.contact.geom]
    pairs = pairs[(pairs == wanted).any(axis=1)]
    return {model.body(other).name for other in pairs[pairs != wanted]}


def touches_robot(model: Any, data: Any, body: str) -> bool:
    """Return whether any part of the robot, the tree that hangs on `base`, touches `body` now."""
    base = model.body("base").id
    return any(model.body_rootid[model.body(other).id] == base for other in touching(model, data, body))
