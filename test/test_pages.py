"""Every `ros-wam` line of the README and the pages is one that the command takes, for a robot that the task suits."""

import re
import shlex
from pathlib import Path

import pytest

from ros_wam import share
from ros_wam.cli.main import build_parser
from ros_wam.embodiment import load_embodiment
from ros_wam.policy.profile import load_profile
from ros_wam.task import load_task

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINES = sorted(
    {
        (page.name, re.sub(r"\s+#\s.*", "", line).strip())
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*ros-wam \w", line) and "…" not in line
    }
)


def shipped(kind: str, name: str | None) -> Path | None:
    """Return the package's own file of this name, wherever a lab's copy would be; None where it is all the lab's."""
    path = None if name is None else share.share_dir() / kind / f"{Path(name).stem}.yaml"
    return path if path is not None and path.is_file() else None


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page}: {line}" for page, line in LINES])
def test_it_is_taken_and_its_parts_suit_each_other(page: str, line: str) -> None:
    words = shlex.split(line.replace("<", "").replace(">", ""))
    asked = vars(build_parser().parse_args(words[1:]))
    robot_file = shipped("robots", asked.get("robot"))
    task_file = shipped("config/tasks", asked.get("task"))
    policy_file = shipped("config/policies", asked.get("policy"))
    if robot_file is None:
        return
    if task_file is not None:
        assert robot_file.stem in load_task(task_file).robots
    if policy_file is not None:
        load_profile(policy_file).for_robot(load_embodiment(robot_file))


def test_the_pages_show_commands() -> None:
    assert len(LINES) > 30 and {page for page, _ in LINES} >= {"README.md", "demonstrations.md", "day_of_trials.md"}
