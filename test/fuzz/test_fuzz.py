"""Some thousand wrong messages for every decoder; `make fuzz` tries a million of each."""

import os
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from fuzz.guard import ForbiddenDeed, Guard
from fuzz.mutation import mutations
from fuzz.targets import REFUSALS, TARGETS

INPUTS = 10_000
MOST_KIB = 300 * 1024
GUARD = Guard()


@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")  # of pickletools, in old pickles' text
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_is_wrong_is_refused_and_nothing_else_happens(name: str) -> None:
    target, decoded, refused = TARGETS[name], 0, 0
    for seed in target.seeds:
        with suppress(*REFUSALS):
            target.decode(seed)  # imports what it needs
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in mutations(target.seeds, INPUTS):
        try:
            with GUARD:
                target.decode(data)
            decoded += 1
        except REFUSALS:
            refused += 1
    assert decoded >= 1
    assert refused >= INPUTS // 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KIB


@pytest.mark.parametrize(
    "deed", [lambda: eval("1 + 1"), lambda: Path("/etc/hosts").read_text(), lambda: os.system("true")]
)
def test_the_guard_notices_what_runs_code_or_opens_a_file(deed: Callable[[], object]) -> None:
    with pytest.raises(ForbiddenDeed), GUARD:
        deed()
