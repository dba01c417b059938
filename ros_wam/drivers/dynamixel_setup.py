"""Makes the servos of a ViperX-300 S ready without moving the arm, and finds out which of them cannot be.

What a person set in the EEPROM is checked and never changed: a servo that differs sits in another place than it should,
or its limits were widened. What ALOHA's own launch sets is set: operating modes, and the gripper's current limit.
"""

from collections.abc import Mapping, Sequence

from ros_wam.clock import Clock
from ros_wam.drivers import dynamixel_servos as dxl
from ros_wam.drivers.dynamixel_goals import NEAR_RAD
from ros_wam.drivers.dynamixel_port import DynamixelPort
from ros_wam.drivers.dynamixel_servos import JOINTS, NUMBERS, SERVOS, Register, Servo, hardware_error_text
from ros_wam.errors import DriverError, DriverUnreachable

WATCHDOG = 25
"""Of 20 ms: a servo that hears nothing for 0.5 s stops where it is, for when this whole computer dies. Our choice."""
WATCHDOG_EXPIRED = 255
SLOWEST = 1
"""0.024 rad/s: how fast a servo may be while it is not known where it goes once its watchdog is cleared."""
AGREE_RAD = 0.05
"""How far a shadow may be measured from its leader: with more they push against each other."""
PRESSING = 0.25
"""The share of its current from which on a gripper presses on something rather than rubs."""
STATUS_BEGIN = dxl.TORQUE.address
STATUS_SIZE = dxl.BUS_WATCHDOG.address + 1 - STATUS_BEGIN
"""The registers that say whether a servo can move (`stop_reason`)."""
REBOOT_TIMEOUT_NS = 3_000_000_000
ATTEMPTS = 3
_POLL_NS = 20_000_000

Tables = Mapping[int, bytes]


def survey(port: DynamixelPort, arm: str) -> Tables:
    """Read every register of every servo; raises DriverUnreachable naming a servo that does not answer."""
    answers = port.read_surely(NUMBERS, 0, dxl.TABLE_SIZE)
    if answers.missing is not None:
        raise DriverUnreachable(f"{servo_name(arm, answers.missing)} on {port.path} does not answer: {answers.why}")
    return answers


def servo_name(arm: str, number: int) -> str:
    """Return what a person calls a servo."""
    return f"{arm} {SERVOS[number - 1].name} (servo {number})"


def stop_reason(arm: str, tables: Tables, begin: int = 0) -> str | None:
    """Return which servo cannot move and why, None if all can; `tables` were read from address `begin` on."""
    for number, table in tables.items():
        error = dxl.HARDWARE_ERROR.of(table, begin)
        if error:
            return f"{servo_name(arm, number)}: {hardware_error_text(error)}"
    for number, table in tables.items():
        if dxl.BUS_WATCHDOG.of(table, begin) == WATCHDOG_EXPIRED:
            return f"{servo_name(arm, number)}: it heard nothing for {WATCHDOG * 0.02:g} s (bus watchdog)"
        if not dxl.TORQUE.of(table, begin):
            return f"{servo_name(arm, number)}: torque is off"
    return None


def pressing_nm(gripper_current: int) -> float:
    """Return the torque from which on a gripper with this current presses on something."""
    return PRESSING * gripper_current * SERVOS[dxl.GRIPPER - 1].torque_nm_per_a * dxl.CURRENT_A


def require_eeprom(arm: str, tables: Tables) -> None:
    """Raise DriverError naming every setting that is not as the arm's maker has it."""
    wrong = [
        f"{servo_name(arm, servo.number)}: {register.name} is {register.of(tables[servo.number])}, must be {wanted}"
        for servo in SERVOS
        for register, wanted in servo.eeprom.items()
        if register.of(tables[servo.number]) != wanted
    ]
    wrong += [
        f"{servo_name(arm, servo.number)} is {away:.3f} rad from the servo that it follows, at most {AGREE_RAD}: "
        "its homing offset is wrong"
        for servo in SERVOS
        if servo.shadow_of != 255 and (away := _apart_rad(tables[servo.shadow_of], tables[servo.number])) > AGREE_RAD
    ]
    if wrong:
        raise DriverError(f"{'; '.join(wrong)}; set it with DYNAMIXEL Wizard while the arm is held")


def reboot_failed(port: DynamixelPort, arm: str, clock: Clock) -> None:
    """Restart the servos that have a hardware error, and wait for them; the others keep their arm up meanwhile."""
    failed = [number for number, table in survey(port, arm).items() if dxl.HARDWARE_ERROR.of(table)]
    for number in failed:
        port.reboot(number)
    deadline_ns = clock.now_ns() + REBOOT_TIMEOUT_NS
    while failed and port.read(NUMBERS, dxl.MODEL.address, dxl.MODEL.size).missing is not None:
        if clock.now_ns() > deadline_ns:
            raise DriverError(f"{', '.join(servo_name(arm, number) for number in failed)}: no answer after a reboot")
        clock.sleep_until_ns(clock.now_ns() + _POLL_NS)


