"""`ros-wam serve`: serve a policy over the openpi websocket protocol."""

import argparse
from typing import Any

from ros_wam import share
from ros_wam.cli.station_options import add_station_options, latency_ms, whole
from ros_wam.nodes.policy_server import serve_policy
from ros_wam.policies import POLICIES

EXAMPLE = "example: ros-wam serve baseline --robot ur5 --sim --port 8000"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="serve a policy", description=__doc__, epilog=EXAMPLE)
    parser.add_argument("policy", choices=POLICIES, help="which policy")
    add_station_options(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=whole(1, 65535), default=8000, help="port to listen on (default 8000)")
    parser.add_argument("--inference-latency-ms", type=latency_ms, default=0.0, metavar="MS", help="answer this slowly")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    robot = share.find("robots", args.robot)
    calibration = share.calibration_dir(robot, args.sim)

    def say(url: str) -> None:
        print(f"serving {args.policy} at {url}; Ctrl-C ends it", flush=True)

    return serve_policy(args.policy, robot, calibration, args.host, args.port, args.inference_latency_ms, say)
