"""What is left of a chunk: from the observation's stamp on, a row apart, until the chunk is over."""

import numpy as np
import pytest

from ros_wam.policy.commitment import commitment
from ros_wam.types import ActionChunk

DT_S = 0.1
S = 1_000_000_000
CHUNK = ActionChunk(1, 1, S, S, DT_S, np.arange(5.0)[:, np.newaxis] * [1.0, -2.0])


@pytest.mark.parametrize(
    ("elapsed_rows", "left"),
    [
        (0.0, [0.0, 1.0, 2.0, 3.0, 4.0]),
        (1.5, [1.5, 2.5, 3.5]),
        (3.0, [3.0, 4.0]),
        (4.0, [4.0]),
        (-0.5, [0.0, 0.5, 1.5, 2.5, 3.5]),  # a picture from just before the chunk began
    ],
)
def test_rows_are_taken_at_the_stamp_and_every_row_after(elapsed_rows: float, left: list[float]) -> None:
    found = commitment(CHUNK, S + round(elapsed_rows * DT_S * 1e9), 2)
    assert found is not None
    assert found.delay_rows == 2
    np.testing.assert_allclose(found.positions, np.outer(left, [1.0, -2.0]), atol=1e-9)


def test_nothing_is_left_of_a_chunk_that_is_over() -> None:
    assert commitment(CHUNK, S + round(4.01 * DT_S * 1e9), 2) is None
