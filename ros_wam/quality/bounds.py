"""How good a recording has to be. One table for the checks and for `docs/demonstrations.md`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """What is still right; what is beyond is a warning, or bad where two are given and it is beyond the second.

    Shares are of the messages or ticks of the whole recording. Those without a source are our choice.
    """

    # Of fewer a share says nothing: live, the first second's one lost frame would be bad for a moment.
    least_for_share: int = 100
    # Freshness refuses a frame older than 0.1 s: two frames lost in a row at 30 Hz are that, three are more.
    # A slower camera is not there for longer: then it is one frame of its own.
    hole_s: float = 0.12
    hole_periods: float = 2.5
    missing_share: tuple[float, float] = (0.01, 0.05)
    # A camera that runs at 25 instead of 30 Hz is at 83 %; a window of 2 s with one frame too few at 98 %.
    rate_window_s: float = 2.0
    rate_share: float = 0.9
    # What is added to a frame period is the margin that observations are given by Freshness.
    skew_margin_s: float = 0.01
    skewed_share: tuple[float, float] = (0.02, 0.1)
    # A sensor is never without noise: not even two of its pictures are the same, byte for byte. One that gives none at
    # all is no better: camera_node publishes nothing that it has seen already.
    frozen_s: float = 0.5
    # Half of the age that Freshness allows: what moves by more shows another moment than it says.
    clock_step_s: float = 0.05
    clock_window_s: float = 0.5
    # The loop shall run at its rate; a stall of this many periods holds one command for as long.
    loop_rate_share: float = 0.95
    loop_stall_periods: float = 5.0
    # Third derivative by Savitzky-Golay over 102 ms, as in `ros-wam bench chunk-switch`; of what was sent, in shares of
    # the robot's limit: the peak may exceed it by what the fit does to a step; brisk policies are at 0.15, RMS.
    jerk_window_s: float = 0.102
    jerk_peak_share: float = 1.1
    jerk_rms_share: float = 0.3
    # Of what the safety gate changed; and of what was asked for farther away than half of `tracking_rad`, as LAGGING.
    clipped_share: tuple[float, float] = (0.01, 0.1)
    behind_tracking_share: float = 0.5
    # How long altogether. A takeover waits a beat for its leader; in a second without one the robot has stood still in
    # the middle of its motion. An arm that is hurried lags behind for a moment.
    leader_lost_s: tuple[float, float] = (0.1, 1.0)
    lagging_s: tuple[float, float] = (0.5, 3.0)
    # Someone presses start, and then takes hold of the leader; a task that is done needs no longer to be marked.
    idle_s: tuple[float, float] = (3.0, 10.0)
    moved_rad: float = 0.01
    moved_gripper: float = 0.05
    # The chunk that most policies learn to predict is 50 rows at 30 Hz.
    shortest_s: float = 1.7
