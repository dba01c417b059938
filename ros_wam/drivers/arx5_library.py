"""arx5-interface, used so that it neither hangs nor gives freed memory, and the gripper presses no harder than said."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, DriverError, DriverSpent
from ros_wam.kinematics import Kinematics
from ros_wam.types import FloatArray

MODEL_TOLERANCE_M = 2e-3
"""How far the tool at home may be by the robot file from where the library has it: another build's is 14 mm away."""
GRIP_SHARE = 0.47
"""Of the torque that the library allows the gripper; from half of it on it takes no command that it thinks presses."""


@dataclass(frozen=True, eq=False)
class ArxState:
    """`(7,)` position, velocity and effort: joints [rad, N m], then the gripper [0–1, force of a pad in N].

    `age_s`: how long ago the library took it over from its receiver; `taken_s`: when, by its own clock.
    """

    age_s: float
    taken_s: float
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray


class ArxLibrary:
    """One arm's description and, once it is started, its controller, which runs in a thread of the library's own.

    Every method of a started one may hang for ever if that thread has stopped.
    """

    def __init__(self, model: str, gripper_open_rad: float, embodiment: Embodiment) -> None:
        """Raises ConfigError where the library is missing, or allows less than the robot file."""
        try:
            import arx5_interface
        except ImportError as error:
            raise ConfigError("driver arx5 needs arx5-interface: pip install '.[arx5]' in a checkout") from error
        self.version = version("arx5-interface")
        self._library = arx5_interface
        self._config = arx5_interface.RobotConfigFactory.get_instance().get_config(model)
        self._config.gripper_open_readout = gripper_open_rad
        self._stroke_m = self._config.gripper_width
        self._newton_per_newton_metre = abs(gripper_open_rad) / self._stroke_m
        self._opening_sign = np.sign(gripper_open_rad)
        self._require_limits(embodiment)
        self._require_model(embodiment)
        self._grip = self._grip_torque(embodiment)
        self._controller: Any = None
        self._failed: str | None = None

    @property
    def motors(self) -> tuple[int, ...]:
        """The motors' numbers in the order of the joints, the gripper's last."""
        return (*self._config.motor_id, self._config.gripper_motor_id)

    @property
    def ec_motors(self) -> frozenset[int]:
        """Those that are not Damiao motors."""
        kinds = zip(self._config.motor_id, self._config.motor_type, strict=True)
        return frozenset(number for number, kind in kinds if kind == self._library.MotorType.EC_A4310)

    @property
    def effort_limit(self) -> FloatArray:
        """`(7,)` what the library lets the motors exert [N m, gripper N] before it gives up."""
        return np.append(self._config.joint_torque_max, self._config.gripper_torque_max * self._newton_per_newton_metre)

    @property
    def started(self) -> bool:
        """Whether there is a controller."""
        return self._controller is not None

    def start(self, interface: str) -> None:
        """Enable the motors, damped and with the gravity model's torques, and talk to them from now on.

        Takes half a second. Raises DriverSpent when it fails: the library cannot start twice in one process.
        """
        if self._failed is None:
            factory = self._library.ControllerConfigFactory.get_instance()
            try:
                self._controller = self._library.Arx5JointController(
                    self._config, factory.get_config("joint_controller", 6), interface
                )
            except RuntimeError as error:
                self._failed = str(error)
        if self._failed is not None:
            raise DriverSpent(f"arx5_interface did not start on {interface}: {self._failed}")

    def state(self) -> ArxState:
        """Return copies of what the library knows: its arrays are views of memory that it frees."""
        state = self._controller.get_joint_state()
        scale = self._stroke_m
        return ArxState(
            self._controller.get_timestamp() - state.timestamp,
            state.timestamp,
            np.append(state.pos(), min(max(state.gripper_pos / scale, 0.0), 1.0)),
            np.append(state.vel(), state.gripper_vel / scale),
            np.append(state.torque(), state.gripper_torque * self._opening_sign * self._newton_per_newton_metre),
        )

    def command(self, position: FloatArray) -> None:
        """Let the motors hold `position` `(7,)` from now on, until the next."""
        self._require_sound()
        command = self._library.JointState(
            position[:-1].copy(), np.zeros(6), np.zeros(6), self._gripper_target_m(position[-1] * self._stroke_m)
        )
        try:
            self._controller.set_joint_cmd(command)
        except (RuntimeError, ValueError) as error:
            raise DriverError(f"arx5_interface took no command: {error}") from error

    @property
    def holds(self) -> bool:
        """Whether the motors have their gains, and so hold what they were told last; without, they are damped."""
        config, gain = self._controller.get_controller_config(), self._controller.get_gain()  # kept while they are read
        return np.array_equal(np.array(gain.kp()), np.array(config.default_kp))

    def hold(self, position: FloatArray) -> None:
        """Give the motors the library's default gains, around `position` `(7,)`, where the arm is.

        Within the limits: from outside the library sends it to them at once. Raises DriverSpent.
        """
        config = self._controller.get_controller_config()
        kp, kd = np.array(config.default_kp), np.array(config.default_kd)
        self.command(position)
        try:
            self._controller.set_gain(self._library.Gain(kp, kd, config.default_gripper_kp, config.default_gripper_kd))
        except (RuntimeError, ValueError) as error:  # it says nothing more to the motors from now on
            self._failed = f"no gains: {error}"
            raise DriverSpent(f"arx5_interface gave the motors no gains: {error}") from error

    def _gripper_target_m(self, goal_m: float) -> float:
        """Return the goal, no farther from where the gripper is than its motor may press.

        torque = kp (target - position) - kd velocity: while the gripper moves freely the target may be farther ahead.
        """
        state, config = self._controller.get_joint_state(), self._controller.get_controller_config()
        kp, kd = config.default_gripper_kp, config.default_gripper_kd
        rad_per_m = self._newton_per_newton_metre
        centre_m = state.gripper_pos + kd / kp * state.gripper_vel
        reach_m = self._grip / kp / rad_per_m
        return float(min(max(goal_m, centre_m - reach_m, 0.0), centre_m + reach_m, self._stroke_m))

    def _grip_torque(self, robot: Embodiment) -> float:
        """Return the torque that the gripper's motor may exert [N m]: the robot file's force, or what it can."""
        (limits,) = robot.grippers.values()
        allowed = GRIP_SHARE * self._config.gripper_torque_max
        return float(min(limits.force_n / self._newton_per_newton_metre, allowed))

    def _require_sound(self) -> None:
        if self._failed is not None:
            raise DriverSpent(f"arx5_interface is not used any more: {self._failed}; only a new process can connect")

    def _require_model(self, robot: Embodiment) -> None:
        """Raise ConfigError if the library has the tool elsewhere than the robot file."""
        config, home = self._config, robot.home_position
        solver = self._library.Arx5Solver(config.urdf_path, 6, config.joint_pos_min, config.joint_pos_max)
        theirs = np.array(solver.forward_kinematics(home[~robot.is_gripper]))[:3]
        ours = Kinematics(robot).tool_position(home)
        away_m = float(np.linalg.norm(ours - theirs))
        if away_m > MODEL_TOLERANCE_M:
            raise ConfigError(
                f"model {config.robot_model} is not the arm of {robot.name}: at home arx5_interface has its tool at "
                f"{theirs.round(4).tolist()} m, {robot.model.name} at {ours.round(4).tolist()}, {away_m * 1e3:.0f} mm "
                f"away, allowed {MODEL_TOLERANCE_M * 1e3:.0f}; each build has a robot file of its own"
            )

    def _require_limits(self, robot: Embodiment) -> None:
        arm, config = ~robot.is_gripper, self._config
        for name, ours, theirs in (
            ("lower position limits", -robot.lower[arm], -np.array(config.joint_pos_min)),
            ("upper position limits", robot.upper[arm], np.array(config.joint_pos_max)),
            ("velocity limits", robot.velocity[arm], np.array(config.joint_vel_max)),
        ):
            if (ours > theirs + 1e-9).any():
                raise ConfigError(
                    f"{robot.name}: {name} {np.abs(ours).tolist()} are wider than arx5_interface's "
                    f"{np.abs(theirs).tolist()}"
                )
        for gripper, limits in robot.grippers.items():
            if abs(limits.stroke_m - config.gripper_width) > 1e-6:
                raise ConfigError(f"{gripper}: stroke_m is {limits.stroke_m}, must be {config.gripper_width}")
