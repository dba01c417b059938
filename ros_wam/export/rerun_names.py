"""What the entities of a Rerun recording are called: RoboChallenge's names for what its recordings hold, and ours.

Its run pages name an arm's measured joints `/arm/cur_joint/joint_1` and on, its gripper [m] `/arm/cur_gripper`, those
of two arms `/left_arm/…` and `/right_arm/…`, their videos `/videos_1` and on, or `/videos_front`, `_left`, `_right`.
Ours beside them: `asked_joint` (the policy's or the leader's) and `cmd_joint` (what was sent), likewise of a gripper.
"""

from collections.abc import Mapping

from ros_wam.embodiment import Embodiment

TIMELINE = "timestamp"
CHUNKS, INTERVENTIONS, SOURCE, STAGES = "events/chunks", "events/interventions", "events/source", "events/stages"
INFERENCE, TRIAL = "inference_ms", "trial"
MEASURED, ASKED, SENT = "cur", "asked", "cmd"
_OF_TWO_ARMS = {"high": "videos_front", "left_wrist": "videos_left", "right_wrist": "videos_right"}
_OF_ONE_ARM = ("global", "wrist", "side")  # the first two are UR5's; that the third is 3 elsewhere is inferred


def arm_entity(robot: Embodiment, arm: str) -> str:
    """Return under which entity everything of `arm` is."""
    return "arm" if len(robot.arms) == 1 else f"{arm}_arm"


def joint_entities(robot: Embodiment, kind: str) -> list[str]:
    """Return the entities of MEASURED, ASKED or SENT joints, in the order of `robot.joint_names`."""
    entities = []
    for name, arm in robot.arms.items():
        prefix = arm_entity(robot, name)
        entities += [f"{prefix}/{kind}_joint/joint_{number}" for number in range(1, len(arm.joints) + 1)]
        entities.append(f"{prefix}/{kind}_gripper")
    return entities


def video_entities(robot: Embodiment) -> Mapping[str, str]:
    """Return the entity of every view's video, that of the whole scene first."""
    if len(robot.arms) > 1:
        ordered = sorted(robot.views, key=lambda view: view != "high")
        return {view: _OF_TWO_ARMS.get(view, f"videos_{view}") for view in ordered}
    places = {view: k for k, view in enumerate(_OF_ONE_ARM)}
    ordered = sorted(robot.views, key=lambda view: places.get(view, len(places)))
    return {view: f"videos_{number}" for number, view in enumerate(ordered, 1)}
