"""`python test/fuzz/run.py NAME [RUNS]`: coverage-guided fuzzing of one decoder with atheris.

Without a name it prints the names there are.
libFuzzer ends it at a crash, at an input that takes 5 s, and at 2 GiB of memory.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ros_wam", "msgpack"]):
    from fuzz.targets import REFUSALS, TARGETS

from fuzz.guard import Guard

GUARD = Guard()


def main() -> None:
    """Fuzz the decoder that the command line names."""
    if len(sys.argv) < 2:
        print("\n".join(sorted(TARGETS)))  # noqa: T201
        return
    target = TARGETS[sys.argv[1]]
    runs = sys.argv[2] if len(sys.argv) > 2 else "1000000"

    def attempt(data: bytes) -> None:
        try:
            with GUARD:
                target.decode(data)
        except REFUSALS:
            pass

    for seed in target.seeds:
        attempt(seed)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        options = ["-timeout=5", "-rss_limit_mb=2048", f"-runs={runs}", "-max_len=4096", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, folder], attempt)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
