"""The doctor's rows of the policy server."""

from dataclasses import replace

import pytest
from doctor_fixtures import failed, found
from fake_policy import BASELINE

from ros_wam.doctor.measured import Asked
from ros_wam.doctor.policy_checks import policy_checks
from ros_wam.policy.execution import Execution

FAST = Asked((10.0,) * 10, (30, 7), greeted=True, declares=("embodiment",))
ALL = ["policy metadata", "policy server", "policy latency"]


def test_a_server_that_is_right_and_fast() -> None:
    checks = policy_checks(FAST, BASELINE)
    assert failed(checks) == []
    assert found(checks, "policy latency") == "p50 10.0, p99 10.0 ms; 10 warm requests"


def test_a_server_that_states_nothing_is_not_said_to_fit() -> None:
    assert found(policy_checks(FAST, BASELINE), "policy metadata") == "as the profile says"
    for declares in ((), ("reset_pose",)):
        checks = policy_checks(replace(FAST, declares=declares), BASELINE)
        assert failed(checks) == []
        assert found(checks, "policy metadata") == "nothing to compare, which the profile allows"


def test_a_server_of_another_robot() -> None:
    checks = policy_checks(Asked(mismatch="embodiment: server 'ur5e', profile 'ur5'"), BASELINE)
    assert "policy metadata" in failed(checks)
    assert found(checks, "policy metadata") == "embodiment: server 'ur5e', profile 'ur5'"


def test_a_server_that_is_dead() -> None:
    checks = policy_checks(Asked(error="cannot be reached"), BASELINE)
    assert failed(checks) == ALL
    assert found(checks, "policy server") == "cannot be reached"


def test_a_server_that_was_not_asked() -> None:
    assert failed(policy_checks(None, BASELINE)) == ALL


def test_actions_of_another_shape() -> None:
    assert failed(policy_checks(replace(FAST, shape=(30, 8)), BASELINE)) == ["policy server"]


@pytest.mark.parametrize(
    ("execution", "hidden_ms"),
    [
        (Execution("async", 15), 483.3),
        (Execution("receding", 15), 466.6),
        (Execution("receding", 5), 483.3),
        (Execution("ensemble"), 483.3),
    ],
)
def test_an_answer_may_take_as_long_as_its_strategy_hides(execution: Execution, hidden_ms: float) -> None:
    profile = replace(BASELINE, execution=execution)
    for latency_ms, names in ((hidden_ms, []), (hidden_ms + 0.1, ["policy latency"])):
        checks = policy_checks(replace(FAST, latencies_ms=(latency_ms,) * 10), profile)
        assert failed(checks) == names
    assert checks[-1].limit.endswith(f"ms or less, what {execution.strategy} hides")


def test_where_the_robot_waits_anyway_an_answer_may_take_as_long_as_a_call() -> None:
    profile = replace(BASELINE, execution=Execution("sequential", 15))
    assert failed(policy_checks(replace(FAST, latencies_ms=(9000.0,) * 10), profile)) == []
    assert failed(policy_checks(replace(FAST, latencies_ms=(11_000.0,) * 10), profile)) == ["policy latency"]
