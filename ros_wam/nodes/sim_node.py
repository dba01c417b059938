"""The simulated station: a process without ROS, reached only as a robot, its cameras and its operator are reached."""

import argparse
import gc
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ros_wam import alive
from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError, RosWamError
from ros_wam.process import die_with_parent, set_realtime_priority, stop_event
from ros_wam.run_config import RunConfig, load_run_config
from ros_wam.sim.emulators import make_emulator
from ros_wam.sim.emulators.leader import make_leader
from ros_wam.sim.emulators.led_robot import LedRobot
from ros_wam.sim.render_process import RenderProcess
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.scoring import Scorer
from ros_wam.sim.station import Station
from ros_wam.sim.world import World
from ros_wam.task import load_task

PHYSICS_PRIORITY = 40  # below the control process, which is 60


def open_station(config: RunConfig, config_file: Path, resources: ExitStack) -> Station:
    """Return the station of a run; `resources` closes it and says what it lost. Raises ConfigError, SimError."""
    if config.task is None:
        raise ConfigError("a simulated station needs a task")
    embodiment, station = config.embodiment(), config.station()
    task = load_task(config.task)
    robot = SimRobot(World(embodiment, config.calibration, task.name, config.seed))
    scorer = Scorer(robot.world, task)
    pictures = RenderProcess(config_file, embodiment.views)  # before the priority is raised: it inherits it
    resources.callback(pictures.close)
    emulator = make_emulator(embodiment, station.robot, robot, config.run_dir)
    leader = make_leader(config.device, station, embodiment, config.run_dir)
    verbs = {}
    if leader is not None:
        emulator = led = LedRobot(emulator, leader)
        verbs["leader"] = led.lead
    resources.callback(emulator.close)
    emulator.start()
    cameras = {view: station.cameras[view] for view in embodiment.views}
    opened = Station(robot, scorer, emulator, cameras, pictures, config.sim_socket, StationClock(), verbs)
    resources.callback(opened.close)
    resources.callback(lambda: _tell_losses(opened, pictures))
    return opened


def _tell_losses(station: Station, pictures: RenderProcess) -> None:
    if station.slipped_ns or pictures.dropped:
        lost = f"{station.slipped_ns * 1e-6:.0f} ms of the world's time and {pictures.dropped} snapshots for pictures"
        print(f"sim_node: late, and lost {lost}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate the station of the run that `--config` describes, until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True, type=Path)
    args, _ = parser.parse_known_args(argv)  # launch appends ROS arguments
    die_with_parent()
    stop = stop_event()
    try:
        with ExitStack() as resources:
            config = load_run_config(args.config)
            alive.hold(config.run_dir, "sim_node")
            station = open_station(config, args.config, resources)
            if not set_realtime_priority(PHYSICS_PRIORITY):
                print("sim_node: no real-time priority here; physics may be late", file=sys.stderr, flush=True)
            gc.freeze()  # what is alive now stays; collections become short
            station.run(stop)
    except RosWamError as error:  # the last line of the log says why the process ended
        print(f"sim_node: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
