"""A benchmark's rows and figures as text, for the terminal and the documentation alike."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ros_wam.bench.result import BenchResult, Cell

UNITS = {"rad_s3": "rad/s³", "rad_s2": "rad/s²", "mrad": "mrad", "pct": "%", "ms": "ms", "hz": "Hz", "s": "s"}
"""By the suffix that a name ends in."""

PUBLISHED = "* measured before with the same definition, not here"


@dataclass(frozen=True)
class TextTable:
    """Columns and rows of text, and what is to be said below them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def rows_table(result: BenchResult) -> TextTable:
    """Return the rows as text, a star at those that this program did not measure.

    Those of one method are one line, with the values of its latencies between slashes. What is the same in every row is
    said once, below.
    """
    groups: dict[tuple[Cell, Cell], list[Mapping[str, Cell]]] = {}
    for k, row in enumerate(result.rows):
        groups.setdefault((row.get("method", k), row.get("source")), []).append(row)
    names = [name for name in dict.fromkeys(name for row in result.rows for name in row) if name != "source"]
    notes = [PUBLISHED] if any(source == "published" for _, source in groups) else []
    columns = {name: [_joined(row.get(name) for row in group) for group in groups.values()] for name in names}
    if "method" in columns:
        latencies = columns.pop("latency_ms")
        notes.insert(0, f"latency {latencies[0]} ms")
        stars = ["*" if source == "published" else "" for _, source in groups]
        columns["method"] = [text + star for text, star in zip(columns["method"], stars, strict=True)]
    same = [name for name, cells in columns.items() if len(cells) > 1 and len(set(cells)) == 1]
    notes += [f"{name.replace('_', ' ')} {columns.pop(name)[0]}" for name in same]
    rows = tuple(zip(*columns.values(), strict=True))
    return TextTable(tuple(heading(name) for name in columns), rows, tuple(notes))


def heading(name: str) -> str:
    """Return `step_mrad` as `step [mrad]`, and `p99_9_ms` as `p99.9 [ms]`."""
    name = re.sub(r"(?<=\d)_(?=\d)", ".", name)
    for suffix, unit in UNITS.items():
        if name.endswith(f"_{suffix}"):
            return f"{name.removesuffix(suffix).replace('_', ' ').strip()} [{unit}]"
    return name.replace("_", " ")


def number(cell: Cell) -> str:
    """Return a cell as text: three significant digits, whole from 100 on, nothing as a dash."""
    if cell is None or isinstance(cell, str):
        return "–" if cell is None else cell
    return f"{cell:.0f}" if abs(cell) >= 100 or float(cell).is_integer() else f"{cell:.3g}"


def figure(value: float) -> str:
    """Return a figure as text: a count whole, else five significant digits, for some have a bound of 0.1 %."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.5g}"


def _joined(cells: Iterable[Cell]) -> str:
    """Return a value that all share once, else each in two digits; what is not known is left out."""
    known = [cell for cell in cells if cell is not None]
    if len({number(cell) for cell in known}) <= 1:
        return number(known[0] if known else None)
    return "/".join(cell if isinstance(cell, str) else _short(cell) for cell in known)


def _short(value: float) -> str:
    if value >= 10_000:
        return f"{1e-3 * value:.0f}k"
    return f"{value:.0f}" if value >= 10 or float(value).is_integer() else f"{value:.1f}"
