"""The chunk-switch benchmark: what it promises of the production classes, and what it computes of any motion."""

import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from motion_fixtures import robot

from ros_wam.bench import chunk_switch as bench
from ros_wam.bench.command_figures import command_figures, savitzky_golay_jerk
from ros_wam.bench.erring_policy import DURATION_S, NOMINAL_STEP_RAD, ErringPolicy, wanted_positions
from ros_wam.bench.openpi_broker import broker_motion
from ros_wam.bench.published import CHUNK_SWITCH
from ros_wam.types import FloatArray


@pytest.mark.parametrize("latency_s", bench.LATENCIES_S)
@pytest.mark.parametrize("rate_hz", [125.0, pytest.param(500.0, marks=(pytest.mark.slow, pytest.mark.virtual))])
def test_switching_between_chunks_that_disagree_is_smooth_and_not_late(latency_s: float, rate_hz: float) -> None:
    positions, idle_s = bench.smoothed_motion(replace(robot(), control_rate_hz=rate_hz), latency_s)
    found = command_figures(positions, wanted_positions(np.arange(len(positions)) / rate_hz), rate_hz)
    assert idle_s == 0.0
    assert found.step_rad <= 0.014
    assert found.rms_error_rad <= 0.018
    assert found.peak_velocity_rad_s <= 2.0
    assert found.peak_acceleration_rad_s2 <= 8.0 + 1e-6
    assert found.peak_jerk_rad_s3 <= 80.0 + 1e-3


@pytest.mark.virtual
@pytest.mark.slow
def test_the_figures_are_those_of_the_definition() -> None:
    said: list[str] = []
    result = bench.chunk_switch(said.append)
    assert said == ["latency 100 ms", "latency 200 ms", "latency 400 ms"]
    names = "idle_pct_100 idle_pct_200 idle_pct_400 max_step_mrad_200 rms_error_mrad_200"
    names += " peak_velocity_ratio peak_acceleration_ratio peak_jerk_ratio"
    assert sorted(result.figures) == sorted(names.split())
    assert result.figures["max_step_mrad_200"] <= 14.0
    assert max(result.figures["peak_acceleration_ratio"], result.figures["peak_jerk_ratio"]) <= 1.0
    assert [row["latency_ms"] for row in result.rows if row["method"] == "ros_wam"] == [100, 200, 400]
    assert len({row["method"] for row in result.rows}) == 9


def test_the_wanted_motion_is_that_of_the_definition() -> None:
    times_s = np.arange(0.0, 20.0, 0.002)
    wanted = wanted_positions(times_s)
    assert wanted.shape == (10_000, 6)
    assert wanted[0, 1] == pytest.approx(0.3 * np.sin(0.7))
    assert np.abs(np.diff(wanted, axis=0)).max() * 500.0 / 30.0 == pytest.approx(NOMINAL_STEP_RAD, rel=1e-3)


def test_chunks_err_by_a_bias_and_a_drift_of_their_own() -> None:
    policy, random = ErringPolicy(), np.random.default_rng(0)
    for observed_s in (0.0, 0.7):
        bias, drift = random.normal(0.0, 0.020, 6), random.normal(0.0, 0.010, 6)
        error = policy.chunk(observed_s) - wanted_positions(observed_s + np.arange(30) / 30.0)
        np.testing.assert_allclose(error[0], bias, atol=1e-12)
        np.testing.assert_allclose(error[15], bias + drift / 2.0, atol=1e-12)


def test_the_savitzky_golay_jerk_of_a_cubic_is_its_jerk_and_of_noise_is_that_of_scipy() -> None:
    times_s = np.arange(200) / 500.0
    cubic = np.column_stack([7.0 * times_s**3 - times_s**2, 1.0 + times_s])
    jerk = savitzky_golay_jerk(cubic, 500.0)
    assert jerk.shape == (150, 2)
    np.testing.assert_allclose(jerk, np.tile([42.0, 0.0], (150, 1)), atol=1e-6)
    impulse = np.zeros((51, 1))
    impulse[[3, 25, 40], 0] = 0.001, -0.002, 0.0005
    # scipy.signal.savgol_filter(impulse, 51, 3, deriv=3, delta=1 / 500, axis=0)[25]
    np.testing.assert_allclose(savitzky_golay_jerk(impulse, 500.0), [[-7.7837133885963]], rtol=1e-9)


def test_steps_accelerations_and_errors_are_found_where_they_are() -> None:
    wanted = np.zeros((2500, 2))
    positions = np.zeros((2500, 2))
    positions[2000:, 1] = 0.01
    found = command_figures(positions, wanted, 500.0)
    assert found.step_rad == pytest.approx(0.01)
    assert found.acceleration_rad_s2 == found.peak_acceleration_rad_s2 == pytest.approx(0.01 * 500**2)
    assert found.peak_jerk_rad_s3 == pytest.approx(2 * 0.01 * 500**3)
    assert found.rms_error_rad == pytest.approx(0.01 * np.sqrt(500 / (2 * 1499)))
    positions[100:, 0] = 0.5  # before the first 2 s are over: a peak, but no step
    found = command_figures(positions - [0.5, 0.0], wanted, 500.0)
    assert found.step_rad == pytest.approx(0.01)
    assert found.peak_velocity_rad_s == pytest.approx(0.5 * 500)


class _Broker:
    """openpi's ActionChunkBroker as it is used here."""

    def __init__(self, policy: Any, action_horizon: int) -> None:
        self._policy, self._horizon, self._rows = policy, action_horizon, list[FloatArray]()

    def infer(self, obs: dict[str, Any]) -> dict[str, Any]:
        if not self._rows:
            self._rows = list(self._policy.infer(obs)["actions"][: self._horizon])
        return {"actions": self._rows.pop(0)}


@pytest.mark.parametrize(("latency_s", "published"), list(zip(bench.LATENCIES_S, CHUNK_SWITCH[:3], strict=True)))
def test_a_broker_that_waits_gives_the_figures_that_were_measured_before(
    latency_s: float, published: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("openpi_client.action_chunk_broker")
    module.ActionChunkBroker = _Broker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "openpi_client.action_chunk_broker", module)
    monkeypatch.setattr("ros_wam.bench.openpi_broker.find_spec", lambda name: object())
    motion = broker_motion(latency_s, 500.0)
    assert motion is not None
    found = command_figures(motion[0], wanted_positions(np.arange(10_000) / 500.0), 500.0)
    assert 100.0 * motion[1] / DURATION_S == pytest.approx(published["idle_pct"])
    assert 1e3 * found.step_rad == pytest.approx(published["step_mrad"], abs=0.5)
    assert 1e3 * found.rms_error_rad == pytest.approx(published["rms_error_mrad"], abs=0.5)
    assert found.rms_jerk_rad_s3 == pytest.approx(published["rms_jerk_rad_s3"], rel=0.005)


def test_without_openpi_client_its_figures_are_those_measured_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ros_wam.bench.openpi_broker.find_spec", lambda name: None)
    assert broker_motion(0.1, 500.0) is None
