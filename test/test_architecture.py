"""The shape of the code, held by a test: sizes, ROS at the rim, one clock, no swallowed errors."""

import ast
import functools
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

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

by_file = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


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


@by_file
def test_files_and_functions_are_within_budget(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


@by_file
def test_ros_is_imported_only_at_the_rim(path: Path) -> None:
    if path.parent == PACKAGE / "nodes" or path == PACKAGE / "messages.py":
        return
    assert not [name for name in imported(path) if is_ros(name)]


@by_file
def test_nothing_below_the_nodes_imports_them(path: Path) -> None:
    if path.parent in (PACKAGE / "nodes", PACKAGE / "cli"):
        return
    assert not [name for name in imported(path) if name.startswith(("ros_wam.nodes", "ros_wam.messages"))]


@by_file
def test_policies_cannot_reach_the_simulator(path: Path) -> None:
    if path.parent.name not in ("policies", "policy"):
        return
    assert not [name for name in imported(path) if name.startswith("ros_wam.sim")]


@by_file
def test_errors_are_not_swallowed(path: Path) -> None:
    for node in nodes(path):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.id if isinstance(node.type, ast.Name) else None
            assert node.type is not None, f"line {node.lineno}: bare except"
            assert caught not in ("Exception", "BaseException"), f"line {node.lineno}: except {caught}"


@by_file
def test_only_the_clock_reads_a_clock_or_sleeps(path: Path) -> None:
    if path == PACKAGE / "clock.py":
        return
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            assert not (owner == "time" and node.func.attr in CLOCK_CALLS), f"line {node.lineno}: time.{node.func.attr}"
        if isinstance(node, ast.ImportFrom):
            assert node.module != "time", f"line {node.lineno}: from time import"


@by_file
def test_asserts_have_no_effects(path: Path) -> None:
    for node in nodes(path):
        if isinstance(node, ast.Assert):
            calls = [call.func for call in ast.walk(node.test) if isinstance(call, ast.Call)]
            assert all(isinstance(call, ast.Name) and call.id in ("isinstance", "len") for call in calls), node.lineno


@by_file
def test_names_say_what_a_thing_is(path: Path) -> None:
    names = [path.stem, *(node.name for node in nodes(path) if isinstance(node, ast.ClassDef))]
    assert not [
        name
        for name in names
        for word in FORBIDDEN_NAMES
        if word in name.lower().split("_") or name.lower().endswith(word)
    ]


@by_file
def test_modules_and_public_things_are_documented(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module)
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"
