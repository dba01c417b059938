"""How a recording looks when the Rerun viewer opens it: views above, joints and grippers below, then what happened."""

import rerun.blueprint as rrb

from ros_wam.embodiment import Embodiment
from ros_wam.export.rerun_names import INFERENCE, TRIAL, arm_entity, video_entities
from ros_wam.export.rerun_style import KINDS


def blueprint(robot: Embodiment, inferred: bool) -> rrb.Blueprint:
    """Return the blueprint of a recording of `robot`; `inferred`: a policy was asked."""
    views = [rrb.Spatial2DView(origin=entity, name=view) for view, entity in video_entities(robot).items()]
    arms = [rrb.Horizontal(_joints(robot, arm), _gripper(robot, arm), column_shares=[2, 1]) for arm in robot.arms]
    below = rrb.Horizontal(
        rrb.TextLogView(origin="events", name="events"),
        *([rrb.TimeSeriesView(origin=INFERENCE, name="inference [ms]")] if inferred else []),
        rrb.TextDocumentView(origin=TRIAL, name="trial"),
    )
    return rrb.Blueprint(
        rrb.Vertical(rrb.Horizontal(*views), *arms, below, row_shares=[3, *[2] * len(arms), 1.5]),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed"),
    )


def _joints(robot: Embodiment, arm: str) -> rrb.Tabs:
    """One tab for each kind, what was measured in front."""
    origin = arm_entity(robot, arm)
    label = "" if len(robot.arms) == 1 else f"{arm} "
    return rrb.Tabs(
        *(
            rrb.TimeSeriesView(origin=f"{origin}/{kind}_joint", name=f"{label}joints, {words} [rad]")
            for kind, words in KINDS.items()
        )
    )


def _gripper(robot: Embodiment, arm: str) -> rrb.TimeSeriesView:
    origin = arm_entity(robot, arm)
    label = "" if len(robot.arms) == 1 else f"{arm} "
    contents = [f"+ {origin}/{kind}_gripper" for kind in KINDS]
    return rrb.TimeSeriesView(origin="/", contents=contents, name=f"{label}gripper [m]")
