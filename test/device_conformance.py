"""What every device that teleoperates keeps: an implementation inherits this and provides the fixture `rig`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import LeaderError
from ros_wam.teleop.device import Button, Device, Reading

READ_LIMIT_NS = 50_000_000
PATIENCE_NS = 5_000_000_000
PERIOD_NS = 10_000_000


@dataclass
class DeviceRig:
    """A device that is not open, what it leads, and its clock.

    `losses`: ways to lose it, by what the error has to name; `restore` ends each. Empty where it cannot be lost.
    """

    device: Device
    embodiment: Embodiment
    clock: Clock
    losses: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    restore: Callable[[], object] = lambda: None

    def wait(self) -> None:
        """Let a period pass."""
        self.clock.sleep_until_ns(self.clock.now_ns() + PERIOD_NS)

    def read(self) -> Reading:
        """Return a reading; on a busy machine one fails now and then, and the device is opened again."""
        deadline_ns = self.clock.now_ns() + PATIENCE_NS
        while True:
            try:
                return self.device.read()
            except LeaderError:
                assert self.clock.now_ns() < deadline_ns, "no reading in 5 s"
                self.open()

    def open(self) -> None:
        """Open it, as often as that takes on a busy machine."""
        deadline_ns = self.clock.now_ns() + PATIENCE_NS
        while True:
            try:
                self.device.open()
                return
            except LeaderError as error:
                assert self.clock.now_ns() < deadline_ns, f"not open in 5 s: {error}"
                self.device.close()
                self.wait()


class DeviceConformance:
    """What every device keeps."""

    def test_a_reading_fits_the_robot(self, rig: DeviceRig) -> None:
        rig.open()
        reading, embodiment = rig.read(), rig.embodiment
        rig.device.close()
        assert reading.held in (None, True, False)
        assert all(isinstance(button, Button) for button in reading.pressed)
        assert reading.joints is None or reading.jogs == {}
        if reading.joints is not None:
            assert reading.joints.shape == (len(embodiment.joint_names),)
            assert np.isfinite(reading.joints).all()
            grippers = reading.joints[embodiment.is_gripper]
            assert ((grippers >= 0.0) & (grippers <= 1.0)).all()
        for arm, jog in reading.jogs.items():
            assert jog.twist is None or jog.twist.shape == (6,)
            assert jog.joint_velocity is None or jog.joint_velocity.shape == (len(embodiment.arms[arm].joints),)
            assert np.isfinite(jog.gripper)

    def test_stamps_are_of_now_and_advance(self, rig: DeviceRig) -> None:
        rig.open()
        stamps = []
        for _ in range(5):
            rig.wait()
            stamps.append(rig.read().stamp_ns)
            assert stamps[-1] <= rig.clock.now_ns()
        rig.device.close()
        assert stamps == sorted(stamps)
        assert stamps[-1] - stamps[0] >= PERIOD_NS

    def test_reading_what_is_not_open_is_an_error(self, rig: DeviceRig) -> None:
        with pytest.raises(LeaderError):
            rig.device.read()
        rig.open()
        rig.device.close()
        with pytest.raises(LeaderError):
            rig.device.read()

    def test_closing_twice_and_opening_again(self, rig: DeviceRig) -> None:
        rig.device.close()
        rig.open()
        rig.read()
        rig.device.close()
        rig.device.close()
        rig.open()
        rig.read()
        rig.device.close()


class LeaderConformance(DeviceConformance):
    """What a device keeps that can be lost: `rig.losses` names how."""

    def test_what_is_gone_or_silent_is_told_in_time_by_its_name(self, rig: DeviceRig) -> None:
        assert rig.losses
        for name, lose in rig.losses.items():
            rig.open()
            rig.read()
            lose()
            lost_ns = rig.clock.now_ns()
            took_ns = []
            with pytest.raises(LeaderError, match=name):
                while rig.clock.now_ns() - lost_ns < PATIENCE_NS:
                    began_ns = rig.clock.now_ns()
                    reading = rig.device.read()
                    took_ns.append(rig.clock.now_ns() - began_ns)
                    assert reading.stamp_ns <= began_ns or rig.clock.now_ns() - lost_ns < READ_LIMIT_NS
            assert np.median([*took_ns, 0]) < READ_LIMIT_NS
            rig.restore()
            rig.device.close()
            rig.open()
            rig.read()
            rig.device.close()
