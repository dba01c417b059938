"""Tiny policies of random weights, saved as LeRobot saves them; run by an interpreter that has lerobot.

Makes the folders act and diffusion in the one it is given, and prints as JSON what the ACT itself answers to grey
pictures and a state of zeros.
"""

import json
import sys
from pathlib import Path

import torch
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.diffusion.configuration_diffusion import DiffusionConfig
from lerobot.policies.diffusion.modeling_diffusion import DiffusionPolicy
from lerobot.policies.factory import make_pre_post_processors

JOINTS, ROWS, GREY = 7, 16, 51
SIZE = (96, 128)
CAMERAS = ("global", "wrist")
INPUTS = {
    "observation.state": PolicyFeature(FeatureType.STATE, (JOINTS,)),
    **{f"observation.images.{name}": PolicyFeature(FeatureType.VISUAL, (3, *SIZE)) for name in CAMERAS},
}
FEATURES = {"input_features": INPUTS, "output_features": {"action": PolicyFeature(FeatureType.ACTION, (JOINTS,))}}


def small_act() -> ACTPolicy:
    layers = {"n_encoder_layers": 1, "n_vae_encoder_layers": 1, "latent_dim": 8, "dim_feedforward": 64}
    rows = {"chunk_size": ROWS, "n_action_steps": ROWS}
    return ACTPolicy(
        ACTConfig(**FEATURES, **rows, **layers, dim_model=32, n_heads=2, pretrained_backbone_weights=None, device="cpu")
    )


def small_diffusion() -> DiffusionPolicy:
    layers = {"down_dims": (16, 32, 64), "diffusion_step_embed_dim": 16, "spatial_softmax_num_keypoints": 4}
    steps = {"num_train_timesteps": 4, "num_inference_steps": 2, "crop_shape": (84, 84)}
    return DiffusionPolicy(DiffusionConfig(**FEATURES, **layers, **steps, device="cpu"))


def save(policy: ACTPolicy | DiffusionPolicy, folder: Path) -> None:
    """Save it with processors that change no number."""
    shapes = {"action": (JOINTS,)}
    shapes |= {name: each.shape if len(each.shape) == 1 else (3, 1, 1) for name, each in INPUTS.items()}
    unit = {"mean": torch.zeros, "std": torch.ones, "max": torch.ones, "min": lambda shape: -torch.ones(shape)}
    statistics = {name: {key: made(shape) for key, made in unit.items()} for name, shape in shapes.items()}
    for part in (policy, *make_pre_post_processors(policy.config, dataset_stats=statistics)):
        part.save_pretrained(folder)


def make_checkpoints(folder: Path) -> list[list[float]]:
    """Return what the ACT answers."""
    torch.manual_seed(0)
    act = small_act()
    save(act, folder / "act")
    save(small_diffusion(), folder / "diffusion")
    seen = {f"observation.images.{name}": torch.full((1, 3, *SIZE), GREY / 255) for name in CAMERAS}
    with torch.no_grad():
        rows: list[list[float]] = act.predict_action_chunk({**seen, "observation.state": torch.zeros(1, JOINTS)})[0]
        return rows.tolist()


if __name__ == "__main__":
    print(json.dumps(make_checkpoints(Path(sys.argv[1]))))  # noqa: T201
