"""Statistics compared with numpy's own."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ros_wam.export.statistics import QUANTILES, PictureHistogram, statistics

PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(2, 6), st.integers(2, 6), st.just(3)))


@settings(deadline=None)
@given(PICTURES, PICTURES)
def test_a_histogram_tells_what_all_pixels_would(first: np.ndarray, second: np.ndarray) -> None:
    histograms = [PictureHistogram(), PictureHistogram()]
    for histogram, pictures in zip(histograms, (first, second), strict=True):
        for picture in pictures:
            histogram.add(picture)
    told = histograms[0].merged(histograms[1]).statistics()
    pixels = np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)]) / 255.0
    for name, expected in (("min", pixels.min(0)), ("max", pixels.max(0)), ("mean", pixels.mean(0))):
        np.testing.assert_allclose(told[name].ravel(), expected, atol=1e-9)
    np.testing.assert_allclose(told["std"].ravel(), pixels.std(0), atol=1e-7)
    for name, share in QUANTILES.items():
        expected = np.quantile(pixels, share, axis=0, method="inverted_cdf")
        np.testing.assert_allclose(told[name].ravel(), expected, atol=1e-9)
    assert told["count"].tolist() == [len(first) + len(second)]
    assert told["mean"].shape == (3, 1, 1)


def test_columns_are_described_one_by_one() -> None:
    values = np.stack([np.arange(101), 10.0 * np.arange(101)], axis=1)
    told = statistics(values)
    assert told["q10"].tolist() == [10.0, 100.0] and told["max"].tolist() == [100.0, 1000.0]
    assert told["mean"].tolist() == [50.0, 500.0] and told["count"].tolist() == [101]


def test_nanosecond_stamps_keep_every_digit() -> None:
    stamps = np.array([[1_790_000_000_000_000_001], [1_790_000_000_000_000_101]])
    assert statistics(stamps)["min"].tolist() == [1_790_000_000_000_000_001]
    assert statistics(np.array([[True], [False]]))["mean"].tolist() == [0.5]
