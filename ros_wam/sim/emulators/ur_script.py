"""The program that ur_rtde uploads, as it behaves: a loop that takes commands from RTDE registers.

Read off the script of ur_rtde 1.6.5. Commands that the emulator does not know end the program, as a runtime error in
URScript does, so that no client takes them for done.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ros_wam.sim.emulators.joint_motion import Motion, MoveJ, SpeedJ
from ros_wam.sim.emulators.rtde import Value
from ros_wam.sim.emulators.ur_arm import UrArm
from ros_wam.types import FloatArray

SERVO_J = 11
_READY, _DONE = 1, 2
_JOINT_REGISTERS = [f"input_double_register_{n}" for n in range(6)]
_REALTIME = {9, 11}
_DONE_AT_ONCE = {17, 29}  # set_payload, set_tcp: accepted, without effect on the emulated arm


class ScriptEnded(Exception):
    """The program has ended, by command or by an error."""


class UrScript:
    """One run of the uploaded program. `cycle` raises ScriptEnded when it is over."""

    def __init__(self, arm: UrArm, inputs: Mapping[str, Value], outputs: dict[str, Value], rate_hz: float) -> None:
        self._arm, self._inputs, self._outputs = arm, inputs, outputs
        self._period_s = 1.0 / rate_hz
        self._executing = False
        self._waited_for: Motion | None = None
        self._background: Motion | None = None
        self._speeding: SpeedJ | None = None
        self._writes, self._operation = 0, 0
        self.watchdog_s: float | None = None
        self._once: dict[int, Callable[[], Motion | None]] = {
            1: self._move_j,
            15: self._stop,
            16: self._servo_stop,
            33: self._stop,
            34: self._stop,
            35: self._set_watchdog,
            47: self._is_steady,
        }
        self._report_background(finished=True)
        self._outputs["output_int_register_0"] = _READY

    def cycle(self) -> None:
        """Run the program for one period."""
        if self._background is not None and self._background is not self._arm.motion:
            self._background = None
            self._report_background(finished=True)
        if self._waited_for is not None:
            if self._waited_for is self._arm.motion:
                return
            self._waited_for = None
            self._outputs["output_int_register_0"] = _DONE
        command = int(self._number("int", 0))
        if command in _REALTIME:
            self._servo_j() if command == SERVO_J else self._speed_j()
            self._outputs["output_int_register_0"] = _READY
        elif command == 0:
            self._executing = False
            self._outputs["output_int_register_0"] = _READY
        elif not self._executing:
            self._executing = True
            self._begin(command)

    def _begin(self, command: int) -> None:
        if command == 255:
            raise ScriptEnded("stopped by its client")
        if command not in self._once and command not in _DONE_AT_ONCE:
            raise ScriptEnded(f"command {command} is not emulated")
        motion = self._once[command]() if command in self._once else None
        if motion is None:
            self._outputs["output_int_register_0"] = _DONE
        elif self._number("int", 1) == 1 and command in (1, 33, 34):
            self._background = motion
            self._report_background(finished=False)
            self._outputs["output_int_register_0"] = _DONE
        else:
            self._waited_for = motion

    def _move_j(self) -> Motion:
        self._refuse_while_servoing("movej")
        speed, acceleration = self._number("double", 6), self._number("double", 7)
        if speed <= 0.0 or acceleration <= 0.0:
            raise ScriptEnded(f"movej with speed {speed} and acceleration {acceleration}")
        motion = MoveJ(self._arm.target, self._joints(), speed, acceleration)
        self._arm.run(motion)
        return motion

    def _stop(self) -> Motion:
        self._refuse_while_servoing("stopj")
        return self._brake()

    def _servo_stop(self) -> Motion:
        return self._brake()  # stopl of the tool; the arm has one bound of its joints for both

    def _brake(self) -> Motion:
        deceleration = self._number("double", 0)
        if deceleration <= 0.0:
            raise ScriptEnded(f"stop with deceleration {deceleration}")
        return self._arm.brake(deceleration)

    def _set_watchdog(self) -> None:
        frequency = self._number("double", 0)
        self.watchdog_s = 1.0 / frequency if frequency > 0.0 else None

    def _is_steady(self) -> None:
        self._outputs["output_int_register_1"] = int(self._arm.is_steady)

    def _servo_j(self) -> None:
        self._arm.servo(self._joints())

    def _speed_j(self) -> None:
        self._refuse_while_servoing("speedj")
        goal, acceleration = self._joints(), self._number("double", 6)
        if self._speeding is not None and self._speeding is self._arm.motion:
            self._speeding.change(goal, acceleration)
            return
        self._speeding = SpeedJ(self._arm.plant.position(), self._arm.plant.velocity(), goal, acceleration)
        self._arm.run(self._speeding)

    def _refuse_while_servoing(self, name: str) -> None:
        if self._arm.servoing:
            raise ScriptEnded(f"{name} while another thread controls the robot (servoj); use servoStop first")

    def _report_background(self, finished: bool) -> None:
        """Bits 0–14 progress, 15 running, 16–23 write counter, 24–30 operation."""
        self._writes = (self._writes + 1) % 128
        self._operation = (self._operation + (not finished)) % 128
        running = 0 if finished else 1 << 15
        self._outputs["output_int_register_2"] = self._writes << 16 | self._operation << 24 | running

    def _number(self, kind: str, register: int) -> float:
        value = self._inputs[f"input_{kind}_register_{register}"]
        return value if not isinstance(value, tuple) else value[0]

    def _joints(self) -> FloatArray:
        joints = np.array([self._inputs[register] for register in _JOINT_REGISTERS], dtype=np.float64)
        if not np.isfinite(joints).all():
            raise ScriptEnded(f"joint target is {joints.tolist()}")
        return joints
