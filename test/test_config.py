"""YAML files: every key known, every value typed, errors that name the choices."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ros_wam.config import dump, load
from ros_wam.errors import ConfigError


@dataclass(frozen=True)
class Part:
    size_m: tuple[float, float]
    name: str = "part"


@dataclass(frozen=True)
class Whole:
    model: Path
    count: int
    parts: dict[str, Part]
    note: str | None = None


GOOD = "model: a.xml\ncount: 2\nparts: {left: {size_m: [1, 2.5]}}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "whole.yaml"
    path.write_text(text)
    return path


def test_a_file_becomes_typed_values(tmp_path: Path) -> None:
    whole = load(write(tmp_path, GOOD), Whole)
    assert whole == Whole(tmp_path.resolve() / "a.xml", 2, {"left": Part((1.0, 2.5))})


def test_dump_is_read_back_equal(tmp_path: Path) -> None:
    whole = load(write(tmp_path, GOOD), Whole)
    assert load(write(tmp_path, dump(whole)), Whole) == whole


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "colour: red\n", "unknown key colour; valid keys: model, count, parts, note"),
        ("model: a.xml\n", "missing key count, parts"),
        (GOOD.replace("2\n", "two\n"), "count: 'two' must be of type int"),
        (GOOD.replace("2\n", "true\n"), "count: True must be of type int"),
        (GOOD.replace("[1, 2.5]", "[1]"), "parts: left: size_m: [1] must be a list of 2"),
        (GOOD.replace("[1, 2.5]", "[1, x]"), "size_m[1]: 'x' must be of type float"),
        (GOOD.replace("2.5", ".nan"), "size_m[1]: nan must be finite"),
        (GOOD.replace("2.5", ".inf"), "size_m[1]: inf must be finite"),
        (GOOD + "count: 3\n", "key count is there twice"),
        ("- 1\n", "must be a mapping"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_a_reason(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), Whole)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*nothing\.yaml"):
        load(tmp_path / "nothing.yaml", Whole)
