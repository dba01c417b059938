"""An emulated FR3 controller with a Franka Hand: what the unmodified libfranka, and so franky, connects to.

FCI version 10, joint positions only. The newest client is served. Poses in the base frame are published as identity.
Every cycle of 1 ms takes the answer to the state before and publishes the next. A real controller never sends states
faster than that: where the station catches up, cycles are left out, and the controller's own time falls behind.
"""

import logging
import selectors
import socket
from collections import deque
from collections.abc import Mapping

import numpy as np

from ros_wam.clock import Clock
from ros_wam.errors import SimError
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.sim.emulators.fci import (
    FCI_PORT,
    FCI_VERSION,
    JOINT_IMPEDANCE,
    JOINT_POSITION_MOTION,
    NO_MOTION,
    OTHER_CONTROLLER,
    RATE_HZ,
    Error,
    MoveStatus,
    Request,
    RobotMode,
    blank_state,
    joint_command,
)
from ros_wam.sim.emulators.fci_motion import JointMotion
from ros_wam.sim.emulators.fci_requests import FciRequests
from ros_wam.sim.emulators.franka_hand import HAND_PORT, FrankaHand
from ros_wam.sim.emulators.plant import Plant
from ros_wam.sim.emulators.tcp import TcpPort, serve
from ros_wam.types import FloatArray

FREEZE, DROP, REFUSE, REFLEX, USER_STOP = "freeze", "drop", "refuse", "reflex", "user_stop"
COMMUNICATION, GRIPPER_FREEZE = "communication_constraints", "gripper_freeze"
SILENT_SERVO = "silent_servo"
"""Commands are taken and the desired state follows them, but the arm stays; afterwards it leaps to them."""
CLOSEST_NS = 500_000
"""No two states are sent closer together, so that a client has time to answer."""
GRACE_CYCLES = 100
"""How long a client may take to its first answer of a motion; our choice, for its thread to start on a busy machine."""
RECOVERY_CYCLES = 1000
"""An automatic error recovery takes about a second (its length is not published)."""
REST_RAD_S = 0.01
TARGETS_KEPT = 4096
_log = logging.getLogger(__name__)


