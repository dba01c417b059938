"""`make mutation`: break the safety gate and admission in every small way, and see that a test notices each.

mutmut breaks them and runs the tests that pyproject.toml names. A mutant that no test can notice, since it behaves the
same, belongs into `mutation_equivalents.yaml` with an argument; one that is neither noticed nor argued for fails the
run, and so does an argument for what is noticed or no longer there.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENTS = Path(__file__).with_name("mutation_equivalents.yaml")
MUTMUT = Path(sys.executable).with_name("mutmut")
NOTICED = ("killed", "timeout", "segfault", "caught by type check")


@dataclass(frozen=True)
class Mutant:
    """One line of one function that was changed; lines without their indentation."""

    file: str
    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.file}, {self.function}:\n  - {self.was}\n  + {self.becomes}"


def read_equivalents(path: Path) -> dict[Mutant, str]:
    """Return the argued mutants with their arguments; raises ValueError for one without."""
    argued = {}
    for entry in yaml.safe_load(path.read_text()) or []:
        why = str(entry.pop("why", "")).strip()
        mutant = Mutant(**{key: str(value).strip() for key, value in entry.items()})
        if not why:
            raise ValueError(f"no argument for {mutant}")
        argued[mutant] = why
    return argued


def read_statuses(said: str) -> dict[str, str]:
    """Return the status of each mutant's name from what `mutmut results --all true` says."""
    lines = [line.strip().rpartition(": ") for line in said.splitlines()]
    return {name: status for name, _, status in lines if "__mutmut_" in name}


def read_diff(name: str, diff: str) -> Mutant:
    """Return the mutant that `mutmut show` draws as a unified diff."""
    lines = diff.splitlines()
    file = next(line[4:].strip() for line in lines if line.startswith("--- "))
    was = " ".join(line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---"))
    becomes = " ".join(line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))
    mangled = name.rpartition(".")[2].rpartition("__mutmut_")[0]
    function = mangled.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in mangled else mangled.removeprefix("x_")
    return Mutant(file, function, was, becomes)


def verdict(unnoticed: Iterable[Mutant], argued: Mapping[Mutant, str]) -> list[str]:
    """Return what is wrong, a paragraph each; nothing if every mutant is noticed or argued for."""
    found = set(unnoticed)
    lines = [f"no test notices {mutant}" for mutant in sorted(found - set(argued), key=str)]
    return lines + [f"argued for, but noticed or not there: {mutant}" for mutant in argued if mutant not in found]


def main() -> int:
    """Run mutmut, on all cores and with its own progress, and return 1 when something is wrong."""
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)  # its verdicts do not know that a test was changed
    ran = subprocess.run([MUTMUT, "run"], cwd=ROOT, check=False)
    if ran.returncode != 0:
        print(f"mutmut ended with {ran.returncode}", file=sys.stderr)  # noqa: T201
        return 1
    statuses = read_statuses(_mutmut("results", "--all", "true"))
    unnoticed = {name for name, status in statuses.items() if status not in NOTICED}
    problems = verdict([read_diff(name, _mutmut("show", name)) for name in unnoticed], read_equivalents(EQUIVALENTS))
    for problem in problems:
        print(problem, end="\n\n")  # noqa: T201
    noticed = len(statuses) - len(unnoticed)
    print(f"{len(statuses)} mutants: {noticed} noticed, {len(unnoticed)} not; {len(problems)} problems")  # noqa: T201
    return 1 if problems or not statuses else 0


def _mutmut(*arguments: str) -> str:
    return subprocess.run([MUTMUT, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    raise SystemExit(main())
