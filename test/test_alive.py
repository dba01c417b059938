"""Liveness locks: held while the process lives, released by any death."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from ros_wam import alive

HOLD_AND_SAY = """
import sys
from pathlib import Path
from ros_wam import alive
alive.hold(Path(sys.argv[1]), "node")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_is_dead_at_once(tmp_path: Path) -> None:
    assert not alive.is_alive(tmp_path, "node")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_AND_SAY, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": "."},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert alive.is_alive(tmp_path, "node")
        assert alive.dead(tmp_path) == []
        process.kill()
        process.wait()
    assert not alive.is_alive(tmp_path, "node")
    assert alive.dead(tmp_path) == ["node"]


def test_a_successor_does_not_mind_who_is_looking(tmp_path: Path) -> None:
    (tmp_path / "alive").mkdir()
    left_by_the_dead = tmp_path / "alive" / "node"
    left_by_the_dead.touch()
    with left_by_the_dead.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        alive.hold(tmp_path, "node")
    assert alive.is_alive(tmp_path, "node")
    assert alive.dead(tmp_path) == []


def test_no_process_was_ever_held(tmp_path: Path) -> None:
    assert alive.dead(tmp_path) == []