class FrankaEmulator:
    """One arm and its hand on one address. Starts idle, with brakes open and FCI active, as Desk leaves it."""

    faults = (FREEZE, DROP, REFUSE, REFLEX, USER_STOP, COMMUNICATION, SILENT_SERVO, GRIPPER_FREEZE)
    rate_hz = RATE_HZ

    def __init__(
        self,
        address: str,
        plant: Plant,
        stroke_m: float,
        clock: Clock,
        version: int = FCI_VERSION,
        told_late: int = 0,
    ) -> None:
        """`told_late`: cycles by which the desired state is published late; libfranka's rate limiter asks for none."""
        self._address, self._plant, self._clock = address, plant, clock
        self._motion = JointMotion(plant.position())
        self._told = deque([self._motion.desired] * told_late, maxlen=told_late + 1)
        self._state = blank_state()
        self._reason: Error | None = None
        self._sent_ns, self._now_ns = -CLOSEST_NS, 0
        self._grace = self._recovering = 0
        self._answer: tuple[FloatArray, bool] | None = None
        self._faults: set[str] = set()
        self._targets: deque[ReceivedTarget] = deque(maxlen=TARGETS_KEPT)
        self._counts = dict.fromkeys(("targets", "cycles", "answered", "longest_loss", "communication_faults"), 0)
        self._counts["reflexes"] = 0
        self._udp: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._requests = FciRequests(self, version)
        self.hand = FrankaHand(address, plant, stroke_m)
        self._ports = [
            TcpPort(self._selector, address, FCI_PORT, self._requests.accept),
            TcpPort(self._selector, address, HAND_PORT, self.hand.accept),
        ]

    def start(self) -> None:
        for port in self._ports:
            port.open()
        if self._udp is None:
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.bind((self._address, 0))
            self._udp.setblocking(False)
            self._selector.register(self._udp, selectors.EVENT_READ, self._hear)

    def close(self) -> None:
        for port in self._ports:
            port.close()
        if self._udp is not None:
            self._selector.unregister(self._udp)
            self._udp.close()
            self._udp = None

    def cycle(self, now_ns: int) -> None:
        self._now_ns = now_ns
        serve(self._selector)
        self._requests.look()
        self.hand.cycle(self._udp)
        wall_ns = self._clock.now_ns()
        if wall_ns - self._sent_ns < CLOSEST_NS:
            return
        self._sent_ns = wall_ns
        self._control()
        if SILENT_SERVO not in self._faults or self.mode != RobotMode.MOVE:
            self._plant.set_target(self._motion.position)
        self._publish()

    def inject(self, fault: str) -> None:
        if fault not in self.faults:
            raise SimError(f"no fault {fault!r}; there are: {', '.join(self.faults)}")
        if fault == DROP:
            for port in self._ports:
                port.hang_up()
        elif fault == REFUSE:
            self.close()
        elif fault == REFLEX:
            self._stop_by(Error.CARTESIAN_REFLEX)
        else:
            self._faults.add(fault)
            self._requests.frozen = FREEZE in self._faults
            self.hand.frozen = bool(self._faults & {FREEZE, GRIPPER_FREEZE})
        if fault == USER_STOP:
            self._end(MoveStatus.PREEMPTED_BY_SAFETY)

    def clear(self) -> None:
        self._faults.clear()
        self._requests.frozen = self.hand.frozen = False
        self.start()

    def received_targets(self) -> tuple[ReceivedTarget, ...]:
        return tuple(self._targets)

    def forget_targets(self) -> None:
        """Begin `received_targets`, and the longest run of lost answers, anew."""
        self._targets.clear()
        self._counts["longest_loss"] = 0

    def counts(self) -> Mapping[str, int]:
        """`cycles` of motions that wanted an answer, those `answered` in time, the longest run of lost answers."""
        return dict(self._counts)

    @property
    def mode(self) -> RobotMode:
        """What the robot is doing."""
        if USER_STOP in self._faults:
            return RobotMode.USER_STOPPED
        if self._reason is not None:
            return RobotMode.AUTOMATIC_ERROR_RECOVERY if self._recovering else RobotMode.REFLEX
        return RobotMode.IDLE if self._state["motion_generator_mode"] == NO_MOTION else RobotMode.MOVE

    @property
    def is_at_rest(self) -> bool:
        """Whether no joint is meant to move any more."""
        return float(np.abs(self._motion.velocity).max()) < REST_RAD_S

    def begin_motion(self) -> None:
        """Follow the joint positions that come from now on."""
        self._state["motion_generator_mode"], self._state["controller_mode"] = JOINT_POSITION_MOTION, JOINT_IMPEDANCE
        self._state["reflex_reason"] = 0
        self._answer, self._grace = None, GRACE_CYCLES
        self._motion.begin()

    def preempt(self) -> None:
        """Brake, and end the motion where the joints rest."""
        if self.mode == RobotMode.MOVE:
            self._end(MoveStatus.PREEMPTED)

    def abort(self) -> None:
        """Stop a motion by reflex, since whoever commanded it has gone."""
        if self.mode == RobotMode.MOVE:
            self._stop_by(Error.COMMUNICATION_CONSTRAINTS)

    def recover(self) -> bool:
        """Begin to end a reflex; return whether that is possible."""
        if not self.is_at_rest:
            return False
        self._recovering = RECOVERY_CYCLES
        return True

    @property
    def settings(self) -> Mapping[Request, bytes]:
        """What each setter was given last, as it came."""
        return dict(self._requests.settings)

    def _control(self) -> None:
        if self._recovering:
            self._recovering -= 1
            if not self._recovering:
                self._end_recovery()
        if self._state["motion_generator_mode"] == NO_MOTION:
            if self._motion.brake():
                self._state["errors"] = 0  # as robots do: what a resting arm violates is over, the mode is not
            return
        if self._answer is not None:
            self._grace = 0
        reason = None
        if self._answer is not None and COMMUNICATION not in self._faults:
            target, finished = self._answer
            self._counts["answered"] += 1
            reason = self._motion.follow(target)
            if finished and reason is None:
                self._end(MoveStatus.SUCCESS)
        elif self._grace > 0:
            self._grace -= 1
            return
        else:
            reason = self._motion.lose()
            self._counts["longest_loss"] = max(self._counts["longest_loss"], self._motion.lost_in_a_row)
        self._counts["cycles"] += 1
        self._answer = None
        if reason is not None:
            self._stop_by(reason)

    def _end_recovery(self) -> None:
        self._reason = None
        self._requests.end_recovery()

    def _stop_by(self, reason: Error) -> None:
        """Brake and wait for a recovery."""
        _log.info("reflex: %s", reason.name.lower())
        self._reason, self._recovering = reason, 0
        self._state["errors"][reason] = self._state["reflex_reason"][reason] = 1
        self._counts["reflexes"] += 1
        self._counts["communication_faults"] += reason is Error.COMMUNICATION_CONSTRAINTS
        self._end(MoveStatus.REFLEX)

    def _end(self, status: MoveStatus) -> None:
        self._state["motion_generator_mode"], self._state["controller_mode"] = NO_MOTION, OTHER_CONTROLLER
        self._answer = None
        self._requests.end_motion(status)

    def _hear(self) -> None:
        assert self._udp is not None
        try:
            while True:
                command = joint_command(self._udp.recv(2048))
                if command is None or command[0] != self._state["message_id"] or FREEZE in self._faults:
                    continue  # an answer that is late is lost
                _, target, finished = command
                self._answer = target, finished
                self._counts["targets"] += 1
                self._targets.append(ReceivedTarget(self._now_ns, target))
        except (BlockingIOError, ConnectionRefusedError):
            return

    def _publish(self) -> None:
        state, plant = self._state, self._plant
        self._told.append(self._motion.desired)
        state["message_id"] += 1
        if self._requests.client is None or FREEZE in self._faults or self._udp is None:
            return
        state["q"], state["dq"] = plant.position(), plant.velocity()
        state["tau_J"], state["O_F_ext_hat_K"] = plant.effort(), plant.tool_wrench()
        state["q_d"], state["dq_d"], state["ddq_d"] = self._told[0]
        state["theta"], state["dtheta"] = state["q"], state["dq"]
        state["robot_mode"], state["control_command_success_rate"] = self.mode, self._motion.success_rate
        try:
            self._udp.sendto(state.tobytes(), self._requests.client)
        except (BlockingIOError, ConnectionRefusedError):
            return
