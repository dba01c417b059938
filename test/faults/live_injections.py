"""How controller, process, operator and recorder faults are brought about in real time."""

import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from faults.live_world import LiveWorld
from faults.scripted_server import wrist

LEAD_S, LEAD_RAD, LEAD_FOR_S = 0.02, 0.004, 0.6  # a leader device tells its position at 50 Hz
PAUSE_S = 0.4


def kill(name: str) -> Callable[[LiveWorld], None]:
    """`kill -9` of a process."""
    return lambda world: world.stack.signal(name, signal.SIGKILL)


def kill_wrist_camera(world: LiveWorld) -> None:
    """`kill -9` of the process of a camera that is mounted on an arm."""
    view = next(view for view in world.robot.views if "wrist" in view)
    world.stack.signal(f"camera_node_{view}", signal.SIGKILL)


def segfault(world: LiveWorld) -> None:
    """The vendor library takes the control process down."""
    world.stack.signal("control_process", signal.SIGSEGV)


def hang(world: LiveWorld) -> None:
    """The control process stands still."""
    world.stack.signal("control_process", signal.SIGSTOP)


def kill_robot_node(world: LiveWorld) -> None:
    world.stack.signal("robot_node", signal.SIGKILL)
    world.afterwards(world.collect_targets)


@dataclass(frozen=True)
class StationFault:
    """The fault `name` of the simulated station, until the trial is scored."""

    name: str

    def __call__(self, world: LiveWorld) -> None:
        world.stack.link.inject(self.name)
        world.afterwards(world.stack.link.clear)


def no_enable(world: LiveWorld) -> None:
    """Whoever gives the heartbeat stands still for a while."""
    world.stack.signal("trial_node", signal.SIGSTOP)
    world.after(PAUSE_S, partial(world.stack.signal, "trial_node", signal.SIGCONT))


def lost_leader(world: LiveWorld) -> None:
    """A leader device takes the robot, turns its wrist a little, and falls silent."""
    witness = world.stack.witness
    assert witness.ask("robot_node/teleop") and witness.position is not None
    start = witness.position
    turn = np.eye(len(start))[wrist(world.robot)] * LEAD_RAD
    for step in range(round(LEAD_FOR_S / LEAD_S)):
        world.after(step * LEAD_S, partial(witness.lead, start + step * turn))


def full_disk(world: LiveWorld) -> None:
    """The kernel refuses the recorder every further byte, as a full disk does."""
    world.stack.limit_files("recorder_node", world.bag.stat().st_size)
    world.afterwards(partial(world.stack.limit_files, "recorder_node", resource.RLIM_INFINITY))
