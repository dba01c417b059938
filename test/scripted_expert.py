"""Does a simulated task with the hand of its expert on the robot itself: shows that the task can be done."""

from collections.abc import Iterator

from ros_wam.sim.expert import script_for
from ros_wam.sim.expert.hand import Hand
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.settings import ExpertSettings
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.scoring import Scorer

BEST = ExpertSettings(position_m=0.0, yaw_rad=0.0, speed=0.0, miss=0.0)
BEAT_STEPS, BEAT_S = 5, 0.01
REST_S = 0.5


def waypoints(robot: SimRobot) -> Iterator[Waypoint]:
    """Yield the way through the task; each is decided when it is asked for."""
    return script_for(robot.world.task.name)(Truth(robot.world), Noise(BEST, 0))


def do_task(robot: SimRobot, scorer: Scorer, limit_s: float) -> float:
    """Do the task, scoring every 10 ms; return how long it took [s], `limit_s` if it was not finished."""
    world = robot.world
    truth = Truth(world)
    hand = Hand(world.embodiment, truth.kinematics, waypoints(robot), world.joint_position())
    passed_s, rested_s = 0.0, 0.0
    while passed_s < limit_s and rested_s < REST_S:
        robot.set_target(hand.beat(BEAT_S, world.joint_position(), world.joint_velocity()))
        robot.step(BEAT_STEPS)
        scorer.update(world.time_ns)
        passed_s += BEAT_S
        rested_s += BEAT_S * hand.finished
    return passed_s
