"""What `teleop_status` says of one step, for people and for the record."""

from ros_wam.fields import Diagnostic, Level
from ros_wam.teleop.session import Phase, TeleopStep


def teleop_status(step: TeleopStep, device: str, selected: str, lost: str, pedal_lost: str) -> Diagnostic:
    """Return the status: an error while the device is `lost`, a warning while only the pedal is.

    `selected`: what a keyboard's keys move. Its values are `device phase detail lag_rad lag_s speed selected pedal`.
    """
    level = Level.ERROR if lost or step.phase is Phase.LOST else Level.WARN if pedal_lost else Level.OK
    values = {
        "device": device,
        "phase": step.phase.value,
        "detail": step.detail,
        "lag_rad": None if step.lag_rad is None else round(step.lag_rad, 4),
        "lag_s": None if step.lag_s is None else round(step.lag_s, 4),
        "speed": step.speed,
        "selected": selected,
        "pedal": pedal_lost,
    }
    return Diagnostic("teleop_node", level, step.detail or step.phase.value, values)
