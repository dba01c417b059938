"""What a client adds: its figures, its pictures, and openpi's environment. Measured it is in test_openpi_client.py."""

from pathlib import Path

import numpy as np
import pytest

from ros_wam.bench.client import client_figures, client_rows, openpi_calls, psnr_db
from ros_wam.bench.openpi_environment import environment_folder, openpi_python
from ros_wam.errors import ConfigError, TrialError
from ros_wam.texture import textured

FOUND = {
    "ros_wam": np.array([[0.5, 1.0, 452_000], [0.5, 9.0, 452_000], [0.5, 1.0, 452_000]]),
    "ros_wam, JPEG": np.array([[1.5, 2.0, 50_000]] * 3),
    "openpi-client": np.array([[3.5, 4.0, 452_100]] * 3),
}


def test_figures_are_medians_of_all_calls() -> None:
    figures = client_figures(FOUND, 41.0)
    assert (figures["ours_ms"], figures["openpi_client_ms"], figures["ratio"]) == (1.0, 4.0, 0.25)
    assert (figures["bytes_ours"], figures["bytes_openpi"], figures["psnr_db"]) == (452_000, 452_100, 41.0)
    assert (figures["jpeg_ms"], figures["bytes_jpeg"]) == (2.0, 50_000)


def test_a_row_tells_of_preparing_and_of_the_slowest_calls() -> None:
    row = client_rows(FOUND)[0]
    assert (row["prepare_p50_ms"], row["p50_ms"], row["calls"]) == (0.5, 1.0, 3)
    assert row["p99_ms"] == pytest.approx(8.84)


def test_padding_does_not_make_pictures_alike() -> None:
    reference = np.zeros((8, 8, 3), np.uint8)
    reference[2:6, 1:7] = 100
    image = np.where(reference > 0, reference + 10, 0).astype(np.uint8)
    assert psnr_db(image, reference) == pytest.approx(20 * np.log10(255 / 10))
    assert psnr_db(reference, reference) == pytest.approx(100.0)


def test_the_textured_picture_is_the_same_each_time_and_uses_the_range() -> None:
    picture = textured(0)
    np.testing.assert_array_equal(picture, textured(0))
    assert (picture.shape, picture.dtype) == ((480, 640, 3), np.uint8)
    assert picture.astype(float).std() > 40.0
    near, far = (np.abs(np.diff(picture[:, ::step].astype(float), axis=1)).mean() for step in (1, 16))
    assert near < 0.7 * far  # structure at every scale, not noise of single pixels


def test_an_environment_that_is_complete_is_used_and_one_that_cannot_be_made_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environment_folder() == tmp_path / "ros_wam" / "openpi-client"
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"openpi-client==0\.1\.2 .* cannot be installed into .*/file/env: "):
        openpi_python(tmp_path / "file" / "env", print)


def test_a_client_that_fails_is_told(tmp_path: Path) -> None:
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\necho 'ConnectionRefusedError: nobody there' >&2\nexit 1\n")
    failing.chmod(0o755)
    with pytest.raises(TrialError, match="openpi-client failed: ConnectionRefusedError: nobody there"):
        openpi_calls(failing, 1, tmp_path)
