"""The verdict of the doctor's checks."""

from ros_wam.doctor.check import GO, NO_GO, Check, as_json, verdict

GOOD = Check("disk", True, "900 min", "30 min or more")
BAD = Check("mode", False, "FAULT", "HOLD throughout")


def test_one_failed_check_is_no_go() -> None:
    assert verdict([GOOD, GOOD]) == GO
    assert verdict([GOOD, BAD]) == NO_GO


def test_nothing_checked_is_no_go() -> None:
    assert verdict([]) == NO_GO


def test_the_json_object_is_the_one_that_is_promised() -> None:
    assert as_json([BAD]) == {
        "verdict": "NO-GO",
        "checks": [{"name": "mode", "ok": False, "value": "FAULT", "limit": "HOLD throughout"}],
    }
