"""openpi's own client in the client benchmark: `python -m ros_wam.bench.openpi_side PORT FOLDER CALLS`.

Runs where `openpi-client` is installed, which needs little else of this package. The folder holds the pictures; beside
them it leaves them as openpi sends them, and it prints one list: prepare, overhead [ms] and bytes of each call.
"""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.bench.frame_times import timed_frames
from ros_wam.clock import StationClock

WARM_UP = 5
PICTURES, RESIZED = "pictures.npy", "resized.npy"
SIZE = (224, 224)
KEYS = ("observation/exterior_image_1_left", "observation/exterior_image_2_left", "observation/wrist_image_left")


def main(argv: Sequence[str]) -> None:
    """Measure `CALLS` calls of a client that is warm."""
    port, folder, calls = int(argv[0]), Path(argv[1]), int(argv[2])
    tools = import_module("openpi_client.image_tools")
    policy = import_module("openpi_client.websocket_client_policy").WebsocketClientPolicy("127.0.0.1", port)
    pictures = list(np.load(folder / PICTURES))
    clock = StationClock()
    found = []
    with timed_frames(clock) as times:
        for _ in range(WARM_UP + calls):
            start_ns = clock.now_ns()
            request: dict[str, Any] = {
                key: tools.convert_to_uint8(tools.resize_with_pad(picture, *SIZE))
                for key, picture in zip(KEYS, pictures, strict=True)
            }
            prepared_ns = clock.now_ns()
            state = {"observation/joint_position": np.zeros(7), "observation/gripper_position": np.zeros(1)}
            policy.infer({**request, **state, "prompt": "put it in the box"})
            overhead_ns = times.sent_ns - start_ns + clock.now_ns() - times.received_ns
            found.append(((prepared_ns - start_ns) * 1e-6, overhead_ns * 1e-6, times.sent_bytes))
    np.save(folder / RESIZED, np.stack(list(request.values())))
    sys.stdout.write(json.dumps(found[WARM_UP:]))


if __name__ == "__main__":
    main(sys.argv[1:])
