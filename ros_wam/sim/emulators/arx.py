"""The emulated motors of an ARX arm on a CAN bus: what the unmodified arx5-interface talks to."""

import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ros_wam.errors import SimError
from ros_wam.sim.emulators.arx_motors import CLEAR, ENABLE, GRIPPER, J4310, MODELS, Drive, drive_of, reply
from ros_wam.sim.emulators.can_bus import CanBus, Frame
from ros_wam.sim.emulators.can_seam_port import CanSeamPort
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.sim.emulators.plant import Plant

SOCKET = "can.sock"
KERNEL_PREFIX = "canv"
RATE_HZ = 500.0
FREEZE, DROP, OVER_CURRENT, GRIPPER_FREEZE = "freeze", "drop", "over_current", "gripper_freeze"
SILENT_SERVO, MOTOR_OFF, STUCK_MOTOR = "silent_servo", "motor_off", "stuck_motor"
FAILING, STUCK = {"L5": 5, "X5": 2}, 2
"""The motors that these are about: joint4's, or an EC motor, joint2's, fails; joint2's is stuck."""
DROP_SHARE = 4
"""Of so many frames one arrives."""
OVER_CURRENT_FACTOR, OVER_CURRENT_RAD = 14.0, 0.1
"""By how much a worn gripper tells more than it exerts, and how far something moves its jaw from where it stood.

Already the 0.6 mm that the library lets it go in a round are above the 1.5 N m that it allows; were they not, it would
be chance whether the library sees the torque in time to go no farther. No DM motor of a joint can tell too much.
"""
SAGGING, SAG_RAD_S = 2, 0.5
"""What gravity does to joint2's motor without gain: 1 N m that the library's model leaves, against its default kd."""
GRIPPER_N_M, GRIPPER_SPEED_1_S = 1.5, 4.0
"""The torque that the library allows the gripper, and more strokes per second than its 0.3 m/s are."""
GRIPPER_FREE_1_S = 0.2
"""A gripper that moves at this speed meets nothing: its motor's torque is what friction takes."""
TARGETS_KEPT = 4096


def arx_control_prefix(run_dir: Path) -> tuple[str, ...]:
    """Return what puts a program's CAN sockets on the emulated bus, before its command."""
    return (sys.executable, "-m", "ros_wam.sim.emulators.can_seam", "--socket", str(run_dir / SOCKET), "--")


