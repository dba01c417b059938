"""The report says what the results say, draws what the bags hold, and needs nothing from elsewhere."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from synthetic_bag import SyntheticBag, origin_of
from test_trial_results import SITTING, make_trial

from ros_wam.causes import Cause
from ros_wam.errors import TrialError
from ros_wam.trial.bag_trace import measure_bag
from ros_wam.trial.episode import PICTURES, Episode, Picture
from ros_wam.trial.outcome import Outcome
from ros_wam.trial.report import write_report
from ros_wam.trial.report_chart import draw_episode
from ros_wam.trial.report_sheet import LANE, MAX_POINTS
from ros_wam.trial.results import Results
from ros_wam.trial.trace import Trace
from ros_wam.types import Stage


class Page(HTMLParser):
    """Counts elements and collects where they point."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sitting")
    results = Results(folder, replace(SITTING, prompt="put <the cups> & plates away"))
    for number in (1, 2):
        bag = SyntheticBag(folder / f"trials/{number:03d}/bag")
        trial = make_trial(number)
        stages = (replace(trial.stages[0], stamp_ns=bag.start_ns + 10**9), trial.stages[1])
        results.add(replace(trial, stages=stages, **measure_bag(folder / f"trials/{number:03d}/bag").as_fields()))
    fault = make_trial(3, Outcome.ABORTED, Cause.CAMERA_STALE)
    results.add(replace(fault, comment="wrist: the newest image is 1.02 s old", bag=None))
    write_report(folder)
    return folder


def test_the_page_is_self_contained(sitting: Path) -> None:
    page = Page((sitting / "report.html").read_text())
    assert all(link.startswith(("#", "data:")) for link in page.links if link)
    assert page.open == [], "every element is closed"
    assert page.counts["image"] == 2 * 2 * 8, "trials, views, pictures"
    assert page.counts["svg"] == 2


def test_every_joint_is_drawn_measured_and_sent(sitting: Path) -> None:
    text = (sitting / "report.html").read_text()
    for kind in ("measured", "sent"):
        assert len(re.findall(rf'<polyline class="{kind}"', text)) == 2 * 3
    for joint in ("joint1", "joint2", "gripper"):
        assert text.count(f">{joint}</text>") == 2
    assert text.count('<g class="flag"><title>grasp</title>') == 2, "only a stage that was achieved has its mark"
    assert "<title>place</title>" not in text
    assert "grasp <span>4/4 · 1.0 s</span>" in text
    assert text.count('<rect class="bar"') == 2 * 4, "one bar per inference"
    assert '<rect class="limit"' in text
    assert '<rect class="idle"' in text


def test_the_page_says_what_happened(sitting: Path) -> None:
    text = (sitting / "report.html").read_text()
    assert "put &lt;the cups&gt; &amp; plates away" in text
    assert "<b>2 / 2</b>" in text, "an invalid trial counts for nothing"
    assert "invalid: camera_stale." in text
    assert "wrist: the newest image is 1.02 s old" in text
    assert "Nothing to draw: the trial ended before its recording began." in text
    assert "55 / 235 ms" in text


def test_the_page_is_small_and_follows_the_theme(sitting: Path) -> None:
    text = (sitting / "report.html").read_text()
    assert len(text) < 1_000_000
    assert "prefers-color-scheme: dark" in text


def drawn(svg: str, kind: str, lane: int = 0) -> list[list[tuple[float, float]]]:
    """Return the points of each line of `kind`."""
    lines = re.findall(rf'<polyline class="{kind}" data-lane="{lane}"[^>]* points="([^"]*)"', svg)
    return [[(float(x), float(y)) for x, y in (point.split(",") for point in line.split())] for line in lines]


def test_a_short_excursion_is_drawn_and_a_gap_is_a_gap() -> None:
    ticks = 10_000
    stamp_ns = np.arange(ticks) * 2_000_000
    sent, measured = np.zeros((ticks, 1)), np.zeros((ticks, 1))
    sent[5003:5006] = 1.0
    measured[6000:8000] = np.nan
    trace = Trace(("joint1",), measured, sent, sent, sent, origin_of(stamp_ns), 0, int(stamp_ns[-1]))
    svg = draw_episode(Episode(make_trial(1), trace))
    (line,) = drawn(svg, "sent")
    heights = [y for _, y in line]
    assert max(heights) - min(heights) == pytest.approx(LANE - 8), "from the lowest to the highest value"
    assert len(line) <= MAX_POINTS + 2
    assert line == sorted(line, key=lambda point: point[0])
    before, after = drawn(svg, "measured")
    assert after[0][0] - before[-1][0] == pytest.approx(200, abs=1), "4 s of 20 s on 1000 px"


def test_no_number_beside_a_joint_is_a_negative_zero() -> None:
    stamp_ns = np.arange(3) * 10**9
    column = np.array([[-0.0004], [0.5], [1.0]])
    trace = Trace(("joint1",), column, column, column, column, origin_of(stamp_ns), 0, int(stamp_ns[-1]))
    svg = draw_episode(Episode(make_trial(1), trace))
    assert ">0.00</text>" in svg
    assert ">-0.00</text>" not in svg


def test_few_pictures_are_no_larger_than_many() -> None:
    picture = Picture(0, b"jpeg")
    ticks = np.arange(3)
    column = np.zeros((3, 1))
    trace = Trace(("joint1",), column, column, column, column, origin_of(ticks * 10**9), 0, 2 * 10**9)
    svg = draw_episode(Episode(make_trial(1), trace, {"wrist": (picture,)}))
    assert [float(width) for width in re.findall(r'<image [^>]*width="([^"]*)"', svg)] == [1000 / PICTURES - 4]


def test_stages_are_told_in_the_order_of_time() -> None:
    names = [("late", 20), ("never", None), ("early", 10)]
    stages = tuple(Stage(name, 1.0, 1.0, stamp_ns=at) for name, at in names)
    assert [s.name for s in Episode(replace(make_trial(1), stages=stages)).stages] == ["early", "late", "never"]


def test_an_unreadable_bag_is_said_not_hidden(tmp_path: Path) -> None:
    Results(tmp_path, SITTING).add(make_trial(1))
    text = write_report(tmp_path).read_text()
    assert "Nothing to draw: no bag in" in text


def test_markdown_has_one_row_per_trial(sitting: Path) -> None:
    text = (sitting / "report.md").read_text()
    assert "**2 of 2 valid trials succeeded** (100 %, 95 % interval 34–100 %)" in text
    assert re.search(r"\| 003 \| aborted \| 95 % \|.*\| invalid: camera_stale \|", text)
    assert "| stage | 001 | 002 | 003 |" in text
    assert "| place | 5.5 of 6, 1 retry | 5.5 of 6, 1 retry | 5.5 of 6, 1 retry |" in text


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    Results(tmp_path, SITTING)
    (tmp_path / "report.html").mkdir()
    with pytest.raises(TrialError, match="the report cannot be written"):
        write_report(tmp_path)


def test_a_sitting_without_trials_has_a_report(tmp_path: Path) -> None:
    Results(tmp_path, SITTING)
    assert "no valid trial" in write_report(tmp_path).read_text()


def test_a_folder_that_is_no_sitting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="not a sitting"):
        write_report(tmp_path)
