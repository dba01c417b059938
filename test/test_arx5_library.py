"""What the driver does with the real arx5-interface before any motor is there, and with what it raises."""

from pathlib import Path

import numpy as np
import pytest

from ros_wam.drivers.arx5_library import ArxLibrary
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, DriverError, DriverSpent

pytest.importorskip("arx5_interface")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ROBOTS = Path(__file__).parents[1] / "robots"


@pytest.mark.parametrize(("robot", "model"), [("arx5", "X5"), ("arx5_x5", "L5")])
def test_the_model_of_another_build_is_refused(robot: str, model: str) -> None:
    embodiment = load_embodiment(ROBOTS / f"{robot}.yaml")
    with pytest.raises(ConfigError, match=rf"model {model} is not the arm of {robot}: .* 16 mm away, allowed 2"):
        ArxLibrary(model, 5.03, embodiment)


class Unwilling:
    """What the library's controller is after it has failed: it raises."""

    def __init__(self, library: ArxLibrary) -> None:
        self._controller = library._library.ControllerConfigFactory.get_instance()
        self._library = library._library

    def get_controller_config(self) -> object:
        return self._controller.get_config("joint_controller", 6)

    def get_joint_state(self) -> object:
        return self._library.JointState(6)

    def get_gain(self) -> object:
        return self._library.Gain(6)

    def set_joint_cmd(self, command: object) -> None:
        """Take it."""

    def set_gain(self, gain: object) -> None:
        raise RuntimeError("the joint pos cmd is far from current pos")


def test_what_the_library_raises_is_told_as_an_error_of_the_driver() -> None:
    library = ArxLibrary("L5", 5.03, load_embodiment(ROBOTS / "arx5.yaml"))
    library._controller = unwilling = Unwilling(library)
    with pytest.raises(DriverSpent, match="gave the motors no gains: the joint pos cmd is far"):
        library.hold(np.zeros(7))
    with pytest.raises(DriverSpent, match="only a new process can connect"):
        library.command(np.zeros(7))
    library._failed, unwilling.set_joint_cmd = None, unwilling.set_gain  # type: ignore[method-assign]
    with pytest.raises(DriverError, match="took no command: the joint pos cmd is far"):
        library.command(np.zeros(7))
