"""YAML files: every key known, every value typed, errors that name the choices."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ros_wam.config import dump, load
from ros_wam.errors import ConfigError
from ros_wam.share import import_dir


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
        ("a: [", "is not valid YAML: line 2, column 1: while parsing a flow node"),
        (GOOD.replace("count", "\tcount"), "is not valid YAML: line 2, column 1: while scanning a plain scalar"),
        ("a: \x07", "is not valid YAML: unacceptable character #x0007"),
    ],
)
def test_a_wrong_file_is_refused_with_a_reason(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), Whole)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "whole.yaml"
    path.write_bytes(b"# 45\xb0\n" + GOOD.encode())
    with pytest.raises(ConfigError, match=r"whole\.yaml is not UTF-8: byte 4 is 0xb0"):
        load(path, Whole)


def test_what_is_not_ascii_is_read_whatever_the_locale(tmp_path: Path) -> None:
    path = tmp_path / "note.yaml"
    path.write_bytes("note: 45°\n".encode())
    read = "import sys; from ros_wam.config import load; print(ascii(load(Path(sys.argv[1]), dict[str, str])))"
    command = [sys.executable, "-X", "utf8=0", "-c", f"from pathlib import Path; {read}", str(path)]
    locale = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(import_dir())}
    assert (
        subprocess.run(command, env=locale, capture_output=True, text=True, check=True).stdout
        == "{'note': '45\\xb0'}\n"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*nothing\.yaml"):
        load(tmp_path / "nothing.yaml", Whole)
