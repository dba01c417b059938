"""The one table of topics: publishers, subscribers, liveness checks and the recorder all read it.

Names are relative, so that namespaces work.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

RECORDED_STATE_RATE_HZ = 125.0
SETPOINT_BATCH_S = 0.02


@dataclass(frozen=True)
class Topic:
    """One topic. `rate_hz`: expected while a trial runs, None for events. `latched`: late joiners get the last."""

    name: str
    type: str
    rate_hz: float | None = None
    reliable: bool = True
    latched: bool = False
    depth: int = 100


def image_topic(view: str) -> str:
    """Return the name of a view's JPEG topic."""
    return f"{view}/image/compressed"


def camera_info_topic(view: str) -> str:
    """Return the name of a view's calibration topic."""
    return f"{view}/camera_info"


def depth_topic(view: str) -> str:
    """Return the name of the topic of a view's depth: PNG of millimetres, of the pixels of its pictures."""
    return f"{view}/depth/compressed"


def topic_table(
    camera_rates_hz: Mapping[str, float | None], control_rate_hz: float, depth_views: Collection[str] = ()
) -> dict[str, Topic]:
    """Return every topic of a station whose views come at these rates (None: as events), by name.

    `depth_views` are those whose cameras measure depth as well.
    """
    views = [
        topic
        for view, rate_hz in camera_rates_hz.items()
        for topic in (
            Topic(image_topic(view), "sensor_msgs/msg/CompressedImage", rate_hz, depth=10),
            Topic(camera_info_topic(view), "sensor_msgs/msg/CameraInfo", latched=True, depth=1),
        )
    ]
    views += [
        Topic(depth_topic(view), "sensor_msgs/msg/CompressedImage", camera_rates_hz[view], depth=10)
        for view in depth_views
    ]
    return {topic.name: topic for topic in (*views, *_station_topics(control_rate_hz))}


def recorded_stride(control_rate_hz: float) -> int:
    """Return of how many control ticks one is told as joint state and joint command: some 125 a second are."""
    return max(1, round(control_rate_hz / RECORDED_STATE_RATE_HZ))


def _station_topics(control_rate_hz: float) -> list[Topic]:
    state_rate_hz = control_rate_hz / recorded_stride(control_rate_hz)
    batch_rate_hz = 1.0 / SETPOINT_BATCH_S
    return [
        Topic("joint_states", "sensor_msgs/msg/JointState", state_rate_hz),
        Topic("joint_commands", "sensor_msgs/msg/JointState", state_rate_hz),
        Topic("setpoints", "std_msgs/msg/Float64MultiArray", batch_rate_hz),
        Topic("setpoint_provenance", "std_msgs/msg/Int64MultiArray", batch_rate_hz),
        Topic("action_chunk", "trajectory_msgs/msg/JointTrajectory"),
        Topic("action_chunk_raw", "std_msgs/msg/Float64MultiArray"),
        Topic("teleop_command", "trajectory_msgs/msg/JointTrajectory", depth=1),
        Topic("teleop_status", "diagnostic_msgs/msg/DiagnosticArray"),
        Topic("safety_status", "diagnostic_msgs/msg/DiagnosticArray", 10.0),
        Topic("policy_status", "diagnostic_msgs/msg/DiagnosticArray"),
        Topic("system_status", "diagnostic_msgs/msg/DiagnosticArray"),
        Topic("trial_command", "std_msgs/msg/String", latched=True, depth=1),
        Topic("trial_event", "std_msgs/msg/String", latched=True, depth=20),
        Topic("operator_command", "std_msgs/msg/String"),
        Topic("robot_mode", "std_msgs/msg/String", latched=True, depth=1),
        Topic("enable", "std_msgs/msg/Bool", 20.0, depth=1),
        Topic("enable_request", "std_msgs/msg/Bool", depth=1),
    ]
