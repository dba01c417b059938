"""Trials as a LeRobot dataset (v3.0): one that the `lerobot` package loads from its folder, without a network."""

import functools
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ros_wam.errors import ExportError
from ros_wam.export.choice import Choice, Chosen
from ros_wam.export.destination import Destination
from ros_wam.export.episode_reader import read_episode
from ros_wam.export.lerobot_episode import Advance, StagedEpisode, stage_episode, staged_episode
from ros_wam.export.lerobot_files import PARTS, VERSION, FileLimits, LeRobotFiles
from ros_wam.export.progress import Exported, Report, step
from ros_wam.export.sampling import Sampling


@dataclass(frozen=True)
class LeRobotExport:
    """`sampling` with a rate that is a whole number: LeRobot knows no other."""

    sampling: Sampling
    limits: FileLimits = field(default_factory=FileLimits)

    def __post_init__(self) -> None:
        if self.sampling.rate_hz != round(self.sampling.rate_hz):
            raise ExportError(f"rate_hz is {self.sampling.rate_hz:g}, must be a whole number for LeRobot")

    def settings(self) -> dict[str, Any]:
        """Return what may not change while an export is interrupted."""
        sampling = {**asdict(self.sampling), "action": self.sampling.action.value, "gaps": self.sampling.gaps.value}
        return {"format": f"lerobot {VERSION}", **sampling, **asdict(self.limits)}

    def run(self, choice: Choice, out: Path, report: Report) -> Exported:
        """Write the dataset to `out`, or go on with it; episodes that cannot be sampled are left out, and named.

        Raises ExportError when `out` holds something else, when two episodes do not fit together, or when none is left.
        """
        destination = Destination(out, self.settings(), [chosen.name for chosen in choice.taken])
        if destination.finished:
            raise ExportError(f"{out} is finished already: it holds these {len(choice.taken)} episodes")
        kept: list[StagedEpisode] = []
        left_out = list(choice.left_out)
        for number, chosen in enumerate(choice.taken):
            try:
                about = self._stage(destination, chosen, functools.partial(_tell, report, choice, number))
            except ExportError as error:
                left_out.append((chosen.name, str(error)))
                continue
            _check_fits(kept[0] if kept else about, about)
            kept.append(about)
        if not kept:
            raise ExportError("no episode is left: " + "; ".join(f"{name}: {why}" for name, why in left_out))
        with destination.finishing(PARTS):
            staged = [(about, destination.staged(about.name)) for about in kept]
            LeRobotFiles(out, round(self.sampling.rate_hz), staged, self.limits).write()
        samples, notes = sum(about.length for about in kept), [note for about in kept if (note := _note(about))]
        return Exported(out, len(kept), samples, self.sampling.rate_hz, tuple(left_out), tuple(notes))

    def _stage(self, destination: Destination, chosen: Chosen, advance: Advance) -> StagedEpisode:
        """Write one episode unless it is there already; raises ExportError when it cannot be read or sampled."""
        folder = destination.staged(chosen.name)
        if not folder.is_dir():
            with destination.staging(chosen.name) as draft:
                stage_episode(read_episode(chosen.folder), chosen.name, draft, self.sampling, advance)
        advance(1, 1)
        return staged_episode(folder)


def _tell(report: Report, choice: Choice, number: int, done: int, of: int) -> None:
    report(step(choice, number, done, of))


def _check_fits(first: StagedEpisode, about: StagedEpisode) -> None:
    for key in ("robot", "joint_names", "views"):
        was, now = getattr(first, key), getattr(about, key)
        if was != now:
            raise ExportError(f"{about.name} has {key} {now}, {first.name} has {was}: export them apart")


def _note(about: StagedEpisode) -> str:
    parts = [f"{count} samples without {name}" for name, count in about.dropped.items()]
    parts += [f"{count} pictures of {view} shown twice" for view, count in about.repeated.items() if count]
    parts += [f"{about.trimmed} samples of rest trimmed"] if about.trimmed else []
    return f"{about.name}: {', '.join(parts)}" if parts else ""