class ArxEmulator:
    """One arm with its gripper on one bus: the seam's, or the kernel's own if `interface` begins with `canv`.

    Such a name is for a vcan that somebody made (`ip link add dev canv0 type vcan`); the library wants `can` in front.
    No other interface of the kernel is used, since it may be a real arm's.

    A motor follows the position it is given while its kp is above 0, however small; without, that of joint2 sinks and
    the others stay. Its torque is that of the plant's joint. Every command is answered in the cycle that reads it.
    Damiao motors are off until they are enabled; what is off answers and stays. One that switched itself off must be
    cleared before. Without frames motors go on with what they were told last.
    """

    faults = (FREEZE, DROP, SILENT_SERVO, MOTOR_OFF, STUCK_MOTOR, OVER_CURRENT, GRIPPER_FREEZE)
    rate_hz = RATE_HZ

    def __init__(
        self, model: str, interface: str, plant: Plant, run_dir: Path, stroke_m: float, gripper_open_rad: float
    ) -> None:
        """`gripper_open_rad`: where the gripper's motor stands when it is open. Raises SimError naming the models."""
        if model not in MODELS:
            raise SimError(f"no ARX arm {model!r}; there are: {', '.join(MODELS)}")
        self._kinds = {**MODELS[model], GRIPPER: J4310}
        self._joints = {number: k for k, number in enumerate(MODELS[model])}
        self._failing = FAILING[model]
        self._plant, self._stroke_m, self._open_rad = plant, stroke_m, gripper_open_rad
        self._kernel_interface = interface if interface.startswith(KERNEL_PREFIX) else None
        self._port = CanSeamPort(run_dir / SOCKET, None if self._kernel_interface else interface)
        self.bus = CanBus()
        """What the motors are on; the seam's sockets join it."""
        self._drives: dict[int, Drive] = {}
        self._on = {number for number, kind in self._kinds.items() if kind.is_ec}
        self._tripped: set[int] = set()
        """Damiao motors that say why they switched themselves off until that is cleared."""
        self._target = np.array(plant.position())
        self._damped: set[int] = set()
        self._faults: set[str] = set()
        self._frames = self._answers = self._noted = self._cycled_ns = 0
        self._held: float | None = None
        self._targets: deque[ReceivedTarget] = deque(maxlen=TARGETS_KEPT)
        self._open = False

    def start(self) -> None:
        self._port.open()
        if self._kernel_interface is not None and not self._open:
            self.bus.join_kernel(self._kernel_interface)
        self._open = True

    def close(self) -> None:
        self._port.close()
        self.bus.close()
        self._open = False

    def cycle(self, now_ns: int) -> None:
        for link in self._port.serve():
            self.bus.join(link)
        frames = [frame for frame in self.bus.receive() if self._arrives(frame.identifier)]
        for frame in frames:
            self._command(frame, now_ns)
        if self._drives:
            self._follow((now_ns - self._cycled_ns) * 1e-9 if self._cycled_ns else 0.0)
        self._cycled_ns = now_ns

    def inject(self, fault: str) -> None:
        if fault not in self.faults:
            raise SimError(f"no fault {fault!r}; there are: {', '.join(self.faults)}")
        self._faults.add(fault)
        if fault == OVER_CURRENT:
            opening = self._plant.gripper_position()
            self._held = opening - np.sign(opening - 0.5) * OVER_CURRENT_RAD / abs(self._open_rad)
        if fault == MOTOR_OFF and not self._kinds[self._failing].is_ec:
            self._on.discard(self._failing)
            self._tripped.add(self._failing)

    def clear(self) -> None:
        self._faults.clear()

    def received_targets(self) -> tuple[ReceivedTarget, ...]:
        """What every round of the library told; it repeats each until the next."""
        return tuple(self._targets)

    def grip_target_rad(self) -> float | None:
        """Where the gripper's motor was told to go; None before."""
        return self._drives[GRIPPER].position if GRIPPER in self._drives else None

    def forget_targets(self) -> None:
        """Begin `received_targets` anew."""
        self._targets.clear()

    def counts(self) -> Mapping[str, int]:
        """`targets`: rounds of the library with gain; `frames` that were sent to motors, `answers` of theirs."""
        return {"targets": self._noted, "frames": self._frames, "answers": self._answers}

    def _arrives(self, number: int) -> bool:
        """Whether a frame is for a motor, and gets through to it."""
        if number not in self._kinds:
            return False
        self._frames += 1
        if FREEZE in self._faults or (DROP in self._faults and self._frames % DROP_SHARE):
            return False
        return not (SILENT_SERVO in self._faults and number == self._failing) and not (
            GRIPPER_FREEZE in self._faults and number == GRIPPER
        )

    def _command(self, frame: Frame, now_ns: int) -> None:
        """Let a motor take its command, and answer."""
        number, kind = frame.identifier, self._kinds[frame.identifier]
        drive = drive_of(kind, frame.data)
        if drive is not None:
            self._drives[number] = drive
        else:
            self._switch(number, frame.data)
        status = kind.status(number in self._on, self._has_failed(number))
        self._answers += 1
        if number == GRIPPER:
            self.bus.send(reply(number, kind, status, *self._gripper_state()))
            return
        joint, plant = self._joints[number], self._plant
        state = (float(measured[joint]) for measured in (plant.position(), plant.velocity(), plant.effort()))
        self.bus.send(reply(number, kind, status, *state))
        if joint == len(self._joints) - 1:
            self._note(now_ns)

    def _switch(self, number: int, order: bytes) -> None:
        """Let a motor forget why it switched itself off, once that is over, or let it go on again, with no command."""
        if order == CLEAR and not (MOTOR_OFF in self._faults and number == self._failing):
            self._tripped.discard(number)
        if order == ENABLE and number not in self._on and not self._has_failed(number):
            self._drives.pop(number, None)
            self._on.add(number)

    def _has_failed(self, number: int) -> bool:
        return number in self._tripped or (MOTOR_OFF in self._faults and number == self._failing)

    def _stays(self, number: int) -> bool:
        """Whether a motor follows nothing."""
        stuck = STUCK_MOTOR in self._faults and number == STUCK
        return stuck or number not in self._on or self._has_failed(number)

    def _note(self, now_ns: int) -> None:
        """Note the target, now that the library has told the last of the joints."""
        drives = [self._drives.get(number) for number in self._joints]
        target = np.array([drive.position for drive in drives if drive is not None and drive.kp > 0.0])
        if len(target) == len(drives):
            self._targets.append(ReceivedTarget(now_ns, target))
            self._noted += 1

    def _follow(self, duration_s: float) -> None:
        """Send joints and gripper where their motors are told to go; without gain one sinks for `duration_s`."""
        measured = self._plant.position()
        for number, joint in self._joints.items():
            drive = self._drives.get(number)
            if drive is None or self._stays(number):
                continue
            if drive.kp > 0.0:
                self._target[joint] = drive.position
                self._damped.discard(joint)
            elif joint not in self._damped:
                self._target[joint] = measured[joint]
                self._damped.add(joint)
            elif number == SAGGING:
                self._target[joint] += SAG_RAD_S * duration_s
        self._plant.set_target(self._target)
        gripper = self._drives.get(GRIPPER)
        if gripper is not None and gripper.kp > 0.0 and not self._stays(GRIPPER):
            opening, force_n = gripper.position / self._open_rad, GRIPPER_N_M * abs(self._open_rad) / self._stroke_m
            self._plant.set_gripper_target(opening, GRIPPER_SPEED_1_S, force_n)

    def _gripper_state(self) -> tuple[float, float, float]:
        """Position, velocity and torque of the gripper's motor, which feels only what keeps it from going on."""
        opening, speed_1_s = self._plant.gripper_position(), self._plant.gripper_velocity()
        drive = self._drives.get(GRIPPER)
        if OVER_CURRENT in self._faults and self._held is not None:
            position = self._held * self._open_rad
            return position, 0.0, OVER_CURRENT_FACTOR * drive.kp * (drive.position - position) if drive else 0.0
        position, velocity = opening * self._open_rad, speed_1_s * self._open_rad
        if drive is None:
            return position, velocity, 0.0
        held = max(0.0, 1.0 - abs(speed_1_s) / GRIPPER_FREE_1_S)
        return position, velocity, held * drive.kp * (drive.position - position)
