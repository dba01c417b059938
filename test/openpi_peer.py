"""Run by `test_openpi_client.py` in an environment of its own: openpi's published client, unmodified, against a server.

Prints one JSON object.
"""

import json
import sys

import numpy as np
from openpi_client.action_chunk_broker import ActionChunkBroker
from openpi_client.websocket_client_policy import WebsocketClientPolicy


def main() -> None:
    """Ask the server on port `argv[1]` twice, step through a chunk, and make it fail."""
    policy = WebsocketClientPolicy(host="127.0.0.1", port=int(sys.argv[1]))
    request = {
        "observation/wrist_image": np.zeros((240, 320, 3), np.uint8),
        "observation/joint_position": np.zeros(6, np.float32),
        "observation/stamp_ns": 3,
        "prompt": "tidy up",
    }
    first, second = policy.infer(request), policy.infer(request)
    broker = ActionChunkBroker(WebsocketClientPolicy(host="127.0.0.1", port=int(sys.argv[1])), action_horizon=15)
    steps = [broker.infer(request)["actions"].shape for _ in range(16)]
    try:
        policy.infer({**request, "prompt": "fail"})
        error = ""
    except RuntimeError as caught:
        error = str(caught)
    result = {
        "metadata": policy.get_server_metadata(),
        "shape": first["actions"].shape,
        "dtype": str(first["actions"].dtype),
        "value": float(first["actions"][0, 0]),
        "timing": sorted(second["server_timing"]),
        "steps": steps,
        "error": error,
    }
    print(json.dumps(result))  # noqa: T201


if __name__ == "__main__":
    main()
