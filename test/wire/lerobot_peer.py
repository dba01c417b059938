"""LeRobot's own policy server with a tiny policy of random weights; run by an interpreter that has lerobot.

Prints one line of JSON (its url, the checkpoints' folder, what the ACT in it answers itself), then serves until its
input ends.
"""

import json
import sys
from concurrent import futures
from pathlib import Path

import grpc
from lerobot.async_inference.configs import PolicyServerConfig
from lerobot.async_inference.policy_server import PolicyServer
from lerobot.transport.services_pb2_grpc import add_AsyncInferenceServicer_to_server
from lerobot_checkpoints import make_checkpoints


def main() -> None:
    folder = Path(sys.argv[1])
    expected = make_checkpoints(folder)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    add_AsyncInferenceServicer_to_server(PolicyServer(PolicyServerConfig(obs_queue_timeout=1.0)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    told = {"url": f"grpc://127.0.0.1:{port}", "folder": str(folder), "expected": expected}
    print(json.dumps(told), flush=True)  # noqa: T201
    sys.stdin.read()
    server.stop(0).wait()


if __name__ == "__main__":
    main()
