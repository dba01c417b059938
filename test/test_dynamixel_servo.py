"""One emulated servo: what its registers take, refuse and do."""

import pytest

from ros_wam.sim.emulators.dynamixel_servo import MIDDLE, OVERLOAD, REBOOT_NS, TICKS_PER_RAD, DynamixelServo
from ros_wam.sim.emulators.dynamixel_table import ACCESS, DATA_LENGTH, DATA_LIMIT, DATA_RANGE, FIELDS, RESULT_FAIL

PERIOD_S, PERIOD_NS = 0.001, 1_000_000


@pytest.fixture
def servo() -> DynamixelServo:
    made = DynamixelServo({"id": 4, "model": 1120, "min_position": 1000, "max_position": 3000}, 1, 2.4)
    made.sense(0.1, 0.0, 0.0)
    return made


def write(servo: DynamixelServo, name: str, value: int) -> int:
    field = FIELDS[name]
    return servo.write(field.address, value.to_bytes(field.size, "little", signed=value < 0))


def switch_on(servo: DynamixelServo) -> None:
    assert write(servo, "goal_position", servo.table["present_position"]) == 0
    assert write(servo, "torque", 1) == 0


def run(servo: DynamixelServo, duration_s: float, begin_ns: int = 0) -> int:
    now_ns = begin_ns
    for _ in range(round(duration_s / PERIOD_S)):
        now_ns += PERIOD_NS
        servo.cycle(now_ns, PERIOD_S)
        servo.sense(servo.setpoint_rad, 0.0, 0.0)
    return now_ns


def test_the_table_does_not_overlap() -> None:
    used = [address for field in FIELDS.values() for address in range(field.address, field.address + field.size)]
    assert len(used) == len(set(used))


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("goal_position", 999, DATA_LIMIT),
        ("goal_position", 3001, DATA_LIMIT),
        ("goal_current", 2048, DATA_RANGE),
        ("bus_watchdog", 128, DATA_RANGE),
        ("operating_mode", 2, DATA_RANGE),
        ("present_position", 0, ACCESS),
        ("goal_position", 2000, 0),
        ("bus_watchdog", 25, 0),
    ],
)
def test_what_a_register_takes(servo: DynamixelServo, name: str, value: int, error: int) -> None:
    before = servo.table[name]
    assert write(servo, name, value) == error
    assert servo.table[name] == (before if error else value)


def test_half_a_register_and_no_register_are_refused(servo: DynamixelServo) -> None:
    assert servo.write(FIELDS["goal_position"].address, b"\x00\x00") == DATA_LENGTH
    assert servo.write(140, b"\x00") == ACCESS


def test_the_eeprom_is_locked_while_torque_is_on(servo: DynamixelServo) -> None:
    assert write(servo, "max_position", 2900) == 0
    switch_on(servo)
    assert write(servo, "max_position", 2800) == ACCESS
    assert write(servo, "profile_velocity", 10) == 0


@pytest.mark.parametrize(("mounting", "drive_mode", "sign"), [(1, 0, 1), (1, 1, -1), (-1, 0, -1), (-1, 1, 1)])
def test_mounting_and_drive_mode_turn_positions_goals_and_currents(mounting: int, drive_mode: int, sign: int) -> None:
    servo = DynamixelServo({"drive_mode": drive_mode}, mounting, 2.4)
    servo.sense(0.5, 1.0, 2.4)
    assert servo.table["present_position"] == MIDDLE + sign * round(0.5 * TICKS_PER_RAD)
    assert servo.table["present_velocity"] == sign * 42 and servo.table["present_current"] == sign * 372
    write(servo, "goal_position", MIDDLE + 300)
    assert servo.goal_rad == pytest.approx(sign * 300 / TICKS_PER_RAD)


def test_without_torque_it_drives_nowhere_and_with_it_to_its_goal(servo: DynamixelServo) -> None:
    write(servo, "goal_position", 2500)
    run(servo, 0.1)
    assert servo.setpoint_rad == 0.0 and not servo.has_torque
    write(servo, "torque", 1)
    run(servo, 0.1)
    assert servo.setpoint_rad == servo.goal_rad


def test_the_profile_bounds_speed_and_acceleration(servo: DynamixelServo) -> None:
    switch_on(servo)
    write(servo, "profile_velocity", 42)  # 1.007 rad/s
    write(servo, "goal_position", MIDDLE + round(0.6 * TICKS_PER_RAD))
    start = servo.setpoint_rad
    run(servo, 0.2)
    assert servo.setpoint_rad - start == pytest.approx(0.2, rel=0.02)
    write(servo, "profile_acceleration", 10)  # 3.745 rad/s²
    run(servo, 1.0)
    assert servo.setpoint_rad == servo.goal_rad
    write(servo, "goal_position", MIDDLE)
    start = servo.setpoint_rad
    run(servo, 0.1)
    assert start - servo.setpoint_rad == pytest.approx(0.5 * 3.745 * 0.1**2, rel=0.05)


def test_the_bus_watchdog_stops_it_and_locks_its_goal_until_it_is_cleared(servo: DynamixelServo) -> None:
    write(servo, "bus_watchdog", 5)
    run(servo, 0.3)
    assert servo.table["bus_watchdog"] == 5  # it counts with torque only
    servo.hear(300_000_000)
    switch_on(servo)
    write(servo, "profile_velocity", 10)
    write(servo, "goal_position", 2900)
    now_ns = run(servo, 0.099, 300_000_000)
    assert servo.table["bus_watchdog"] == 5
    run(servo, 0.05, now_ns)
    assert servo.table["bus_watchdog"] == 255
    where = servo.setpoint_rad
    run(servo, 0.2, now_ns)
    assert servo.setpoint_rad == where and where < 0.2
    assert write(servo, "goal_position", 2000) == DATA_RANGE
    assert write(servo, "bus_watchdog", 0) == 0
    assert write(servo, "goal_position", 2000) == 0


def test_an_overload_switches_it_off_until_a_reboot(servo: DynamixelServo) -> None:
    switch_on(servo)
    servo.overloaded = True
    run(servo, 0.01)
    assert servo.table["hardware_error"] == OVERLOAD and not servo.has_torque and servo.alert
    assert write(servo, "torque", 1) == RESULT_FAIL
    servo.overloaded = False
    servo.reboot(0)
    assert not servo.can_hear(REBOOT_NS - 1) and servo.can_hear(REBOOT_NS)
    assert not servo.alert
    servo.sense(0.1, 0.0, 0.0)
    switch_on(servo)


def test_another_operating_mode_resets_what_it_concerns(servo: DynamixelServo) -> None:
    write(servo, "current_limit", 200)
    write(servo, "profile_velocity", 10)
    assert write(servo, "operating_mode", 5) == 0
    assert servo.table["goal_current"] == 200 and servo.table["profile_velocity"] == 0
    assert write(servo, "goal_current", 201) == DATA_LIMIT
    assert write(servo, "goal_position", 4000) == 0  # no limits in current-based position mode
