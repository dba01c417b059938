"""The policy server that bringup starts when a policy's file says `serve`; `ros-wam serve` runs the same."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ros_wam import alive
from ros_wam.clock import StationClock
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import RosWamError
from ros_wam.policies import make_policy
from ros_wam.policy.server import serve
from ros_wam.process import die_with_parent, ends_after_signal, stop_event, switch_threads_quickly
from ros_wam.run_config import load_run_config

PATIENCE_S = 1.0


def serve_policy(
    name: str,
    robot: Path,
    calibration: Path,
    host: str,
    port: int,
    inference_latency_ms: float,
    on_ready: Callable[[str], None] = lambda url: None,
    device: str | None = None,
    token: str | None = None,
) -> int:
    """Serve the policy `name` until SIGINT or SIGTERM; `on_ready` is told the URL.

    Whatever the policy does then, be it loaded or asked, the process ends PATIENCE_S later.
    """
    stop = stop_event()
    with ends_after_signal(PATIENCE_S):
        policy = make_policy(name, load_embodiment(robot), calibration, device)
        serve(policy, host, port, StationClock(), stop, inference_latency_ms, on_ready, token)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the policy for the run that `--config` describes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("policy")
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--inference-latency-ms", required=True, type=float)
    parser.add_argument("--device")
    args, _ = parser.parse_known_args(argv)  # launch appends ROS arguments
    die_with_parent()
    switch_threads_quickly()
    try:
        config = load_run_config(args.config)
        alive.hold(config.run_dir, "policy_server")
        return serve_policy(
            args.policy,
            config.robot,
            config.calibration,
            "127.0.0.1",
            args.port,
            args.inference_latency_ms,
            device=args.device,
        )
    except RosWamError as error:
        print(f"policy_server: {error}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