def prepare(port: DynamixelPort, arm: str, gripper_current: int, speeds: Sequence[int]) -> dict[int, int]:
    """Switch every servo on where it is, with its bus watchdog armed; raises DriverError where one refuses.

    A goal near the arm is kept, and so is that of a gripper that presses on something. `speeds`: profile velocities in
    the order of `JOINTS`. Returns the goals.
    """
    tables = survey(port, arm)
    require_eeprom(arm, tables)
    goals = {servo.number: _goal(arm, servo, tables[servo.number], gripper_current) for servo in JOINTS}
    _set(port, arm, dxl.PROFILE_ACCELERATION, dict.fromkeys(goals, 0))
    _set(port, arm, dxl.PROFILE_VELOCITY, dict.fromkeys(goals, SLOWEST))
    port.write_all(dxl.BUS_WATCHDOG, dict.fromkeys(NUMBERS, 0))
    port.write_all(dxl.GOAL_POSITION, goals)  # at once: a servo that is free again may go on to where it was sent
    _set(port, arm, dxl.BUS_WATCHDOG, dict.fromkeys(NUMBERS, 0))
    _set(port, arm, dxl.GOAL_POSITION, goals)
    for servo in SERVOS:
        _set_mode(port, arm, servo, tables[servo.number])
    for register, value in dxl.GAINS.items():
        _set(port, arm, register, dict.fromkeys(NUMBERS, value))
    _set(port, arm, dxl.GOAL_CURRENT, {dxl.GRIPPER: gripper_current})
    _set(port, arm, dxl.PROFILE_VELOCITY, {servo.number: speed for servo, speed in zip(JOINTS, speeds, strict=True)})
    tables = survey(port, arm)  # an arm without torque may be moved meanwhile, and another mode has another goal
    goals |= {
        servo.number: _goal(arm, servo, tables[servo.number], gripper_current)
        for servo in JOINTS
        if not dxl.TORQUE.of(tables[servo.number])
    }
    _set(port, arm, dxl.GOAL_POSITION, goals)
    _set(port, arm, dxl.TORQUE, dict.fromkeys(NUMBERS, 1))
    _set(port, arm, dxl.BUS_WATCHDOG, dict.fromkeys(NUMBERS, WATCHDOG))
    return goals


def disarm(port: DynamixelPort) -> None:
    """End the watchdogs, since nobody will speak any more; where one has stopped its servo, it stays stopped."""
    answers = port.read_surely(NUMBERS, dxl.BUS_WATCHDOG.address, dxl.BUS_WATCHDOG.size)
    begin = dxl.BUS_WATCHDOG.address
    if answers.missing is None and all(
        dxl.BUS_WATCHDOG.of(data, begin) != WATCHDOG_EXPIRED for data in answers.values()
    ):
        port.write_all(dxl.BUS_WATCHDOG, dict.fromkeys(NUMBERS, 0))


def _set(port: DynamixelPort, arm: str, register: Register, values: Mapping[int, int]) -> None:
    """Write a register of several servos, and their shadows', at once; raises DriverError unless it reads so then."""
    for _ in range(ATTEMPTS):
        port.write_all(register, values)
        answers = port.read_surely(list(values), register.address, register.size)
        if answers.missing is not None:
            raise DriverError(f"{servo_name(arm, answers.missing)} does not answer: {answers.why}")
        wrong = {number: register.of(data, register.address) for number, data in answers.items()}
        wrong = {number: value for number, value in wrong.items() if value != values[number]}
        if not wrong:
            return
    told = (f"{servo_name(arm, number)}: {register.name} is {wrong[number]}, not {values[number]}" for number in wrong)
    raise DriverError(f"{'; '.join(told)}, although it was set")


def _set_mode(port: DynamixelPort, arm: str, servo: Servo, table: bytes) -> None:
    wanted = {dxl.OPERATING_MODE: servo.operating_mode}
    if servo.number == dxl.GRIPPER:
        wanted[dxl.CURRENT_LIMIT] = dxl.GRIPPER_CURRENT_LIMIT
    for register, value in wanted.items():
        if register.of(table) == value:
            continue
        if dxl.TORQUE.of(table):
            raise DriverError(
                f"{servo_name(arm, servo.number)}: {register.name} is {register.of(table)}, must be {value}; "
                "hold the arm and switch its torque off, then it is set"
            )
        _set(port, arm, register, {servo.number: value})


def _goal(arm: str, servo: Servo, table: bytes, gripper_current: int) -> int:
    """Return where the joint is, or the goal that it holds there.

    What a servo that its watchdog stopped does with its goal is not documented: it is told to stay where it stands.
    """
    present, goal = dxl.PRESENT_POSITION.of(table), dxl.GOAL_POSITION.of(table)
    if dxl.TORQUE.of(table):
        if servo.number == dxl.GRIPPER:
            current = dxl.PRESENT_CURRENT.of(table) * (1 if goal > present else -1)
            if current >= PRESSING * gripper_current:
                return goal
        if dxl.BUS_WATCHDOG.of(table) != WATCHDOG_EXPIRED and abs(present - goal) <= NEAR_RAD * dxl.TICKS_PER_RAD:
            return goal
    if servo.number != dxl.GRIPPER and not servo.least <= present <= servo.greatest:
        raise DriverError(
            f"{servo_name(arm, servo.number)} is at {dxl.radians(present):.3f} rad, outside its limits "
            f"{dxl.radians(servo.least):.3f} … {dxl.radians(servo.greatest):.3f}; move the joint by hand"
        )
    return present


def _apart_rad(one: bytes, other: bytes) -> float:
    return abs(dxl.PRESENT_POSITION.of(one) - dxl.PRESENT_POSITION.of(other)) / dxl.TICKS_PER_RAD
