"""The simulated world: physics at 500 Hz, in integer time, without a clock, a camera or a network."""

from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from ros_wam.collision import joints_of_actuator
from ros_wam.embodiment import Embodiment
from ros_wam.errors import SimError
from ros_wam.sim.scene import build_scene
from ros_wam.sim.tasks import sim_task
from ros_wam.sim.tool_force import ToolForce
from ros_wam.types import FloatArray

STEP_NS = 2_000_000


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that a picture depends on: generalised positions `(nq,)`, and the time to write into it."""

    time_ns: int
    qpos: FloatArray


class World:
    """Robot, table and task. Joint arrays are in the embodiment's order: rad, grippers 0 closed … 1 open.

    Deterministic: the same seed and commands give the same states. Not thread-safe; one thread owns it.
    """

    def __init__(self, embodiment: Embodiment, calibration: Path, task: str, seed: int) -> None:
        """Begin at home with the task laid out by `seed`. Raises SimError, ConfigError."""
        self.embodiment = embodiment
        self.task = sim_task(task)
        self.model = build_scene(embodiment, calibration, self.task)
        self.data = mujoco.MjData(self.model)
        if round(self.model.opt.timestep * 1e9) != STEP_NS:
            raise SimError(f"{embodiment.model.name}: timestep is {self.model.opt.timestep} s, must be {STEP_NS} ns")
        self._actuators = np.array([self.model.actuator(name).id for name in embodiment.joint_names])
        # An actuator's own length, per unit of joint position: grippers count their stroke from 0 to 1.
        strokes = self.model.actuator_ctrlrange[self._actuators, 1]
        self._scale = np.where(embodiment.is_gripper, strokes, 1.0)
        # Grippers are measured from 0 to 1, even where they are pressed beyond their stops.
        self._lowest = np.where(embodiment.is_gripper, 0.0, -np.inf)
        self._highest = np.where(embodiment.is_gripper, 1.0, np.inf)
        # A gripper's tendon shares its force between two fingers; what counts is the force of one pad.
        self._pads = np.where(embodiment.is_gripper, 0.5, 1.0)
        self._steps = 0
        mujoco.mj_forward(self.model, self.data)
        self.tool_forces = {name: ToolForce(self.model, self.data, arm) for name, arm in embodiment.arms.items()}
        """What the sensor of each arm feels."""
        self.place_robot(embodiment.home_position)
        self.reset(seed)

    @property
    def time_ns(self) -> int:
        """Simulated time since construction; no reset sets it back."""
        return self._steps * STEP_NS

    def step(self, count: int = 1) -> None:
        """Advance by `count` steps of 2 ms. What is derived from positions (contacts, sites) is then up to date."""
        for _ in range(count):
            mujoco.mj_step2(self.model, self.data)
            for sensor in self.tool_forces.values():
                sensor.feel()
            mujoco.mj_step1(self.model, self.data)
            self._steps += 1

    def reset(self, seed: int) -> None:
        """Lay out the task anew by `seed` and leave the robot where it is. Raises SimError for a negative seed."""
        if seed < 0:
            raise SimError(f"seed is {seed}, must be 0 or more")
        self.task.lay_out(self.model, self.data, np.random.default_rng(seed))
        self.data.qacc_warmstart[:] = 0.0  # the solver's memory of the episode before
        for sensor in self.tool_forces.values():
            sensor.reset()
        mujoco.mj_forward(self.model, self.data)

    def place_robot(self, position: FloatArray) -> None:
        """Put the robot at rest at `position` `(n,)`, at once: for lockstep, where nobody watches it jump."""
        for name, value in zip(self.embodiment.joint_names, position * self._scale, strict=True):
            for joint in joints_of_actuator(self.model, name, self.embodiment):
                self.data.qpos[self.model.jnt_qposadr[joint]] = value
                self.data.qvel[self.model.jnt_dofadr[joint]] = 0.0
        self.set_ctrl(position)
        mujoco.mj_forward(self.model, self.data)

    def set_ctrl(self, position: FloatArray) -> None:
        """Set the position servos' setpoints `(n,)`; they are clipped to the actuators' ranges."""
        self.data.ctrl[self._actuators] = position * self._scale

    def joint_position(self) -> FloatArray:
        """`(n,)` measured position [rad, grippers 0–1]."""
        position: FloatArray = self.data.actuator_length[self._actuators] / self._scale
        return np.asarray(np.minimum(np.maximum(position, self._lowest), self._highest))

    def joint_velocity(self) -> FloatArray:
        """`(n,)` measured velocity [rad/s, grippers 1/s]."""
        velocity: FloatArray = self.data.actuator_velocity[self._actuators] / self._scale
        return velocity

    def joint_effort(self) -> FloatArray:
        """`(n,)` torque of the joints [N m], force of one pad of each gripper [N], positive when opening."""
        effort: FloatArray = self.data.actuator_force[self._actuators] * self._pads
        return effort

    def tool_force_n(self) -> FloatArray:
        """`(arms,)` size of the force that each arm's sensor feels [N]."""
        return np.array([np.linalg.norm(sensor.wrench[:3]) for sensor in self.tool_forces.values()])

    def set_gripper_force(self, gripper: str, force_n: float) -> None:
        """Limit the force of each pad of `gripper` from now on."""
        index = self.embodiment.joint_names.index(gripper)
        self.model.actuator_forcerange[self._actuators[index]] = np.array([-1.0, 1.0]) * force_n / self._pads[index]

    def snapshot(self, epoch_ns: int = 0) -> Snapshot:
        """Return what the renderer needs of this instant; `epoch_ns` is the station time at simulated time 0."""
        return Snapshot(epoch_ns + self.time_ns, self.data.qpos.copy())
