"""Trials as a LeRobot dataset (v3.0): one that the `lerobot` package loads from its folder, without a network."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ros_wam.errors import ExportError
from ros_wam.export.choice import Choice, Chosen
from ros_wam.export.episode import Episode
from ros_wam.export.lerobot_episode import StagedEpisode, stage_episode, staged_episode
from ros_wam.export.lerobot_files import PARTS, VERSION, FileLimits, LeRobotFiles
from ros_wam.export.progress import Advance, Exported, Report, note
from ros_wam.export.sampling import Sampling
from ros_wam.export.staging import open_destination, stage


@dataclass(frozen=True)
class LeRobotExport:
    """`sampling` with a rate that is a whole number: LeRobot knows no other."""

    sampling: Sampling
    limits: FileLimits = field(default_factory=FileLimits)

    def __post_init__(self) -> None:
        if self.sampling.rate_hz != round(self.sampling.rate_hz):
            raise ExportError(f"rate_hz is {self.sampling.rate_hz:g}, must be a whole number for LeRobot")

    def run(self, choice: Choice, out: Path, report: Report) -> Exported:
        """Write the dataset to `out`, or go on with it; episodes that cannot be sampled are left out, and named.

        Raises ExportError when `out` holds something else, when two episodes do not fit together, or when none is left.
        """
        first = choice.taken[0]
        for chosen in choice.taken:
            if chosen.trial.robot != first.trial.robot:
                robots = f"{chosen.name} has robot {chosen.trial.robot}, {first.name} has {first.trial.robot}"
                raise ExportError(f"{robots}: export them apart")
        destination = open_destination(out, f"lerobot {VERSION}", self.sampling, asdict(self.limits), choice)
        kept, left_out = stage(destination, choice, self._write, report)
        staged = [(staged_episode(destination.staged(c.name)), destination.staged(c.name)) for c in kept]
        for about, _ in staged:
            _check_fits(staged[0][0], about)
        with destination.finishing(PARTS):
            LeRobotFiles(out, round(self.sampling.rate_hz), staged, self.limits).write()
        notes = tuple(note(about.name, about.dropped, about.repeated, about.trimmed) for about, _ in staged)
        samples = sum(about.length for about, _ in staged)
        return Exported(out, len(kept), samples, self.sampling.rate_hz, tuple(left_out), tuple(filter(None, notes)))

    def _write(self, episode: Episode, chosen: Chosen, folder: Path, advance: Advance) -> None:
        stage_episode(episode, chosen.name, folder, self.sampling, advance)


def _check_fits(first: StagedEpisode, about: StagedEpisode) -> None:
    for key in ("joint_names", "views"):
        was, now = getattr(first, key), getattr(about, key)
        if was != now:
            raise ExportError(f"{about.name} has {key} {now}, {first.name} has {was}: export them apart")
