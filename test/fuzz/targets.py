"""What decodes bytes of the network, with messages that are right: mutations of them are what is tried."""

import codecs
import importlib
import json
import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from fake_policy import BASELINE, METADATA, UR5
from wire import torch_saved
from wire.lerobot_pickles import timed_actions

from ros_wam.errors import PolicyAnswerInvalid, PolicyMismatch, SpecError
from ros_wam.policy.codecs.codec import CODECS
from ros_wam.policy.dialects.error_answers import refuse_error, refuse_error_frame
from ros_wam.policy.dialects.gr00t_modality import declarations, marked
from ros_wam.policy.handshake import Handshake
from ros_wam.policy.reply_layout import ActionPart, ReplyLayout

REFUSALS = (SpecError, PolicyAnswerInvalid, PolicyMismatch)
ROWS = np.arange(70, dtype=np.float32).reshape(10, 7)
SAMPLES: tuple[Any, ...] = (
    {"actions": ROWS, "server_timing": {"infer_ms": 12.5}},
    {"actions": ROWS.astype(np.float64)[None], "error": "", "ok": True},
    {"action": ROWS.tolist(), "names": ["a", "b"], "none": None, "text": "x" * 40},
    {"image": np.zeros((4, 5, 3), np.uint8), "prompt": "tidy up", "state": [0.25, -1.0]},
    [{"action.arm": ROWS[None]}, {}],
    {"actions": ROWS, "numbers": [np.float32(0.5), np.int64(3), np.bool_(True), np.str_("x"), np.bytes_(b"x")]},
    ROWS,
    "error",
    {},
)
codecs.lookup("raw_unicode_escape")  # pickletools imports it where a pickle has text of protocol 0
codecs.lookup("cp437")  # zipfile, where a name is not UTF-8
LAYOUT = ReplyLayout((ActionPart("actions", ("joint1", "joint2")),))


@dataclass(frozen=True)
class Target:
    """`decode` returns or raises one of REFUSALS, whatever the bytes; `seeds` are right."""

    decode: Callable[[bytes], Any]
    seeds: tuple[bytes, ...]


def _codec(name: str) -> Target:
    codec = importlib.import_module(CODECS[name])
    seeds = []
    for sample in SAMPLES:
        with suppress(SpecError):
            seeds.append(codec.encode(sample))
    return Target(codec.decode, (*seeds, *FOREIGN.get(name, ())))


def _answer(data: bytes) -> Any:
    """A whole answer of the commonest family, to its actions."""
    openpi = importlib.import_module(CODECS["openpi"])
    answer = refuse_error(openpi.decode(refuse_error_frame(data)))
    return LAYOUT.read_actions(answer), LAYOUT.server_ms(answer)


def _metadata(data: bytes) -> None:
    """What a server declares first, to what of it does not fit."""
    declared = importlib.import_module(CODECS["openpi"]).decode(data)
    if isinstance(declared, dict):
        Handshake(BASELINE, UR5).check(declared)


def _modalities(data: bytes) -> Any:
    """What a GR00T server declares."""
    config = importlib.import_module(CODECS["msgpack_numpy"]).decode(data)
    return marked(config), declarations(config)


def _modality(form: str, content: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    keys = {"video": ["video.high"], "state": ["state.arm"], "action": ["action.arm"], "language": ["task"]}
    return {
        name: {form: True, "as_json": content({"modality_keys": keys[name], "delta_indices": [0]})} for name in keys
    }


FOREIGN: dict[str, tuple[bytes, ...]] = {
    "lerobot_pickle": (timed_actions(ROWS, 1.5, 0, 0.1), timed_actions(ROWS[:1], 0.0, 9, 1.0)),
    "restricted_pickle": tuple(pickle.dumps({"action_list": ROWS, "infer_time": ROWS[0, 1]}, n) for n in (3, 4, 5)),
    "torch_arrays": (torch_saved.save({"action.arm": ROWS, "ms": ROWS[0, 1]}),),
    "multipart": (b'{"left_arm_actions": [[0.5, 1]], "right_arm_actions": [[0.5, 1]], "action_horizon": 1}',),
}
"""Messages of servers whose form our side only reads."""

TARGETS = {name: _codec(name) for name in CODECS}
_packed = importlib.import_module(CODECS["openpi"]).encode
_DECLARED = (METADATA, {**METADATA, "takes_images": ["high"], "statistics": {"q01": ROWS[0], "size": [[1], [1, 2]]}})
TARGETS["metadata"] = Target(_metadata, tuple(map(_packed, _DECLARED)))
_MODALITIES = (
    _modality("__ModalityConfig__", dict),
    _modality("__ModalityConfig_class__", json.dumps),
    {"video_keys": ["high"], "action_keys": ["arm"]},
)
TARGETS["gr00t_modality"] = Target(_modalities, tuple(map(_packed, _MODALITIES)))
TARGETS["answer"] = Target(_answer, TARGETS["openpi"].seeds)
