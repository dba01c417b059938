"""One line of what `trial_node` tells on its standard output."""

import json
from typing import Any

from rich.console import Console


def read_told(line: str, console: Console) -> dict[str, Any] | None:
    """Return the event; None for a line that is not a JSON object, which is printed as it is."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        event = None
    if isinstance(event, dict):
        return event
    console.print(line.rstrip(), markup=False)
    return None
