"""An emulated Universal Robots controller with a Robotiq gripper: what the unmodified ur_rtde library connects to.

CB3 (PolyScope 3.15, 125 Hz, a UR5) and e-Series (5.11, 500 Hz, a UR5e). Currents are published as zeros.
"""

import logging
import selectors
from collections import deque
from dataclasses import dataclass

import numpy as np

from ros_wam.errors import SimError
from ros_wam.sim.emulators.dashboard import DASHBOARD_PORT, DashboardServer
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.sim.emulators.plant import Plant
from ros_wam.sim.emulators.robotiq import ROBOTIQ_PORT, RobotiqServer
from ros_wam.sim.emulators.rtde import Value
from ros_wam.sim.emulators.rtde_server import RTDE_PORT, RtdeServer
from ros_wam.sim.emulators.rtde_variables import input_types, output_types
from ros_wam.sim.emulators.script_port import SCRIPT_PORT, ScriptPort
from ros_wam.sim.emulators.tcp import TcpPort, serve
from ros_wam.sim.emulators.ur_arm import UrArm
from ros_wam.sim.emulators.ur_kinematics import UR5_DH, UR5E_DH, UrDh, UrKinematics, pose_of
from ros_wam.sim.emulators.ur_script import SERVO_J, ScriptEnded, UrScript

FREEZE, DROP, REFUSE, SLOW = "freeze", "drop", "refuse", "slow"
PROTECTIVE_STOP, PROGRAM_STOP, GRIPPER_FREEZE = "protective_stop", "program_stop", "gripper_freeze"
SILENT_SERVO = "silent_servo"
"""Targets are taken and the program runs, but the arm stays; afterwards it leaps to the newest target."""
SLOW_RATE_HZ = 10.0
TARGETS_KEPT = 4096
_RUNNING_MODE, _NORMAL, _PROTECTIVE = 7, 1, 3
_STOPPED, _PLAYING = 1, 2
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UrModel:
    """A generation of controllers: PolyScope version, how it shows it, rate, arm, and when a stop may be unlocked."""

    version: tuple[int, int, int, int]
    polyscope: str
    rate_hz: float
    dh: UrDh
    unlock_after_s: float = 5.0  # the dashboard server refuses earlier (UR dashboard server guide)


CB3 = UrModel((3, 15, 8, 106339), "URSoftware 3.15.8.106339 (Mar 25 2022)", 125.0, UR5_DH)
E_SERIES = UrModel((5, 11, 1, 108318), "URSoftware 5.11.1.108318 (Oct 01 2021)", 500.0, UR5E_DH)


