"""The processes that a run consists of, in the order in which they are started."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ros_wam.desk_access import DeskAccess
from ros_wam.policy.profile import Profile
from ros_wam.run_config import RunConfig


@dataclass(frozen=True)
class NodeSpec:
    """One process: `executable` as `ros2 run ros_wam` knows it; a `required` one ends the run when it ends.

    `environment` is what it has on top of, or in place of, the run's.
    """

    executable: str
    name: str
    args: tuple[str, ...]
    required: bool = False
    respawn: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def processes(
    config: RunConfig,
    config_file: Path,
    parts: Collection[str],
    profile: Profile | None,
    port: int | None,
    latency_ms: float,
    desk: DeskAccess | None = None,
) -> tuple[NodeSpec, ...]:
    """Return the processes of `parts`; `port` is that of the policy server, which takes `latency_ms` to answer."""
    file = ("--config", str(config_file))
    nodes: list[NodeSpec] = []
    if "sim" in parts and config.sim:
        nodes.append(NodeSpec("sim_node", "sim_node", file, required=True))
    if "server" in parts and profile is not None and port is not None:
        nodes.append(_server(profile, file, port, latency_ms))
    if "cameras" in parts:
        nodes += [
            NodeSpec("camera_node", f"camera_node_{view}", (*file, "--view", view), respawn=True)
            for view in config.embodiment().views
        ]
    if "robot" in parts:
        nodes.append(NodeSpec("robot_node", "robot_node", file, required=True))
    if "policy" in parts and config.policy is not None:
        nodes.append(NodeSpec("policy_node", "policy_node", file, respawn=True))
    if "teleop" in parts and config.device is not None:
        nodes.append(NodeSpec("teleop_node", "teleop_node", file, respawn=True))
    if "recorder" in parts:
        nodes.append(NodeSpec("recorder_node", "recorder_node", file, respawn=True))
    if "desk" in parts and desk is not None:
        nodes.append(NodeSpec("desk_node", "desk_node", file, respawn=True, environment=desk.environment))
    if "trial" in parts:
        nodes.append(NodeSpec("trial_node", "trial_node", file, required=True))
    if "doctor" in parts:
        nodes.append(NodeSpec("doctor_node", "doctor_node", file, required=True))
    return tuple(nodes)


def _server(profile: Profile, file: tuple[str, ...], port: int, latency_ms: float) -> NodeSpec:
    arguments = (*profile.serve, *file, "--port", str(port), "--inference-latency-ms", str(latency_ms))
    no_pictures = {"MUJOCO_GL": "disable"}  # the LLVM of OSMesa crashes that of triton, which comes with torch
    return NodeSpec("policy_server", "policy_server", arguments, respawn=True, environment=no_pictures)
