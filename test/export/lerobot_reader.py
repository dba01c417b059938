"""Runs in LeRobot's own environment: loads the dataset in a folder and tells, as JSON, what LeRobot makes of it."""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from lerobot.configs.types import FeatureType
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from lerobot.datasets.utils import dataset_to_policy_features


def main(folder: Path) -> None:
    dataset = LeRobotDataset("local/dataset", root=folder, delta_timestamps={"action": [0.0, 1.0 / 30, 2.0 / 30]})
    rows: list[dict[str, Any]] = []
    for k in range(len(dataset)):
        item = dataset[k]
        views = [key for key in item if key.startswith("observation.images.")]
        rows.append(
            {
                "stamp_ns": int(item["stamp_ns"]),
                "picture_stamp_ns": {key[19:]: int(item[f"picture_stamp_ns.{key[19:]}"]) for key in views},
                "state": item["observation.state"].tolist(),
                "action": item["action"].tolist(),
                "action_is_pad": item["action_is_pad"].tolist(),
                "episode": int(item["episode_index"]),
                "task": item["task"],
                "success": bool(item["success"]),
                "is_intervention": bool(item["is_intervention"]),
                "colour": {key[19:]: (255 * item[key].mean(dim=(1, 2))).tolist() for key in views},
                "shape": {key[19:]: list(item[key].shape) for key in views},
            }
        )
    loader = torch.utils.data.DataLoader(dataset, batch_size=8, shuffle=True)
    batch = next(iter(loader))
    kinds = dataset_to_policy_features(dataset.meta.features)
    told = {
        "rows": rows,
        "fps": dataset.fps,
        "episodes": dataset.num_episodes,
        "robot": dataset.meta.robot_type,
        "batch": list(batch["observation.images.wrist"].shape),
        "mean": dataset.meta.stats["action"]["mean"].tolist(),
        "colours": list(dataset.meta.stats["observation.images.wrist"]["mean"].shape),
        "policys": {key: kind.type.name for key, kind in kinds.items()},
        "actions": [key for key, kind in kinds.items() if kind.type is FeatureType.ACTION],
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
