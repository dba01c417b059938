"""The program that ur_rtde uploads, as it behaves: a loop that takes commands from RTDE registers.

Read off the script of ur_rtde 1.6.5. Commands that the emulator does not know end the program, as a runtime error in
URScript does, so that no client takes them for done.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ros_wam.sim.emulators.joint_motion import Motion, MoveJ, SpeedJ
from ros_wam.sim.emulators.rtde import Value
from ros_wam.sim.emulators.tool_motion import MoveL, SpeedL
from ros_wam.sim.emulators.ur_arm import UrArm
from ros_wam.sim.emulators.ur_kinematics import pose_of, transform_of
from ros_wam.types import FloatArray

SERVO_J = 11
LARGEST_STEP_RAD = 0.2
"""In one period of a tool's motion: more is a leap to another branch of the inverse kinematics."""
_READY, _DONE = 1, 2
_DONE_AT_ONCE = {17}  # set_payload: accepted, without effect on the emulated arm
_MAY_RUN_IN_BACKGROUND = (1, 2, 3, 4, 33, 34)


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
        self._speeding: SpeedJ | SpeedL | None = None
        self._writes, self._operation = 0, 0
        self.watchdog_s: float | None = None
        self._realtime: dict[int, Callable[[], None]] = {
            9: self._speed_j,
            10: self._speed_l,
            11: lambda: self._arm.servo(self._six()),
            24: lambda: self._arm.servo(self._solve(self._pose())),
            58: lambda: self._answer(pose_of(arm.kinematics.forward(arm.plant.position()))),
        }
        self._once: dict[int, Callable[[], Motion | None]] = {
            1: lambda: self._move_j(self._six()),
            2: lambda: self._move_j(self._solve(self._pose())),
            3: lambda: self._move_l(self._pose()),
            4: lambda: self._move_l(arm.tool_pose(self._six())),
            15: self._stop,
            16: self._brake,  # stopl of the tool; the arm has one bound of its joints for both
            29: self._set_tcp,
            30: lambda: self._answer(self._solve(self._pose(), self._six(6))),
            33: self._stop,
            34: self._stop,
            35: self._set_watchdog,
            39: lambda: self._answer(pose_of(self._pose() @ self._pose(6))),
            40: lambda: self._answer(pose_of(arm.tcp)),
            43: lambda: self._answer(pose_of(arm.tool_pose(arm.plant.position()))),
            44: lambda: self._answer(pose_of(arm.kinematics.forward(self._six()) @ self._pose(6))),
            46: lambda: self._answer(self._solve(self._pose())),
            47: lambda: self._say(arm.is_steady),
            60: lambda: self._say(arm.solve(self._pose(), arm.plant.position()) is not None),
            61: lambda: self._say(arm.solve(self._pose(), self._six(6)) is not None),
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
        if command in self._realtime:
            self._realtime[command]()
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
        elif self._number("int", 1) == 1 and command in _MAY_RUN_IN_BACKGROUND:
            self._background = motion
            self._report_background(finished=False)
            self._outputs["output_int_register_0"] = _DONE
        else:
            self._waited_for = motion

    def _move_j(self, goal: FloatArray) -> Motion:
        speed, acceleration = self._speed_and_acceleration("movej")
        motion = MoveJ(self._arm.target, goal, speed, acceleration)
        self._arm.run(motion)
        return motion

    def _move_l(self, goal: FloatArray) -> Motion:
        speed, acceleration = self._speed_and_acceleration("movel")
        joints = self._arm.target
        motion = MoveL(self._arm.tool_pose(joints), goal, joints, speed, acceleration, self._solve_nearby)
        self._arm.run(motion)
        return motion

    def _speed_and_acceleration(self, name: str) -> tuple[float, float]:
        self._refuse_while_servoing(name)
        speed, acceleration = self._number("double", 6), self._number("double", 7)
        if speed <= 0.0 or acceleration <= 0.0:
            raise ScriptEnded(f"{name} with speed {speed} and acceleration {acceleration}")
        return speed, acceleration

    def _stop(self) -> Motion:
        self._refuse_while_servoing("stopj")
        return self._brake()

    def _brake(self) -> Motion:
        deceleration = self._number("double", 0)
        if deceleration <= 0.0:
            raise ScriptEnded(f"stop with deceleration {deceleration}")
        return self._arm.brake(deceleration)

    def _set_watchdog(self) -> None:
        frequency = self._number("double", 0)
        self.watchdog_s = 1.0 / frequency if frequency > 0.0 else None

    def _set_tcp(self) -> None:
        self._arm.tcp = self._pose()

    def _speed_j(self) -> None:
        self._refuse_while_servoing("speedj")
        goal, acceleration, arm = self._six(), self._number("double", 6), self._arm
        if not (isinstance(self._speeding, SpeedJ) and self._speeding is arm.motion):
            self._speeding = SpeedJ(arm.plant.position(), arm.plant.velocity(), goal, acceleration)
            arm.run(self._speeding)
        self._speeding.change(goal, acceleration)

    def _speed_l(self) -> None:
        self._refuse_while_servoing("speedl")
        goal, acceleration, arm = self._six(), self._number("double", 6), self._arm
        if not (isinstance(self._speeding, SpeedL) and self._speeding is arm.motion):
            joints = arm.target
            self._speeding = SpeedL(arm.tool_pose(joints), joints, goal, acceleration, self._solve_nearby)
            arm.run(self._speeding)
        self._speeding.change(goal, acceleration)

    def _solve(self, T_base_tool: FloatArray, near: FloatArray | None = None) -> FloatArray:
        """Return the joints `(6,)` for a pose of the tool, nearest to where the arm is unless told otherwise."""
        joints = self._arm.solve(T_base_tool, self._arm.plant.position() if near is None else near)
        if joints is None:
            raise ScriptEnded(f"get_inverse_kin: no solution for p{pose_of(T_base_tool).round(4).tolist()}")
        return joints

    def _solve_nearby(self, T_base_tool: FloatArray, near: FloatArray) -> FloatArray:
        joints = self._solve(T_base_tool, near)
        if np.abs(joints - near).max() > LARGEST_STEP_RAD:
            raise ScriptEnded(f"the tool's way leads through a singularity at {near.round(3).tolist()}")
        return joints

    def _answer(self, six: FloatArray) -> None:
        self._outputs |= {f"output_double_register_{n}": float(value) for n, value in enumerate(six)}

    def _say(self, holds: bool) -> None:
        self._outputs["output_int_register_1"] = int(holds)

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

    def _six(self, first: int = 0) -> FloatArray:
        """Six double registers from `first` on: joints, or a pose as URScript writes it."""
        values = np.array([self._inputs[f"input_double_register_{first + n}"] for n in range(6)], dtype=np.float64)
        if not np.isfinite(values).all():
            raise ScriptEnded(f"target is {values.tolist()}")
        return values

    def _pose(self, first: int = 0) -> FloatArray:
        return transform_of(self._six(first))
