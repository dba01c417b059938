"""Faults need seconds each; what was measured goes to the file that FAULTS_JSON names, for `document.py`."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ros_wam.machine import describe_machine

Note = Callable[[str, float | None], None]


@pytest.fixture(scope="session")
def note() -> Iterator[Note]:
    """Note the measured time to a fault's end state [s]."""
    measured: dict[str, float | None] = {}
    yield measured.__setitem__
    if "FAULTS_JSON" in os.environ:
        path = Path(os.environ["FAULTS_JSON"])
        before = json.loads(path.read_text())["measured_s"] if path.exists() else {}
        machine = {**describe_machine(), "load": f"{os.getloadavg()[1]:.0f}"}
        results = {"machine": machine, "measured_s": before | measured}
        path.write_text(json.dumps(results, indent=2) + "\n")
