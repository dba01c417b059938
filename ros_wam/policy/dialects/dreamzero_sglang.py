"""DreamZero's DROID model where SGLang serves it, and RLinf asks it: the client does what a data set's loader would.

Its cameras are one picture, the prompt stands in the words of the training, the state is padded with zeros.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import ConfigError, SpecError
from ros_wam.policy import key_path
from ros_wam.policy.codecs.codec import Codec
from ros_wam.policy.dialects.plain import PlainDialect

VIEWS = ("exterior_1", "exterior_2", "wrist")
SIZE = (176, 320)  # of each camera, after a twentieth is cut off at its edges
STATE, PADDED = 8, 64
EMBODIMENT = 17  # oxe_droid
PROMPT = (
    "A multi-view video shows that a robot {0} The video is split into three views: The top view shows the camera view "
    "from the robot's wrist, the bottom-left view shows the camera view from the left exterior camera, and the "
    "bottom-right view shows the camera view from the right exterior camera. During training, one of the two bottom "
    "exterior views may be a black screen (dropped view). The robot {0}"
)


class DreamzeroSglangDialect(PlainDialect):
    """See Dialect. A request's `input` holds `prompt` as text, and in `observation` `images` (a map of VIEWS, each HWC
    uint8 of SIZE or larger; exterior_2 may be left out) and `state` `(STATE,)`.
    """

    def encode(self, request: Mapping[str, Any]) -> bytes:
        """See Dialect."""
        measured = key_path.find(request, "input > observation > state")
        if np.shape(measured) != (STATE,):
            raise SpecError(f"'input > observation > state' has shape {np.shape(measured)}, must have {(STATE,)}")
        state = np.zeros((1, 1, PADDED), np.float32)
        state[0, 0, :STATE] = measured
        observation = {
            "images": _one_picture(key_path.find(request, "input > observation > images"))[None, None],
            "state": state,
            "state_mask": (np.arange(PADDED) < STATE)[None, None],
            "embodiment_id": np.array([EMBODIMENT]),
            "has_lapa_action": np.zeros(1, bool),
            "is_cotrain_instance": np.zeros(1, bool),
        }
        prompt = [PROMPT.format(key_path.find(request, "input > prompt").lower())]
        return super().encode({**request, "input": {"prompt": prompt, "observation": observation}})


def _one_picture(views: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return the wrist's view, twice as wide, above the others side by side; black where there is none."""
    height, width = SIZE
    unknown = set(views) - set(VIEWS)
    if unknown or "wrist" not in views or "exterior_1" not in views:
        raise SpecError(f"views are {', '.join(views)}, must be {', '.join(VIEWS)}, of which exterior_2 may be missing")
    whole = np.zeros((2 * height, 2 * width, 3), np.uint8)
    whole[:height] = np.repeat(_middle(views["wrist"]), 2, axis=1)
    whole[height:, :width] = _middle(views["exterior_1"])
    if "exterior_2" in views:
        whole[height:, width:] = _middle(views["exterior_2"])
    return whole


def _middle(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = ((have - want) // 2 for have, want in zip(image.shape[:2], SIZE, strict=True))
    if min(top, left) < 0:
        raise SpecError(f"a picture is of {image.shape[:2]} pixels, must be of {SIZE} or more")
    return image[top : top + SIZE[0], left : left + SIZE[1]]


def make_dialect(codec: Codec, setup: Mapping[str, Any]) -> DreamzeroSglangDialect:
    """Return the dialect; it takes no set-up."""
    if setup:
        raise ConfigError(f"setup is {dict(setup)!r}, must be left out: the dialect dreamzero_sglang takes none")
    return DreamzeroSglangDialect(codec)
