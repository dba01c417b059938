"""A sitting under a virtual clock, in one process: the production loops, trials and wire; no ROS, and no waiting.

Deterministic by seed: no wall time reaches a decision. The policy server runs as always and is called over its wire;
how long it takes is what `inference_latency_ms` says.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ros_wam.bringup import Run, bringup
from ros_wam.clock import Clock, StationClock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyError, PolicyUnreachable
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Profile
from ros_wam.request import Request
from ros_wam.sim.lockstep_sitting import play
from ros_wam.sim.lockstep_station import LockstepStation
from ros_wam.supervisor import Supervisor
from ros_wam.task import load_task
from ros_wam.trial.bag_trace import measure_bag
from ros_wam.trial.plan import make_plan
from ros_wam.trial.report import write_report
from ros_wam.trial.results import Results
from ros_wam.trial.sitting import describe_sitting
from ros_wam.trial.sitting_runner import SittingRunner

CONNECT_TIMEOUT_S = 30.0
CONNECT_PERIOD_S = 0.1


def run_sitting(request: Request, show: Callable[[str], None]) -> Path:
    """Run the sitting and return its folder. `show` gets progress as `trial_node` would print it: one JSON object each.

    Raises ConfigError, PolicyError and TrialError.
    """
    stack = bringup(request, ("server", "trial"))
    sitting_dir = stack.config.sitting_dir
    assert sitting_dir is not None
    with Supervisor(_server_alone(stack), sitting_dir / "logs") as supervisor:
        embodiment, profile = stack.config.embodiment(), stack.config.profile()
        client = make_client(profile, embodiment, StationClock())
        try:
            _connect(client, supervisor, StationClock())
            station = LockstepStation(stack.config, embodiment, profile, client, request.inference_latency_ms)
            try:
                _run_trials(station, supervisor, stack, embodiment, profile, show)
            finally:
                station.close()
        finally:
            client.close()
    write_report(sitting_dir)
    return sitting_dir


def _server_alone(stack: Run) -> Run:
    """Return `stack` with no process but the policy server, whose end is the run's: a new one would go unnoticed."""
    at_once = ("--inference-latency-ms", "0")  # the latency is virtual, like all time here
    return replace(
        stack,
        nodes=tuple(
            replace(node, args=(*node.args, *at_once), required=True, respawn=False)
            for node in stack.nodes
            if node.executable == "policy_server"
        ),
    )


def _run_trials(
    station: LockstepStation,
    supervisor: Supervisor,
    stack: Run,
    embodiment: Embodiment,
    profile: Profile,
    show: Callable[[str], None],
) -> None:
    config = stack.config
    assert config.task is not None and config.sitting_dir is not None
    task = load_task(config.task)
    names = {"robot": embodiment.name, "task": task.name, "policy": profile.name, "prompt": task.prompt}
    plan = make_plan(**names, time_limit_s=task.time_limit_s, trials=config.trials, seed=config.seed)
    sitting = describe_sitting(config.sitting_dir, **names, sim=True, trials=config.trials, seed=config.seed)
    results = Results(config.sitting_dir, sitting)
    runner = SittingRunner(station, plan, results, measure=measure_bag)

    def require_server() -> None:
        if len(results.trials) < len(plan):
            _require_server(supervisor)

    play(station, runner, show, require_server)


def _require_server(supervisor: Supervisor) -> None:
    """Raise PolicyError when the policy server has ended."""
    ended = supervisor.ended()
    if ended is not None:
        raise PolicyError(f"the policy server ended: {supervisor.last_words(ended.name) or 'without a word'}")


def _connect(client: PolicyClient, supervisor: Supervisor, clock: Clock) -> None:
    """Wait for the server to come up; raises the last PolicyError when it does not."""
    deadline_ns = clock.now_ns() + round(CONNECT_TIMEOUT_S * 1e9)
    while True:
        try:
            client.connect()
            return
        except PolicyUnreachable:
            _require_server(supervisor)
            if clock.now_ns() > deadline_ns:
                raise
        clock.sleep_until_ns(clock.now_ns() + round(CONNECT_PERIOD_S * 1e9))
