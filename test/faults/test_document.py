"""The page of results says of every robot and fault what the table declares, and what was measured."""

from pathlib import Path

import pytest
from faults.document import declared
from faults.live_table import live_faults
from faults.lockstep_table import lockstep_faults
from faults.robots import ROBOTS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def tables(robot: str) -> list[dict[str, tuple[str, ...]]]:
    """Return the cells of every row, by their first, of each table of `robot`."""
    parts = [part for part in PAGE.read_text().split("\n### ")[1:] if part.startswith(f"{robot},")]
    return [{row[0]: row for row in rows(part)} for part in parts]


def rows(part: str) -> list[tuple[str, ...]]:
    lines = [line for line in part.splitlines() if line.startswith("| ")][2:]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_page_declares_what_the_suite_asserts(robot: str) -> None:
    lockstep, live = tables(robot)
    for shown, faults in ((lockstep, lockstep_faults(ROBOTS[robot])), (live, live_faults(robot))):
        assert list(shown) == list(faults)
        for name, fault in faults.items():
            *cells, measured = shown[name]
            assert tuple(cells) == declared(fault)
            assert (measured == "–") == (fault.within is None), name


@pytest.mark.parametrize("robot", ROBOTS)
def test_no_two_faults_of_a_robot_have_one_name(robot: str) -> None:
    assert not set(lockstep_faults(ROBOTS[robot])) & set(live_faults(robot))
