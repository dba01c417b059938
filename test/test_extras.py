"""What documents and errors say to install can be installed: the package is in no registry, only in its checkout."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md"), *ROOT.glob("ros_wam/**/*.py")]
INSTALL = re.compile(r"\binstall\s+'?(\S*)\[([\w,-]+)\]")


def extras() -> set[str]:
    """Return the names of the extras in setup.py."""
    calls = [node for node in ast.walk(ast.parse((ROOT / "setup.py").read_text())) if isinstance(node, ast.Call)]
    (named,) = [word.value for call in calls for word in call.keywords if word.arg == "extras_require"]
    return set(ast.literal_eval(named))


@pytest.mark.parametrize("extra", ["ur", "franka", "arx5", "aloha", "bench"])
def test_what_lacks_an_extra_says_how_to_get_it(extra: str) -> None:
    told = [
        path for path in TEXTS if path.suffix == ".py" and f"pip install '.[{extra}]' in a checkout" in path.read_text()
    ]
    assert told
    assert extra in extras()


def test_extras_are_of_the_checkout_and_exist() -> None:
    said = [(path, *found) for path in TEXTS for found in INSTALL.findall(path.read_text())]
    assert len(said) > 5
    assert [where for where in said if where[1] != "." or not set(where[2].split(",")) <= extras()] == []
