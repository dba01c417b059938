"""The verdict of `make mutation`: every mutant is noticed, or argued for in words that still fit."""

from pathlib import Path

import mutation
import pytest
from mutation import Mutant

RESULTS = """
    ros_wam.motion.safety.xǁSafetyGateǁ_hold__mutmut_1: killed
    ros_wam.motion.safety.xǁSafetyGateǁ_hold__mutmut_2: survived
    ros_wam.policy.admission.x_check_actions__mutmut_3: timeout
    ros_wam.policy.admission.x_check_actions__mutmut_4: no tests
    ros_wam.policy.admission.x_check_actions__mutmut_5: some new word
    not a mutant: killed
"""
DIFF = """# ros_wam.motion.safety.xǁSafetyGateǁ_hold__mutmut_2: survived
--- ros_wam/motion/safety.py
+++ ros_wam/motion/safety.py
@@ -6,7 +6,7 @@
     before
-    self._rested = 0
+    self._rested = 1
     after
"""
MUTANT = Mutant("ros_wam/motion/safety.py", "SafetyGate._hold", "self._rested = 0", "self._rested = 1")
NAME = "ros_wam.motion.safety.xǁSafetyGateǁ_hold__mutmut_2"


def test_statuses_are_read_by_name() -> None:
    statuses = mutation.read_statuses(RESULTS)
    assert list(statuses.values()) == ["killed", "survived", "timeout", "no tests", "some new word"]
    assert statuses[NAME] == "survived"


def test_a_mutant_is_its_file_function_and_changed_line() -> None:
    assert mutation.read_diff(NAME, DIFF) == MUTANT
    assert mutation.read_diff("ros_wam.motion.safety.xǁSafetyGateǁ__init____mutmut_1", DIFF).function.endswith(
        "__init__"
    )
    assert mutation.read_diff("ros_wam.policy.admission.x_check_actions__mutmut_4", DIFF).function == "check_actions"


def test_only_what_is_unnoticed_and_argued_for_passes() -> None:
    assert mutation.verdict([MUTANT], {MUTANT: "the same"}) == []
    (unexplained,) = mutation.verdict([MUTANT], {})
    assert unexplained.startswith("no test notices ros_wam/motion/safety.py, SafetyGate._hold:")
    (stale,) = mutation.verdict([], {MUTANT: "the same"})
    assert stale.startswith("argued for, but noticed or not there")


def test_equivalents_need_an_argument(tmp_path: Path) -> None:
    path = tmp_path / "equivalents.yaml"
    entry = "- {file: ros_wam/motion/safety.py, function: SafetyGate._hold, was: self._rested = 0, "
    path.write_text(entry + "becomes: self._rested = 1, why: nothing looks at it}")
    assert mutation.read_equivalents(path) == {MUTANT: "nothing looks at it"}
    path.write_text(entry + "becomes: self._rested = 1}")
    with pytest.raises(ValueError, match="no argument for"):
        mutation.read_equivalents(path)


def test_the_equivalents_of_this_project_can_be_read() -> None:
    mutation.read_equivalents(mutation.EQUIVALENTS)