class UrEmulator:
    """One controller on one address. Starts idle, with power on and brakes released, as after the morning's routine."""

    faults = (FREEZE, DROP, REFUSE, SLOW, PROTECTIVE_STOP, PROGRAM_STOP, GRIPPER_FREEZE, SILENT_SERVO)

    def __init__(
        self, model: UrModel, address: str, plant: Plant, gripper_stroke_m: float, gripper_port: int = ROBOTIQ_PORT
    ) -> None:
        self.model, self.rate_hz = model, model.rate_hz
        self._arm = UrArm(plant, UrKinematics(model.dh))
        self._script: UrScript | None = None
        self._uploaded = False
        self._stopped_ns: int | None = None
        self._now_ns, self._start_ns, self._package_ns, self._cycles = 0, -1, 0, 0
        self._faults: set[str] = set()
        self._targets: deque[ReceivedTarget] = deque(maxlen=TARGETS_KEPT)
        self._received = 0
        major = model.version[0]
        self._outputs = {name: _zero(kind) for name, kind in output_types(major).items()}
        self._rtde = RtdeServer(model.version, model.rate_hz, output_types(major), input_types(major), self._note)
        self._gripper = RobotiqServer(plant, gripper_stroke_m)
        dashboard = DashboardServer(self, model.polyscope, "UR5", "20215501")
        self._selector = selectors.DefaultSelector()
        self._ports = [
            TcpPort(self._selector, address, RTDE_PORT, self._rtde.accept),
            TcpPort(self._selector, address, DASHBOARD_PORT, dashboard.accept),
            TcpPort(self._selector, address, SCRIPT_PORT, ScriptPort(self._upload).accept),
            TcpPort(self._selector, address, gripper_port, self._gripper.accept),
        ]

    def start(self) -> None:
        for port in self._ports:
            port.open()

    def close(self) -> None:
        for port in self._ports:
            port.close()

    def cycle(self, now_ns: int) -> None:
        self._start_ns = now_ns if self._start_ns < 0 else self._start_ns
        self._now_ns = now_ns
        self._cycles += 1
        self._rtde.frozen = FREEZE in self._faults
        serve(self._selector)
        self._run_script()
        if not (SILENT_SERVO in self._faults and self._arm.servoing):
            self._step()
        self._gripper.cycle(now_ns)
        self._publish()

    def inject(self, fault: str) -> None:
        if fault not in self.faults:
            raise SimError(f"no fault {fault!r}; there are: {', '.join(self.faults)}")
        if fault == DROP:
            for port in self._ports:
                port.hang_up()
        elif fault == REFUSE:
            self.close()
        elif fault == PROTECTIVE_STOP:
            self._stop_protectively()
        elif fault == PROGRAM_STOP:
            self.stop_program("stopped at the teach pendant")
        else:
            self._faults.add(fault)
            self._gripper.frozen = GRIPPER_FREEZE in self._faults

    def clear(self) -> None:
        self._faults.clear()
        self._gripper.frozen = False
        self.start()

    def received_targets(self) -> tuple[ReceivedTarget, ...]:
        return tuple(self._targets)

    def counts(self) -> dict[str, int]:
        return {"targets": self._received}

    def forget_targets(self) -> None:
        """Begin `received_targets` anew."""
        self._targets.clear()

    @property
    def is_running(self) -> bool:
        """Whether a program runs."""
        return self._script is not None

    @property
    def is_protectively_stopped(self) -> bool:
        """Whether a protective stop waits to be unlocked."""
        return self._stopped_ns is not None

    def stop_program(self, reason: str) -> None:
        """End the program; the arm brakes."""
        if self._script is not None:
            _log.info("program ended: %s", reason)
            self._script = None
            self._arm.brake()

    def unlock(self) -> bool:
        """Unlock a protective stop; returns whether it is old enough for that."""
        if self._stopped_ns is not None and self._now_ns - self._stopped_ns < self.model.unlock_after_s * 1e9:
            return False
        self._stopped_ns = None
        return True

    def _stop_protectively(self) -> None:
        self.stop_program("protective stop")
        self._arm.brake()
        self._stopped_ns = self._now_ns

    def _upload(self, program: str) -> None:
        """Take a program from the script port; it begins with the next cycle."""
        if self.is_protectively_stopped or not program.startswith("def rtde_control():"):
            _log.warning("program not run: %s", program.splitlines()[0])
            return
        self.stop_program("replaced by another program")
        self._uploaded = True

    def _note(self) -> None:
        """Note the target in the package that has just arrived."""
        self._package_ns = self._now_ns
        inputs = self._rtde.inputs
        if inputs["input_int_register_0"] == SERVO_J:
            target = np.array([inputs[f"input_double_register_{n}"] for n in range(6)])
            self._targets.append(ReceivedTarget(self._now_ns, target))
            self._received += 1

    def _run_script(self) -> None:
        if self._uploaded:
            self._uploaded = False
            self._script = UrScript(self._arm, self._rtde.inputs, self._outputs, self.rate_hz)
            self._package_ns = self._now_ns
        if self._script is None:
            return
        watchdog_s = self._script.watchdog_s
        if watchdog_s is not None and self._now_ns - self._package_ns > watchdog_s * 1e9:
            self.stop_program(f"no package for {watchdog_s:.3f} s (RTDE watchdog)")
            return
        try:
            self._script.cycle()
        except ScriptEnded as ended:
            self.stop_program(str(ended))

    def _step(self) -> None:
        try:
            self._arm.step(1.0 / self.rate_hz)
        except ScriptEnded as ended:  # the tool's way leads out of reach
            self.stop_program(str(ended))

    def _publish(self) -> None:
        slow_by = round(self.rate_hz / SLOW_RATE_HZ)
        if self._rtde.frozen or (SLOW in self._faults and self._cycles % slow_by):
            return
        plant, stopped = self._arm.plant, self.is_protectively_stopped
        self._outputs |= {
            "timestamp": (self._now_ns - self._start_ns) * 1e-9,
            "actual_q": tuple(plant.position().tolist()),
            "actual_qd": tuple(plant.velocity().tolist()),
            "target_moment": tuple(plant.effort().tolist()),
            "actual_TCP_force": tuple(plant.tool_wrench().tolist()),
            "target_q": tuple(self._arm.target.tolist()),
            **self._tool_poses(),
            "robot_mode": _RUNNING_MODE,
            "safety_mode": _PROTECTIVE if stopped else _NORMAL,
            "safety_status_bits": 1 << 2 if stopped else 1,
            "robot_status_bits": 3 if self.is_running else 1,
            "runtime_state": _PLAYING if self.is_running else _STOPPED,
            "speed_scaling": 1.0,
            "target_speed_fraction": 1.0,
        }
        self._rtde.publish(self._outputs)

    def _tool_poses(self) -> dict[str, Value]:
        """Return the tool's poses if anybody listens to them: they take longer than all else."""
        joints = {"actual_TCP_pose": self._arm.plant.position(), "target_TCP_pose": self._arm.target}
        asked = self._rtde.asked & set(joints)
        return {name: tuple(pose_of(self._arm.tool_pose(joints[name])).tolist()) for name in asked}


def _zero(kind: str) -> Value:
    if kind == "VECTOR6INT32":
        return (0,) * 6
    return (0.0,) * int(kind[6]) if kind.startswith("VECTOR") else 0
