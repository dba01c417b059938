"""The table of checks in the documentation is the checks' own."""

from dataclasses import replace
from pathlib import Path

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.finding import CheckName
from ros_wam.quality.page import check_rows, with_table

PAGE = Path(__file__).parents[1] / "docs" / "demonstrations.md"


def test_the_page_has_the_checks_as_they_are() -> None:
    page = PAGE.read_text()
    assert with_table(page) == page, "make docs"


def test_every_check_has_a_row_with_its_bounds() -> None:
    assert list(check_rows(Bounds())) == list(CheckName)
    assert "for 700 ms" not in str(check_rows(Bounds()))
    assert "for 700 ms" in str(check_rows(replace(Bounds(), hole_s=0.7))[CheckName.DROPPED_FRAMES])
