"""YAML files as frozen dataclasses: every key known, every value typed, no silent default for what is missing."""

import math
import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ros_wam.errors import ConfigError

T = TypeVar("T")


class _Loader(yaml.CSafeLoader):
    """Refuses a key that is written twice: YAML would take the last, and a limit would be gone unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {', '.join(twice)} is there twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def load(path: Path, kind: type[T]) -> T:
    """Read the YAML file `path` as the dataclass `kind`.

    Relative `Path` values are taken from the file's folder. Raises ConfigError naming the file, the key, the value and
    the valid choices.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {_in_one_line(error)}") from error
    return typing.cast(T, _build(kind, data, str(path), path.parent))


def _in_one_line(error: yaml.YAMLError) -> str:
    """Return where and why without the lines around it, which PyYAML shows."""
    if not isinstance(error, yaml.MarkedYAMLError):  # a character that no YAML may have
        return " ".join(str(error).split())
    mark = error.problem_mark
    where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    return where + ", ".join(words for words in (error.context, error.problem) if words)


def build(value: Any, kind: type[T], where: str) -> T:
    """Return plain data, such as a section of a file, as the dataclass `kind`; `where` names it in a ConfigError."""
    return typing.cast(T, _build(kind, value, where, Path()))


def dump(value: Any) -> str:
    """Return a dataclass as YAML that `load` reads back."""
    return yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _build(kind: Any, value: Any, where: str, folder: Path) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        kinds = [argument for argument in arguments if argument is not type(None)]
        return None if value is None else _build(kinds[0], value, where, folder)
    if is_dataclass(kind):
        return _build_dataclass(kind, value, where, folder)
    if origin is tuple:
        return _build_tuple(arguments, value, where, folder)
    if origin in (dict, Mapping):
        _require(isinstance(value, dict), where, value, "a mapping")
        return {str(key): _build(arguments[1], item, f"{where}: {key}", folder) for key, item in value.items()}
    return _build_scalar(kind, value, where, folder)


def _build_dataclass(kind: Any, value: Any, where: str, folder: Path) -> Any:
    _require(isinstance(value, dict), where, value, "a mapping")
    hints = typing.get_type_hints(kind)
    known = {item.name: item for item in fields(kind) if item.init}
    unknown = [str(key) for key in value if key not in known]
    if unknown:
        raise ConfigError(f"{where}: unknown key {', '.join(unknown)}; valid keys: {', '.join(known)}")
    missing = [
        name
        for name, item in known.items()
        if name not in value and item.default is MISSING and item.default_factory is MISSING
    ]
    if missing:
        raise ConfigError(f"{where}: missing key {', '.join(missing)}")
    values = {key: _build(hints[key], item, f"{where}: {key}", folder) for key, item in value.items()}
    try:
        return kind(**values)
    except ConfigError as error:  # its own check knows no file
        raise ConfigError(f"{where}: {error}") from error


def _build_tuple(arguments: tuple[Any, ...], value: Any, where: str, folder: Path) -> Any:
    _require(isinstance(value, list), where, value, "a list")
    if arguments[-1] is Ellipsis:
        return tuple(_build(arguments[0], item, f"{where}[{i}]", folder) for i, item in enumerate(value))
    _require(len(value) == len(arguments), where, value, f"a list of {len(arguments)}")
    return tuple(
        _build(kind, item, f"{where}[{i}]", folder) for i, (kind, item) in enumerate(zip(arguments, value, strict=True))
    )


def _build_scalar(kind: Any, value: Any, where: str, folder: Path) -> Any:
    if kind is Any:
        return value
    if kind is Path:
        _require(isinstance(value, str), where, value, "a path")
        return (folder / value).resolve()
    if kind is float and type(value) is int:
        return float(value)
    _require(type(value) is kind, where, value, f"of type {kind.__name__}")
    _require(kind is not float or math.isfinite(value), where, value, "finite")  # a limit of NaN limits nothing
    return value


def _require(holds: bool, where: str, value: Any, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"{where}: {value!r} must be {wanted}")
