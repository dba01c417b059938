"""A benchmark's result as tables for the terminal."""

from collections.abc import Iterator

from rich import box
from rich.table import Table

from ros_wam.bench.result import BenchResult
from ros_wam.bench.table import figure, rows_table


def bench_table(result: BenchResult) -> Iterator[Table | str]:
    """Yield a title, the rows with ours in bold, and the figures."""
    yield f"{result.bench}: {result.machine['processor']}, {result.machine['cores']} cores"
    text = rows_table(result)
    if text.rows:
        table = _table()
        for column, cells in zip(text.columns, zip(*text.rows, strict=True), strict=True):
            numeric = all(cell[0].isdigit() or cell[0] in "–-" for cell in cells)
            table.add_column(column, justify="right" if numeric else "left")
        for cells in text.rows:
            table.add_row(*cells, style="bold" if cells[0] == "ros_wam" else "")
        yield table
        yield "; ".join(text.notes) + "\n" if text.notes else ""
    figures = _table()
    figures.add_column("figure")
    figures.add_column("value", justify="right")
    for name, value in result.figures.items():
        figures.add_row(name, figure(value))
    yield figures


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
