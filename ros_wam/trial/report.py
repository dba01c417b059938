"""Writes report.md and report.html of a sitting, from its results and its bags."""

from pathlib import Path

from ros_wam.errors import CameraError, ConfigError, RecordError, SpecError, TrialError
from ros_wam.run_config import load_run_config
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.durable import write_durably
from ros_wam.trial.episode import Episode
from ros_wam.trial.film import read_film
from ros_wam.trial.outcome import Trial
from ros_wam.trial.report_html import render_html
from ros_wam.trial.report_markdown import render_markdown
from ros_wam.trial.results import load_sitting, read_trials
from ros_wam.trial.smoothness import Smoothness, smoothness
from ros_wam.trial.summary import summarise
from ros_wam.trial.trace import Trace


def write_report(folder: Path) -> Path:
    """Write both reports of the sitting in `folder` and return the HTML one.

    A trial whose bag cannot be read is reported without its drawing, and why. Raises TrialError when it is no sitting,
    or when the disk refuses.
    """
    sitting, trials = load_sitting(folder), read_trials(folder)
    summary, page = summarise(trials), folder / "report.html"
    episodes = [_episode(folder, trial) for trial in trials]
    try:
        write_durably(folder / "report.md", render_markdown(sitting, summary, episodes))
        write_durably(page, render_html(sitting, summary, episodes))
    except OSError as error:
        raise TrialError(f"the report cannot be written to {folder}: {error.strerror}") from error
    return page


def _episode(folder: Path, trial: Trial) -> Episode:
    if trial.bag is None:
        return Episode(trial, missing="the trial ended before its recording began")
    try:
        trace = read_trace(folder / trial.bag)
        film = read_film(folder / trial.bag, trace.start_ns, trace.end_ns)
    except (RecordError, SpecError, CameraError) as error:
        return Episode(trial, missing=str(error))
    return Episode(trial, trace, film, smoothness=_smoothness(trace, (folder / trial.bag).parent / "config"))


def _smoothness(trace: Trace, config: Path) -> Smoothness | None:
    """Measure against the limits of the robot file that is kept beside the bag."""
    try:
        embodiment = load_run_config(config / "config.yaml").embodiment()
    except ConfigError:
        return None
    return smoothness(trace, embodiment)
