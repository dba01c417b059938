"""The control process with the fake driver among the known ones."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from ros_wam.drivers import DRIVERS  # noqa: E402
from ros_wam.motion.process import main  # noqa: E402

DRIVERS["fake"] = "fake_driver"
raise SystemExit(main())
