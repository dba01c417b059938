"""The shape of the code, held by a test: sizes, ROS at the rim, one clock, no swallowed errors."""

import ast
import functools
import statistics
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ros_wam"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = [path for path in SOURCES if path.name != "__init__.py"]
ROS_PACKAGES = ("rclpy", "builtin_interfaces", "std_srvs", "launch", "launch_ros", "rosidl_runtime_py")
MAX_FILE, MEDIAN_FILE, MAX_FUNCTION = 300, 100, 40
FORBIDDEN_NAMES = ("manager", "handler", "helper", "utils", "misc", "common")
CLOCK_CALLS = {
    "time",
    "monotonic",
    "sleep",
    "time_ns",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "clock_nanosleep",
}


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


def everything(kind: type | UnionType) -> Iterator[tuple[Path, Any]]:
    """Yield each piece of the code that is of a kind of syntax, and the file it is in."""
    return ((path, node) for path in SOURCES for node in nodes(path) if isinstance(node, kind))


def where(path: Path, node: ast.AST | None = None) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imported(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def is_ros(name: str) -> bool:
    package = name.split(".")[0]
    return package in ROS_PACKAGES or package.endswith("_msgs")


def test_the_median_file_is_short() -> None:
    lengths = [len(path.read_text().splitlines()) for path in MODULES]
    assert statistics.median(lengths) <= MEDIAN_FILE


def test_files_are_within_budget() -> None:
    assert not [where(path) for path in SOURCES if len(path.read_text().splitlines()) > MAX_FILE]


def test_functions_are_within_budget() -> None:
    assert not [
        where(path, node)
        for path, node in everything(ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or node.lineno) - node.lineno >= MAX_FUNCTION
    ]


def test_ros_is_imported_only_at_the_rim() -> None:
    inside = [path for path in SOURCES if path.parent != PACKAGE / "nodes" and path != PACKAGE / "messages.py"]
    assert not [(where(path), name) for path in inside for name in imported(path) if is_ros(name)]


def test_nothing_below_the_nodes_imports_them() -> None:
    rim = ("ros_wam.nodes", "ros_wam.messages")
    below = [path for path in SOURCES if path.parent not in (PACKAGE / "nodes", PACKAGE / "cli")]
    assert not [(where(path), name) for path in below for name in imported(path) if name.startswith(rim)]


def test_policies_cannot_reach_the_simulator() -> None:
    policies = [path for path in SOURCES if {"policies", "policy"} & set(path.relative_to(PACKAGE).parts[:-1])]
    assert policies
    assert not [(where(path), name) for path in policies for name in imported(path) if name.startswith("ros_wam.sim")]


def test_errors_are_not_swallowed() -> None:
    assert not [
        where(path, node)
        for path, node in everything(ast.ExceptHandler)
        if node.type is None
        or {"Exception", "BaseException"} & {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
    ]


def test_only_the_clock_reads_a_clock_or_sleeps() -> None:
    others = [(path, node) for path, node in everything(ast.AST) if path != PACKAGE / "clock.py"]
    assert not [where(path, node) for path, node in others if reads_a_clock(node)]


def reads_a_clock(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "time"
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "time"
        and node.func.attr in CLOCK_CALLS
    )


def test_the_control_tick_searches_no_disk() -> None:
    """`importlib.metadata.version` reads directories, and drivers are asked for their facts between two commands."""
    ticking = ("read", "send", "facts")
    functions = [(path, node) for path, node in everything(ast.FunctionDef) if path.parent == PACKAGE / "drivers"]
    assert {node.name for _, node in functions} >= set(ticking)
    assert not [
        where(path, call)
        for path, node in functions
        if node.name in ticking
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("version", "open")
    ]


def test_asserts_have_no_effects() -> None:
    assert not [
        where(path, node)
        for path, node in everything(ast.Assert)
        for call in ast.walk(node.test)
        if isinstance(call, ast.Call)
        and not (isinstance(call.func, ast.Name) and call.func.id in ("isinstance", "len"))
    ]


def test_names_say_what_a_thing_is() -> None:
    named = [(where(path), path.stem) for path in SOURCES]
    named += [(where(path, node), node.name) for path, node in everything(ast.ClassDef)]
    assert not [
        (place, name)
        for place, name in named
        for word in FORBIDDEN_NAMES
        if word in name.lower().split("_") or name.lower().endswith(word)
    ]


def test_modules_and_public_things_are_documented() -> None:
    public = [
        (path, node)
        for path in SOURCES
        for node in (tree(path), *tree(path).body)
        if isinstance(node, ast.Module)
        or (isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"))
    ]
    assert not [where(path, node) for path, node in public if not ast.get_docstring(node)]
