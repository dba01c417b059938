"""What a GR00T server says of its checkpoint: `get_modality_config`, of which every release has a form of its own."""

import json
from collections.abc import Mapping
from typing import Any

from ros_wam.errors import PolicyAnswerInvalid

_NAMES = {
    "video": ("takes_images", "image_history"),
    "state": ("takes_state", "state_history"),
    "action": ("gives_actions", None),
    "language": ("takes_prompt", None),
}
_AS_JSON = "as_json"
_MARKS = ("__ModalityConfig__", "__ModalityConfig_class__")


def marked(config: Any) -> str | None:
    """Return the mark that stands beside each modality, `as text` for N1.5's, None where there is none."""
    if not isinstance(config, Mapping):
        raise PolicyAnswerInvalid(f"modality config is a {type(config).__name__}, must be a map")
    for entry in config.values():
        if isinstance(entry, Mapping):
            for mark in _MARKS:
                if mark in entry:
                    return "as text" if isinstance(entry.get(_AS_JSON), str) else mark
    return None


def declarations(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `config` declares, under our names; raises PolicyAnswerInvalid where its lists are none.

    StarVLA's server, which speaks N1.6's form, has lists of names instead of modalities.
    """
    declared: dict[str, Any] = {}
    for modality, (names, history) in _NAMES.items():
        content = _content(config.get(modality), modality)
        keys = content.get("modality_keys", config.get(f"{modality}_keys"))
        deltas = content.get("delta_indices")
        if keys is not None:
            declared[names] = [key.removeprefix(f"{modality}.") for key in _listed(keys, str, modality)]
        if deltas is not None and history is not None:
            declared[history] = _listed(deltas, int, modality)
        if deltas is not None and modality == "action":
            declared["action_horizon"] = len(_listed(deltas, int, modality))
    return declared


def _content(entry: Any, modality: str) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        return {}
    content = entry.get(_AS_JSON, entry)
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise PolicyAnswerInvalid(f"modality config of {modality} is no JSON") from error
    if not isinstance(content, Mapping):
        raise PolicyAnswerInvalid(f"modality config of {modality} is a {type(content).__name__}, must be a map")
    return content


def _listed(value: Any, kind: type, modality: str) -> list[Any]:
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise PolicyAnswerInvalid(f"modality config of {modality} has no list of {kind.__name__}")
    return value
