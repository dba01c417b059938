"""`docs/bench.md` from what the benchmarks printed: `python -m ros_wam.bench.document runs/bench docs/bench.md`."""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ros_wam.bench.latency import SYSTEMS
from ros_wam.bench.result import LATENCY_IDLE, BenchResult
from ros_wam.bench.table import figure, rows_table
from ros_wam.errors import ConfigError

TEXTS = {
    "chunk-switch": (
        "Chunks that disagree by 20 mrad, and the motion commanded through them for 20 s; nothing but the production "
        "chunk buffer and smoother, no robot, no machine's load. Idle: time after a chunk's last row until the next "
        "begins, of the 20 s; settling is idle here. Step: the largest way of a joint in 32 ms, nominally "
        "9.4 mrad. RMS jerk: third derivative by Savitzky-Golay over 102 ms. The ratios are the peaks of every sample "
        "at every latency over 2 rad/s, 8 rad/s² and 80 rad/s³. `openpi broker` is openpi's own ActionChunkBroker "
        "where `openpi-client` is installed. Rows with a star were measured with this definition before, not by this "
        "program and not by those projects: LeRobot async, ACT ensembling and JTC-like are re-implementations, the "
        "others ran the projects' code. Discrete commands are held, which inflates their acceleration; a single one is "
        "that at 200 ms."
    ),
    "latency": (
        "`move_objects_into_box` on a UR5 in lockstep, each answer as late as it says, one request in flight. "
        f"Idle: {LATENCY_IDLE}. Analytic: what the strategy has to give by the same count. Broker: L / (T + L) of a "
        "client that executes 15 of the 30 rows (T = 0.5 s) and then waits for its answer, as openpi's broker does; "
        "all its waiting is idle. Past last row: idle if settling counts as idle too, which is how the waiting "
        "client's is counted. Beyond half a chunk of latency all 30 rows are executed here; the plot has a waiting "
        "client that does so as well (T = 1 s). Interventions: how often the gate began to change a command; holding "
        "is not counted. Limit ratio: the largest velocity or acceleration sent, of its limit. The task's time limit "
        "is 90 s."
    ),
    "control": (
        "The control process against the emulated UR5e in real time, with cameras, policy and recorder running; beside "
        "it, over the same time, a loop that does nothing but keep absolute deadlines."
    ),
    "rates": (
        "Each driver with its vendor library in a loop of its own at the robot's rate, against the emulated controller "
        "and the simulated world, without cameras, policy or recorder. Sent: commands that the driver passed on. "
        "States: different measured states that it returned. Wire: what the emulator counted since it began. Franka: "
        "`cycles` of 1 ms in motion, and how many were `answered` in time; as a robot does, the emulator ends the "
        "motion with a communication fault once 20 in a row were not; `longest_loss` is the longest such row."
    ),
    "client": (
        "What the policy client adds to an inference with three 640x480 pictures sent at 224x224, padded, over "
        "openpi's wire: from the pictures until the request is handed to the operating system, and from the answer "
        "until its actions can be executed; beside it openpi-client of PyPI with its own `resize_with_pad`, in turn "
        "and to the same server, which answers at once and is not counted. Two pictures are rendered, one is noise "
        "with structure at every scale. `psnr_db`: how near our pictures are to openpi's, the worst of the three, "
        "without padding. The bytes are those of a request; JPEG is for servers that take it, which openpi's own does "
        "not."
    ),
    "server": (
        "A small network of PyTorch with random weights (convolutions, one transformer layer), called with tensors "
        "that are ready, and, turn by turn in the same run, through `ros-wam serve` in a process of its own by our "
        "client: three pictures of 224 x 224 as they are, over the loopback. One thread computes here and there. "
        "Added: the median of what a call takes beyond the forward pass before it, everything included. Inference on "
        "the server is part of the round trip, and holds the making of tensors."
    ),
    "observation": (
        "The way from a captured frame to the first setpoint that it leads to, in real time. Round trip overhead: what "
        "the policy's call takes on its way, beyond the server's inference. The software hops leave "
        "out rendering, waiting for the next frame or tick, and inference. In one inference, those marked as software "
        "add up to `software`, of the views' encode and transport the slowest view's alone; quantiles do not add up. "
        "Whole is all of it."
    ),
}
PLOT = "latency.png"


def document(results: Iterable[BenchResult], folder: Path) -> str:
    """Return the page of `results`; the plot belongs beside it, in `folder`."""
    lines = ["# Benchmarks", "", "Written by `make bench`; do not edit."]
    for result in results:
        lines += ["", f"## {result.bench}", "", TEXTS[result.bench], "", *_rows(result), *_figures(result)]
        if result.bench == "latency":
            lines += _systems()
            lines += ["", f"![Idle time and success over inference latency]({PLOT})"] * (folder / PLOT).exists()
        machine = result.machine
        lines += ["", f"Measured on {machine['processor']}, {machine['cores']} cores, {machine['system']}, "]
        lines[-1] += f"Python {machine['python']}, by `ros-wam bench {result.bench} --json`."
    return "\n".join(lines) + "\n"


def read_results(folder: Path) -> Iterator[BenchResult]:
    """Yield what `<folder>/<name>.json` holds, in the order of TEXTS; raises ConfigError when there is nothing."""
    paths = [folder / f"{name}.json" for name in TEXTS if (folder / f"{name}.json").exists()]
    if not paths:
        raise ConfigError(f"no results in {folder}; there may be {', '.join(f'{name}.json' for name in TEXTS)}")
    for path in paths:
        try:
            data = json.loads(path.read_text())
            yield BenchResult(data["bench"], data["figures"], tuple(data["rows"]), data["machine"])
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path} is not what a benchmark prints: {error!r}") from error


def _rows(result: BenchResult) -> list[str]:
    text = rows_table(result)
    if not text.rows:
        return []
    lines = [_line(text.columns), _line("---" for _ in text.columns), *(_line(cells) for cells in text.rows)]
    return [*lines, *(["", "; ".join(text.notes).replace("*", "\\*") + "."] if text.notes else []), ""]


def _figures(result: BenchResult) -> list[str]:
    lines = [_line((f"`{name}`", figure(value))) for name, value in result.figures.items()]
    return [_line(("figure", "value")), _line(("---", "---")), *lines]


def _systems() -> list[str]:
    return ["", "Who answers so late: " + "; ".join(f"{ms} ms {who}" for ms, who in SYSTEMS.items()) + "."]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("*", "\\*") for cell in cells) + " |"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where NAME.json lie")
    parser.add_argument("page", type=Path, help="what to write")
    args = parser.parse_args(argv)
    args.page.write_text(document(read_results(args.folder), args.page.parent))


if __name__ == "__main__":
    main()
