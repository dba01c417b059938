"""The page of results says of every fault what the table declares, and what was measured."""

from pathlib import Path

import pytest
from faults.document import declared
from faults.live_table import LIVE
from faults.lockstep_table import LOCKSTEP

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
FAULTS = {**LOCKSTEP, **LIVE}


def rows() -> dict[str, tuple[str, ...]]:
    """Return the cells of every row, by their first."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]
    return {row[0]: row for row in cells}


@pytest.mark.parametrize("name", FAULTS)
def test_the_page_declares_what_the_suite_asserts(name: str) -> None:
    *cells, measured = rows()[name]
    assert tuple(cells) == declared(FAULTS[name])
    assert (measured == "–") == (FAULTS[name].within is None)


def test_no_two_faults_have_one_name() -> None:
    assert len(FAULTS) == len(LOCKSTEP) + len(LIVE)


def test_the_page_has_no_fault_that_the_suite_does_not_inject() -> None:
    assert set(rows()) - {"fault", "---"} == set(FAULTS)
