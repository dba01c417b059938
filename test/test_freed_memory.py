"""Memory that a server frees stays its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from ros_wam.process import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def use():
    blocks = [np.ones(8 << 20, np.uint8) for _ in range(4)]
for _ in range(5):
    use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize(("how", "few"), [("kept", True), ("as it is", False)])
def test_freed_memory_is_not_got_from_the_kernel_again(how: str, few: bool) -> None:
    command = [sys.executable, "-c", PROGRAM, how]
    faults = int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout)
    assert (faults < 100) == few, faults
