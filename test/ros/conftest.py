"""A ROS domain of its own for each run of the tests, nodes as processes in it, and a node of the test's own."""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sim_run import ur5_run
from trial_station import TrialStation

from ros_wam import share
from ros_wam.claim import claim
from ros_wam.clock import OFFSET_VARIABLE, StationClock, station_offset_ns
from ros_wam.config import dump
from ros_wam.fields import Fields
from ros_wam.run_config import RunConfig
from ros_wam.topics import Topic

STOP_TIMEOUT_S = 20.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as needing ROS."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ros)


@pytest.fixture(scope="session")
def ros_environment() -> Iterator[None]:
    """Domain, discovery and transport for this process and its children. Domains above 101 use ephemeral ports.

    No simulated station beside the tests is given their domain.
    """
    domain = claim("domain", (str(1 + (os.getpid() + n) % 101) for n in range(101)))
    with pytest.MonkeyPatch.context() as patch, contextlib.closing(domain):
        patch.setenv("ROS_DOMAIN_ID", domain.value)
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        patch.setenv("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")  # a killed process leaves no shared memory behind
        patch.setenv(OFFSET_VARIABLE, str(station_offset_ns()))
        yield


@pytest.fixture
def run_config(tmp_path: Path) -> RunConfig:
    """The simulated UR5; `tmp_path/config.yaml` holds it, as bringup would write it."""
    config = ur5_run(tmp_path / "run")
    config.run_dir.mkdir()
    (tmp_path / "config.yaml").write_text(dump(config))
    return config


StartNode = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_node(ros_environment: None, run_config: RunConfig, tmp_path: Path) -> Iterator[StartNode]:
    """`start_node("camera_node", "--view", "wrist")` starts a node as a process; all are stopped at the end."""
    processes: list[subprocess.Popen[str]] = []

    def start(executable: str, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", f"ros_wam.nodes.{executable}", "--config", str(tmp_path / "config.yaml")]
        processes.append(subprocess.Popen([*command, *arguments], text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.terminate()
    try:
        for process in processes:
            process.wait(STOP_TIMEOUT_S)
    finally:
        for process in processes:
            process.kill()
            process.wait()


class Peer:
    """The test's own end of a station's topics: publishes any, hears any, and waits with a limit."""

    def __init__(self, topics: dict[str, Topic]) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self.topics = topics
        self.clock = StationClock()
        self.context = rclpy.Context()
        self.context.init()
        self.node = rclpy.create_node("peer", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._publishers: dict[str, Any] = {}

    def publish(self, topic: str, message: Fields) -> None:
        """Publish on `topic`, whose publisher is made the first time."""
        from ros_wam.messages import build

        self.advertise(topic)
        self._publishers[topic].publish(build(self.topics[topic].type, message))

    def advertise(self, *topics: str) -> None:
        """Make publishers that do not say anything yet."""
        from ros_wam.messages import message_class, qos

        for topic in topics:
            if topic not in self._publishers:
                entry = self.topics[topic]
                self._publishers[topic] = self.node.create_publisher(message_class(entry.type), topic, qos(entry))

    def hear(self, topic: str) -> deque[Any]:
        """Return the messages of `topic` as they will come; filled while `wait` runs."""
        from ros_wam.messages import message_class, qos

        heard: deque[Any] = deque()
        entry = self.topics[topic]
        self.node.create_subscription(message_class(entry.type), topic, lambda m: heard.append(m), qos(entry))  # noqa: PLW0108
        return heard

    def wait(self, holds: Callable[[], bool], timeout_s: float = 15.0) -> bool:
        """Spin until `holds()`; return False when it does not within `timeout_s`."""
        deadline_ns = self.clock.now_ns() + round(timeout_s * 1e9)
        while not holds():
            if self.clock.now_ns() > deadline_ns:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True

    def close(self) -> None:
        """Leave the domain."""
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.shutdown()


@pytest.fixture
def peer(ros_environment: None, run_config: RunConfig) -> Iterator[Peer]:
    """A Peer for the topics of `run_config`."""
    from ros_wam.nodes.wiring import station_topics

    peer = Peer(station_topics(run_config))
    yield peer
    peer.close()


@pytest.fixture
def config(run_config: RunConfig, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunConfig]:
    tasks = share.find("config/tasks", "move_objects_into_box")
    policies = share.find("config/policies", "baseline")
    changed = getattr(request, "param", {})
    sitting = tmp_path / "sitting"
    full = replace(run_config, sim=True, task=tasks, policy=policies, sitting_dir=sitting, trials=1, seed=5)
    full = replace(full, **changed)
    (tmp_path / "config.yaml").write_text(dump(full))
    (full.run_dir / "alive").mkdir()
    with (full.run_dir / "alive" / "recorder_node").open("w") as lock:  # this process plays it
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield full


@pytest.fixture
def station(peer: Any, config: RunConfig) -> Iterator[TrialStation]:
    station = TrialStation(peer, config)
    yield station
    station.close()


@pytest.fixture
def node(station: TrialStation, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "ros_wam.nodes.trial_node", "--config", str(tmp_path / "config.yaml")]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()
