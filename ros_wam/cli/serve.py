"""`ros-wam serve`: serve a policy over the openpi websocket protocol."""

import argparse
from typing import Any

from ros_wam import share
from ros_wam.cli.station_options import add_station_options, latency_ms, whole
from ros_wam.errors import ConfigError
from ros_wam.nodes.policy_server import serve_policy
from ros_wam.policies import FORMS
from ros_wam.policy.secret import header

EXAMPLE = "example: ros-wam serve baseline --robot ur5 --sim --port 8000"
_TOKEN_HELP = "what clients have to send as `Authorization: Bearer TOKEN`; '${NAME}' is read from the environment"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="serve a policy", description=__doc__, epilog=EXAMPLE)
    parser.add_argument("policy", metavar="POLICY", help=f"which policy: {', '.join(FORMS.values())}")
    add_station_options(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument(
        "--port", type=whole(0, 65535), default=8000, help="port to listen on (default 8000, 0 for any)"
    )
    parser.add_argument("--token", metavar="TOKEN", help=_TOKEN_HELP)
    parser.add_argument("--device", metavar="NAME", help="such as cpu or cuda:0 (default: CUDA where there is any)")
    parser.add_argument("--inference-latency-ms", type=latency_ms, default=0.0, metavar="MS", help="answer this slowly")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    robot = share.find("robots", args.robot)
    calibration = share.calibration_dir(robot, args.sim)
    token = None if args.token is None else header(args.token, "--token")
    if token == "":
        raise ConfigError("--token is empty; leave it out to serve everybody")

    def say(url: str) -> None:
        print(f"serving {args.policy} at {url}; Ctrl-C ends it", flush=True)

    return serve_policy(
        args.policy,
        robot,
        calibration,
        args.host,
        args.port,
        args.inference_latency_ms,
        say,
        device=args.device,
        token=token,
    )
